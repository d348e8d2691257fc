"""What sources that read a CRM have in common: kinds of lines, the buyer, days and countries. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from blocks.sources.api.window import instant

LineKind = Literal["vehicle", "accessory", "fee", "product", "discount", "trade_in", "deposit"]
KINDS: tuple[LineKind, ...] = ("vehicle", "accessory", "fee", "product", "discount", "trade_in", "deposit")
NOT_SOLD: frozenset[str] = frozenset(("trade_in", "deposit"))
_CODE_LETTERS = 2
# Names as people write them in addresses -> ISO 3166-1 code.
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Canada": "CA", "France": "FR",
    "Germany": "DE", "Great Britain": "GB", "Ireland": "IE", "Italy": "IT", "Japan": "JP", "Netherlands": "NL",
    "New Zealand": "NZ", "Oman": "OM", "Poland": "PL", "Qatar": "QA", "Saudi Arabia": "SA", "Spain": "ES",
    "UK": "GB", "United Arab Emirates": "AE", "United Kingdom": "GB", "United States": "US",
    "United States of America": "US", "USA": "US",
}  # fmt: skip


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is not a time zone; use an IANA name such as Europe/London") from error
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]


def kind_of(words: Iterable[object], kinds: Mapping[str, LineKind], other: LineKind) -> LineKind:
    """What a line is, by what it says of itself: the first of `words` that `kinds` names, or that is the name of a kind
    (`Trade-In`), else `other`."""
    known = {_folded(word): kind for word, kind in kinds.items()}
    own = {_folded(kind): kind for kind in KINDS}
    for word in words:
        folded = _folded(str(word)) if word else ""
        if folded in known:
            return known[folded]
        if folded in own:
            return own[folded]
    return other


def _folded(word: str) -> str:
    return "".join(char for char in word.casefold() if char.isalnum())


def exact(value: object, scale: int | None = None) -> Decimal | None:
    """A number of an answer, rounded to so many places where the platform says how many it keeps; None: there is none.

    Raises:
        ValueError: it is no number.
    """
    if value is None or value == "" or isinstance(value, bool):
        return None
    if not isinstance(value, str | int | Decimal):
        raise ValueError(f"{value!r} is no exact number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number if scale is None else number.quantize(Decimal(1).scaleb(-scale))


def day_of(value: object, zone: str) -> str | None:
    """The day of a moment in a time zone; of a day, itself. A moment is ISO text or milliseconds since 1970.

    Raises:
        ValueError: it is neither.
    """
    if value is None or value == "":
        return None
    text = str(value)
    if len(text) == len("2026-11-20") and text[4] == "-":
        return date.fromisoformat(text).isoformat()
    return moment_of(text).astimezone(ZoneInfo(zone)).date().isoformat()


def as_day(value: object, zone: str) -> str | None:
    """The same as `day_of`; what is no day that a calendar has stays as it is, to be a finding of that deal."""
    try:
        return day_of(value, zone)
    except (ValueError, OverflowError):
        return str(value)


def as_number(value: object, scale: int | None = None) -> Decimal | str | None:
    """The same as `exact`; what is no number stays as it is, to be a finding of that deal."""
    try:
        return exact(value, scale)
    except (ValueError, InvalidOperation):
        return str(value)


def moment_of(value: str | int) -> datetime:
    """A moment from ISO text or from milliseconds since 1970.

    Raises:
        ValueError: it is neither.
    """
    text = str(value)
    if text.lstrip("-").isdigit():
        seconds, rest = divmod(int(text), 1000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
    return instant(text)


def country_of(name: object, code: object, countries: Mapping[str, str]) -> str | None:
    """The ISO code of a country: the code that the platform gives, else the one that the settings give for its name;
    a name that they do not give stays as it is, for a person to see."""
    if code:
        return str(code).upper()
    if not name:
        return None
    text = " ".join(str(name).split())
    known = {one.casefold(): value for one, value in countries.items()}.get(text.casefold())
    return known or (text.upper() if len(text) == _CODE_LETTERS else text)


def said(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree without what says nothing."""
    return {name: value for name, value in tree.items() if value is not None and value != ""}
