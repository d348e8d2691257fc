"""One line of the examination behind `dealbooks doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from dealbooks.errors import DealbooksError

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, what was found and what to do."""

    what: str
    state: State
    found: str
    fix: str = ""

    @classmethod
    def failed(cls, what: str, error: DealbooksError) -> Check:
        """What could not be used."""
        return cls(what, "problem", error.message, error.fix)

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return asdict(self)
