"""Fields by their path, as a person names them: `vehicle.cost`, `trade_ins[0].lienholder`. Pure."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\[\d+\])*)")
_INDEX = re.compile(r"\[(\d+)\]")


class PathError(ValueError):
    """A path that names no place in this deal."""


def steps(path: str) -> list[str | int]:
    """The steps of a path.

    Raises:
        PathError: when it is not a path.
    """
    found: list[str | int] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise PathError(f"{path!r} is not the name of a field; write it as in vehicle.cost or trade_ins[0].payoff.")
        found.append(match.group(1))
        found += [int(index) for index in _INDEX.findall(match.group(2))]
    return found


def get_path(data: Any, path: str) -> Any:
    """The value at a path, None when there is none."""
    for step in steps(path):
        if isinstance(step, int):
            if not isinstance(data, list | tuple) or step >= len(data):
                return None
            data = data[step]
        else:
            data = data.get(step) if isinstance(data, dict) else None
        if data is None:
            return None
    return data


def set_path(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path; parts of the way that are missing are made, but no item of a list is.

    Raises:
        PathError: when the path leads through something that is not there.
    """
    *way, last = steps(path)
    place: Any = data
    for number, step in enumerate(way):
        following = way[number + 1] if number + 1 < len(way) else last
        place = _into(place, step, following, path)
    match place, last:
        case dict(), str(name):
            place[name] = value
        case list(), int(index) if index < len(place):
            place[index] = value
        case _:
            raise PathError(f"{path}: this deal has no such field.")


def _into(place: Any, step: str | int, following: str | int, path: str) -> Any:
    if isinstance(step, int):
        if not isinstance(place, list) or step >= len(place):
            raise PathError(f"{path}: this deal has no item number {step} there.")
        return place[step]
    if not isinstance(place, dict):
        raise PathError(f"{path}: this deal has no such field.")
    if place.get(step) is None:
        if isinstance(following, int):
            raise PathError(f"{path}: this deal has no {step}.")
        place[step] = {}
    return place[step]
