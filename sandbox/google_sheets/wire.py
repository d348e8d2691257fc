"""Errors as Google writes them, and parts of an answer that a caller asks for (`fields`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kit import Answer, as_json

_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


class Refusal(Exception):
    """The call is refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    @property
    def answer(self) -> Answer:
        """Google's error object."""
        return as_json(
            {"error": {"code": self.status, "message": self.message, "status": _STATUS[self.status]}}, self.status
        )


def picked(value: Any, mask: str) -> Any:
    """The parts of an answer that a mask names: `properties(timeZone,locale),sheets.properties`.

    Raises:
        Refusal: the mask cannot be read.
    """
    return value if mask in ("", "*") else _kept(value, _parsed(mask))


def _kept(value: Any, wanted: Mapping[str, Any]) -> Any:
    if not wanted:
        return value
    if isinstance(value, list):
        return [_kept(one, wanted) for one in value]
    if not isinstance(value, Mapping):
        return value
    unknown = [name for name in wanted if name not in value and name != "*"]
    if unknown:
        raise Refusal(400, f"Invalid field selection {unknown[0]}")
    return {name: _kept(value[name], inner) for name, inner in wanted.items()}


def _parsed(mask: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _split(mask):
        head, bracket, inner = part.partition("(")
        if bracket and not inner.endswith(")"):
            raise Refusal(400, f"Invalid field selection {part}")
        names = head.replace("/", ".").split(".")
        holder = found
        for name in names:
            holder = holder.setdefault(name, {})
        if bracket:
            holder.update(_parsed(inner[:-1]))
    return found


def _split(mask: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for place, char in enumerate(mask):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(mask[start:place])
            start = place + 1
    return [*parts, mask[start:]]
