"""Errors by what happens next. Each message says what is wrong, where, and what to do.

DealbooksError
├── UsageError          the command or the configuration is wrong: mend it and run again (exit 2)
│   └── ConfigError
├── StopBatch           this file or batch cannot go on; nothing of it was taken (exit 3)
│   └── Overtaken       another process changed the same rows first; nothing of this step was written
├── StopConnection      this ledger or source cannot be used now; other connections go on (exit 3)
│   └── LeaseLost       another process drains this ledger
└── BrokenInvariant     a promise of ours does not hold: stop and look (exit 1)
"""

from __future__ import annotations


class DealbooksError(Exception):
    """Base of every error that is meant to be read by a person.

    `fix` is the next step, in a controller's words. Neither may hold a secret.
    """

    exit_code = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    @property
    def words(self) -> str:
        """The whole as one line: what is wrong, and the next step."""
        return f"{self.message} {self.fix}".strip()


class UsageError(DealbooksError):
    """The command cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong; the message names the file and the key."""


class StopBatch(DealbooksError):
    """A file or a batch is refused whole."""

    exit_code = 3


class Overtaken(StopBatch):
    """Another process changed the same rows meanwhile; nothing of this step was written, and it can be done again."""


class StopConnection(DealbooksError):
    """A ledger or a source cannot be used now."""

    exit_code = 3


class LeaseLost(StopConnection):
    """Somebody else holds the lease on this ledger connection."""


class BrokenInvariant(DealbooksError):
    """One of our own promises does not hold."""

    exit_code = 1
