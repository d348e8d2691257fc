"""What every command is given: which configuration, how errors are shown, and the house, opened when it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from dealbooks.config import Config
    from dealbooks.house import House

Switch = bool
JsonOption = Annotated[Switch, typer.Option("--json", help="Print JSON instead of text.")]
WhoOption = Annotated[str, typer.Option("--who", help="Who does this, by name.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, in words that an auditor understands.")]


@dataclass(frozen=True, slots=True)
class Session:
    """The global options of one call."""

    config_file: Path | None = None

    @classmethod
    def of(cls, context: typer.Context) -> Session:
        """The session of a command."""
        found = context.find_object(cls)
        return found or cls()

    def config(self) -> Config:
        """The configuration. Raises ConfigError."""
        from dealbooks.config import load_config

        return load_config(self.config_file)

    @contextmanager
    def house(self) -> Iterator[House]:
        """The house with its store, closed at the end. Raises ConfigError and StopConnection."""
        from dealbooks.house import House

        with House.open(self.config(), actor=actor()) as house:
            yield house


def actor() -> str:
    """Who the audit log names: the user of this machine."""
    return os.environ.get("USER") or os.environ.get("LOGNAME") or os.environ.get("USERNAME") or "dealbooks"


def account() -> str:
    """The account of this machine that runs the command, as the machine itself says; empty where it has no name."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def day(text: str, option: str) -> date | None:
    """A date of an option, None when it is not given.

    Raises:
        UsageError: it is not written as 2026-10-01.
    """
    from datetime import date

    from dealbooks.errors import UsageError

    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: “{text}” is not a date.", fix="Write it as 2026-10-01.") from error
