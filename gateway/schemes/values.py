"""Values of a sender's body, taken with care: whatever stands there, what comes out can be stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.events import Hint
from dealbooks.events.moments import plausible
from dealbooks.events.testmode import says_test
from dealbooks.money import MoneyError, minor_digits
from dealbooks.store.db import stamp
from gateway.schemes.base import Malformed, Parsed

MOST_ITEMS = 1000  # events in one delivery; the most that a provider promises is 250 (GoCardless)
_LONGEST_KEY = 150
_LARGEST_BODY = 64 * 1024
_NOT_PLAIN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_json(body: bytes) -> Any:
    """A JSON body; numbers with a fraction stay text.

    Raises:
        Malformed: it is not JSON in UTF-8.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON in UTF-8.") from error


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON body that is an object.

    Raises:
        Malformed: it is something else.
    """
    found = read_json(body)
    if not isinstance(found, dict):
        raise Malformed("The body is not a JSON object.")
    return found


def items(value: Any, what: str) -> list[Any]:
    """The events of a delivery.

    Raises:
        Malformed: it is no list, an empty one, or one that is longer than any sender's.
    """
    if not isinstance(value, list) or not value:
        raise Malformed(f"The body has no list of {what}.")
    if len(value) > MOST_ITEMS:
        raise Malformed(f"The body has more than {MOST_ITEMS} {what}.")
    return value


def each(found: Iterable[Any], read: Callable[[Any], Hint | None]) -> Parsed:
    """Every event of a delivery; `read` gives None for one of no interest. One that cannot be read is counted, and does
    not hold back the others.

    Raises:
        Malformed: none of them can be read.
    """
    hints: list[Hint] = []
    ignored = unreadable = 0
    for item in found:
        try:
            hint = read(item)
        except Malformed:
            unreadable += 1
            continue
        if hint is None:
            ignored += 1
        else:
            hints.append(hint)
    if unreadable and not hints and not ignored:
        raise Malformed("None of the events can be read.")
    return Parsed(tuple(hints), ignored, unreadable)


def text(value: Any, longest: int = 200) -> str:
    """A text or whole number on one line, without control characters; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and value.bit_length() > 200:
        return ""
    return _NOT_PLAIN.sub(" ", str(value)).strip()[:longest]


def need_text(values: Mapping[str, Any], name: str) -> str:
    """A text that an event cannot do without.

    Raises:
        Malformed: it is not there.
    """
    found = text(values.get(name))
    if not found:
        raise Malformed(f"{name} is missing.")
    return found


def part(values: Any, *names: str) -> dict[str, Any]:
    """An object inside objects; empty when there is none."""
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def ids(**named: Any) -> dict[str, str]:
    """Ids by name; those that are not there are left out."""
    return {name: found for name, value in named.items() if (found := text(value))}


def joined(*values: Any) -> str:
    """Words of a body in which a reference may stand, one after another."""
    return " | ".join(dict.fromkeys(word for value in values if (word := text(value))))[:1000]


def key_of(*parts: Any) -> str:
    """A key for the same event on every delivery. A long one is hashed."""
    made = ":".join(text(one, 10_000).replace(":", "%3A") for one in parts)
    return made if len(made) <= _LONGEST_KEY else f"sha256:{sha256_hex(made)}"


def kept(item: Any) -> str:
    """An event's own words as JSON text; of one that is very large, only its size and hash, and that it is of a test
    mode.

    Raises:
        Malformed: it is nested too deep.
    """
    try:
        made = canonical_json(item).encode("utf-8", "replace").decode()
    except (RecursionError, ValueError) as error:
        raise Malformed("The body is nested too deep.") from error
    if len(made) > _LARGEST_BODY:
        mode = {"livemode": False} if says_test(item) else {}
        return canonical_json({"characters": len(made), "sha256": sha256_hex(made)} | mode)
    return made


def moment(value: Any, *, milliseconds: bool = False) -> str:
    """A time as the store writes it, from ISO 8601 (UTC where it names no zone) or since 1970; empty if it cannot be
    read, or cannot be the time of an event."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
        elif isinstance(value, int) and not isinstance(value, bool):
            found = _EPOCH + timedelta(milliseconds=value if milliseconds else value * 1000)
        else:
            return ""
        return stamp(found) if plausible(found) else ""
    except (ValueError, OverflowError):
        return ""


def from_minor(value: Any, currency: Any) -> tuple[str, str]:
    """An amount given in the currency's minor unit (ISO 4217), with the currency; both empty if unreadable."""
    code = text(currency).upper()
    if isinstance(value, bool) or not isinstance(value, int) or value.bit_length() > 60:
        return "", ""
    try:
        return format(Decimal(value).scaleb(-minor_digits(code)), "f"), code
    except MoneyError:
        return "", ""


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
