"""The rigs, one for each ledger of the registry, and the table of what is skipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import yaml
from conformance.rig import Rig

from dealbooks.registry import LEDGERS

SKIPS = Path(__file__).parent / "skips.yaml"


def _rigs() -> dict[str, type[Rig]]:
    found = [name for name in LEDGERS if find_spec(f"conformance.rigs.{name}") is not None]
    return {name: import_module(f"conformance.rigs.{name}").Rig for name in found}


RIGS = _rigs()


@dataclass(frozen=True)
class Row:
    """Tests that are skipped for a ledger (names as pytest has them, without the ledger), why, and the source of it."""

    ledger: str
    tests: tuple[str, ...]
    why: str
    source: str

    def means(self, ledger: str, test: str) -> bool:
        """Whether a test of a ledger is meant: by its whole name, or by that of the function."""
        return self.ledger == ledger and (test in self.tests or test.partition("[")[0] in self.tests)


@dataclass(frozen=True)
class Table:
    """skips.yaml."""

    rows: tuple[Row, ...]

    @classmethod
    @lru_cache(maxsize=1)
    def read(cls) -> Table:
        data = yaml.safe_load(SKIPS.read_text(encoding="utf-8"))
        return cls(tuple(Row(row["ledger"], tuple(row["tests"]), row["why"], row["source"]) for row in data))

    def row(self, ledger: str, test: str) -> Row | None:
        """The row that says that a test is skipped."""
        return next((row for row in self.rows if row.means(ledger, test)), None)
