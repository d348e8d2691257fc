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

from sqlalchemy import Connection, select

from dealbooks.pipeline.trace_rows import read_all
from dealbooks.store.db import Row
from dealbooks.store.tables import effects, exchanges

_SECOND = 19  # characters of a moment up to its second
_AT_ONCE = 200  # reads that are held at once
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


@dataclass(frozen=True, slots=True)
class Sent:
    """What a ledger was sent of one deal: the keys of its effects, each with what it is called, and from when the deal
    was first planned until its effects came to rest."""

    deal_id: str
    book: str
    labels: Mapping[str, str]
    first: str
    last: str

    @property
    def until(self) -> str:
        """The second after the last one."""
        return (datetime.fromisoformat(self.last[:_SECOND]) + timedelta(seconds=1)).isoformat()


def said_of(conn: Connection, sent: Iterable[Sent]) -> dict[str, tuple[Said, ...]]:
    """The exchanges of deals' effects in their books, in the order of time, by internal id of the deal."""
    asked = {one.deal_id: one for one in sent if one.labels}
    found: dict[str, list[Row]] = {}
    query = select(exchanges, effects.c.deal_id).join(effects, effects.c.id == exchanges.c.effect)
    for row in read_all(conn, query, effects.c.deal_id, asked):
        if row["effect"] in asked[row["deal_id"]].labels:
            found.setdefault(row["deal_id"], []).append(row)
    for book in sorted({one.book for one in asked.values()}):
        for row, deal_id in _reads(conn, book, [one for one in asked.values() if one.book == book]):
            found.setdefault(deal_id, []).append(row)
    return {
        deal_id: tuple(
            said_by(row, asked[deal_id].labels) for row in sorted(rows, key=lambda row: (row["at"], row["id"]))
        )
        for deal_id, rows in found.items()
    }


def _reads(conn: Connection, book: str, sent: Iterable[Sent]) -> Iterator[tuple[Row, str]]:
    """The reads of a book while its deals were on their way, each with every deal of which it holds a key."""
    owners = {key: one for one in sent for key in one.labels}
    query = select(exchanges).where(
        (exchanges.c.book == book)
        & (exchanges.c.effect == "")
        & (exchanges.c.at >= min(one.first[:_SECOND] for one in owners.values()))
        & (exchanges.c.at < max(one.until for one in owners.values()))
    )
    lengths = {len(key) for key in owners}
    run = re.compile(f"[0-9a-f]{{{min(lengths)},}}+")
    for row in conn.execute(query.execution_options(yield_per=_AT_ONCE)).mappings():
        text = "\n".join((row["url"], row["request"], row["response"])).lower()  # some write hexadecimal in capitals
        runs = set(run.findall(text))
        for one in {one.deal_id: one for one in _owners(runs, lengths, owners)}.values():
            if one.first[:_SECOND] <= row["at"] < one.until:
                yield dict(row), one.deal_id


def _owners(runs: Iterable[str], lengths: Iterable[int], owners: Mapping[str, Sent]) -> Iterator[Sent]:
    """Whose keys stand in runs of hexadecimal digits: a key may stand in a longer one."""
    for run in runs:
        for length in lengths:
            for start in range(len(run) - length + 1):
                if owner := owners.get(run[start : start + length]):
                    yield owner


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
