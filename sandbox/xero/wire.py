"""JSON as Xero writes and reads it: exact numbers, /Date()/ forms, error bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape

import orjson

from sandbox.kit import Answer

Doc = dict[str, Any]
CENT = Decimal("0.01")
NOBODY = "00000000-0000-0000-0000-000000000000"
# How an element says that it was refused; other kinds have no such flag. [C contract]
_FLAGS = {"InvoiceID": "HasErrors", "CreditNoteID": "HasErrors", "ContactID": "HasValidationErrors",
          "PaymentID": "HasValidationErrors"}  # fmt: skip
_MS = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/$")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$")


class Invalid(Exception):
    """An element that breaks rules: what Xero lists as its ValidationErrors."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = list(dict.fromkeys(messages))
        super().__init__("; ".join(self.messages))


class Refusal(Exception):
    """A call that is refused as a whole."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.answer = written(body, status, headers)


def cents(value: Decimal) -> Decimal:
    """To two decimals, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def number(value: Any) -> Decimal | None:
    """A number as it was sent, as text or not; None for nothing.

    Raises:
        ValueError: it is none.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError("not a number")
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not found.is_finite():
        raise ValueError("not a number")
    return found


def day(value: Any) -> date:
    """A day, from `2026-11-20`, `2026-11-20T00:00:00` or `/Date(1763596800000+0000)/`.

    Raises:
        ValueError: it is none of these.
    """
    text = str(value)
    if found := _MS.match(text):
        return datetime.fromtimestamp(int(found[1]) // 1000, UTC).date()
    if found := _ISO.match(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    raise ValueError("not a date")


def ms(value: date) -> str:
    """The form /Date(milliseconds+0000)/, of a day or of a moment in UTC."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    seconds = int(moment.replace(microsecond=0).timestamp())
    return f"/Date({seconds * 1000 + moment.microsecond // 1000}+0000)/"


def dated(name: str, value: date) -> Doc:
    """A day as the two fields that Xero gives for it."""
    return {f"{name}String": f"{value:%Y-%m-%d}T00:00:00", name: ms(value)}


def stamped(doc: Mapping[str, Any], *, text: bool = True) -> Doc:
    """The time of the last change."""
    moment: datetime = doc["UpdatedDateUTC"]
    found: Doc = {"UpdatedDateUTC": ms(moment)}
    if text:
        found["UpdatedDateUTCString"] = f"{moment:%Y-%m-%dT%H:%M:%S}Z"
    return found


def read(body: bytes) -> Any:
    """A request's JSON; numbers with a point become Decimal.

    Raises:
        ValueError: it is none.
    """
    return json.loads(body or b"null", parse_float=Decimal, parse_constant=_constant)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be written")


def written(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer; Decimals as exact numbers."""
    more = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(status, orjson.dumps(value, default=_exact), more)


def as_xml(answer: Answer) -> Answer:
    """The same answer to somebody who did not ask for JSON."""
    text = f"<Response>{_xml(json.loads(answer.body or b'null', parse_float=Decimal))}</Response>"
    return Answer(answer.status, text.encode(), {**answer.headers, "content-type": "text/xml; charset=utf-8"})


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<Item>{_xml(item)}</Item>" for item in value)
    return "" if value is None else escape(str(value))


def problem(status: int, title: str, detail: str) -> Refusal:
    """A refusal by the gate of the API. [C freakboy3742/pyxero#337, dcblogdev/laravel-xero#40]"""
    body: Doc = {"Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": NOBODY, "Extensions": {}}
    return Refusal(status, body)


def exception(number: int, kind: str, message: str, status: int = 400) -> Refusal:
    """A refusal by the accounting service itself."""
    return Refusal(status, {"ErrorNumber": number, "Type": kind, "Message": message})


def not_found(message: str) -> Refusal:
    """Nothing is there."""
    return Refusal(404, message)


def echo(data: Any, messages: Iterable[str], id_field: str) -> Doc:
    """An element as it came, with what is wrong with it."""
    sent = dict(data) if isinstance(data, Mapping) else {}
    for name in ("Date", "DueDate"):
        if name in sent:
            try:
                sent.update(dated(name, day(sent[name])))
            except ValueError:
                del sent[name]
    errors = [{"Message": message} for message in messages]
    flags = {name: True for name in [_FLAGS.get(id_field)] if name}
    return {id_field: NOBODY, **sent, **flags, "ValidationErrors": errors}
