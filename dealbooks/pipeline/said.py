"""What was said to a ledger about one deal, and what it answered: the exchanges that the outbox keeps. Reads only.

A call that writes names its effect. A read may serve several deals at once: it is told where it, or its answer, holds
the key of one of the deal's effects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import effects, entries, exchanges

_SECOND = 19  # characters of a moment up to its second
_TOLD = frozenset({"message", "detail", "title", "faultstring", "error_description"})
_WRONG = frozenset({"fault", "error"})
_FAULT = re.compile(r"<name>faultString</name>\s*<value>(?:<string>)?(.*?)<", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_LONGEST = 300  # characters of a platform's words
_OUTCOMES = {401: "not authorised", 403: "not allowed", 404: "not there", 409: "refused", 429: "asked to wait"}


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange. `at` is when it began (UTC), `effect` what it was for (empty for a read), `status` the HTTP status
    (0: no answer), `seconds` how long it took, `outcome` how it ended in a word or two, `message` the platform's own
    words where it did not end well. Bodies are as they were kept: without secrets, and cut where they were very long.
    """

    at: str
    effect: str
    what: str
    method: str
    address: str
    status: int
    seconds: str
    outcome: str
    message: str
    request: str
    response: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def said_of(conn: Connection, book: str, deal_id: str, names: Mapping[str, str]) -> tuple[Said, ...]:
    """The exchanges of a deal's effects in its book, in the order of time; `names` calls an entry by its name."""
    query = (
        select(effects.c.id, effects.c.entry, effects.c.name, effects.c.updated_at, entries.c.created_at)
        .join(entries, entries.c.id == effects.c.entry)
        .where(effects.c.deal_id == deal_id)
    )
    sent = {row["id"]: row for row in read_rows(conn, query)}
    if not sent:
        return ()
    of_effects = select(exchanges).where(exchanges.c.effect.in_(list(sent)))
    rows = read_rows(conn, of_effects) + read_rows(conn, _reads(book, sent))
    labels = {key: f"{names.get(row['entry'], row['entry'][:12])}, {row['name']}" for key, row in sent.items()}
    return tuple(said_by(row, labels) for row in sorted(rows, key=lambda row: (row["at"], row["id"])))


def _reads(book: str, sent: Mapping[str, Row]) -> Any:
    """The reads of the book, from when the deal was first planned until its effects came to rest, that hold a key."""
    first = min(row["created_at"] for row in sent.values())[:_SECOND]
    last = datetime.fromisoformat(max(row["updated_at"] for row in sent.values())[:_SECOND]) + timedelta(seconds=1)
    texts = (exchanges.c.url, exchanges.c.request, exchanges.c.response)
    return select(exchanges).where(
        (exchanges.c.book == book)
        & (exchanges.c.effect == "")
        & (exchanges.c.at >= first)
        & (exchanges.c.at < last.isoformat())
        & or_(*(text.contains(key) for key in sent for text in texts))
    )


def said_by(row: Row, labels: Mapping[str, str]) -> Said:
    """An exchange as it was kept; `labels` say what each was for."""
    outcome, message = ended(row["status"], row["response"])
    return Said(
        row["at"], labels.get(row["effect"], ""), row["what"], row["method"], row["url"], row["status"],
        row["seconds"], outcome, message, row["request"], row["response"],
    )  # fmt: skip


def ended(status: int, response: str) -> tuple[str, str]:
    """How an exchange ended, in a word or two, and the platform's words where it did not end well."""
    if not status:
        return "no answer", response
    body = _json(response)
    wrong = status >= 400 or (isinstance(body, Mapping) and any(str(key).casefold() in _WRONG for key in body))
    fault = _FAULT.search(response)
    if fault is None and not wrong:
        return "done", ""
    if fault is not None:
        message = fault[1].strip().splitlines()[-1] if fault[1].strip() else ""
    elif body is None:
        message = " ".join(_TAG.sub(" ", response).split())
    else:
        message = "; ".join(dict.fromkeys(_words(body)))
    outcome = _OUTCOMES.get(status) or ("failed" if status >= 500 else "refused")
    return outcome, message[:_LONGEST]


def _words(value: Any) -> Iterator[str]:
    """What a body says for a person, in the order in which it does."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and item and str(key).casefold() in _TOLD:
                yield item
            else:
                yield from _words(item)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            yield from _words(item)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
