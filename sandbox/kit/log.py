"""The log of everything that a platform wrote. Only tests read it: the history checker judges by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """One change that was committed: what was done to which document, and the document as it stands after it."""

    at: datetime
    action: str  # create, update, void, delete, post, allocate
    kind: str  # the platform's own name of the document
    ref: str
    document: Mapping[str, Any]
    key: str = ""  # the idempotency key that came with the call


@dataclass(slots=True)
class WriteLog:
    """All of them, in order."""

    writes: list[Write] = field(default_factory=list)

    def add(self, write: Write) -> None:
        """One more."""
        self.writes.append(write)

    def standing(self, kind: str = "") -> dict[tuple[str, str], Mapping[str, Any]]:
        """Documents that stand now, by kind and ref: the last state of each that was not voided or deleted."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for write in self.writes:
            name = (write.kind, write.ref)
            if write.action in ("void", "delete"):
                found.pop(name, None)
            elif not kind or write.kind == kind:
                found[name] = write.document
        return found
