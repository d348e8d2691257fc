"""Numbers of entries: each follows the last one of its journal, and starts anew with a year or a month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sandbox.odoo.database import Record
from sandbox.odoo.env import Env
from sandbox.odoo.errors import validation_error

_MONTHLY = re.compile(
    r"(?P<start>.*?)(?P<year>(?:19|20)\d\d)(?P<mid>\D+)(?P<month>0[1-9]|1[0-2])(?P<end>\D+)(?P<n>\d+)"
)
_YEARLY = re.compile(r"(?P<start>.*?)(?P<year>(?:19|20)\d\d)(?P<end>\D+)(?P<n>\d+)")
SERIES = "_series"
_PLAIN = re.compile(r"(?P<start>.*?)(?P<n>\d+)\D*")


@dataclass(frozen=True, slots=True)
class Sequence:
    """A name taken apart: what stands before the number, and when the number starts anew."""

    prefix: str
    digits: int
    number: int
    reset: str  # month, year or never
    match: re.Match[str] | None = None

    def on(self, day: date) -> str:
        """The prefix at a date."""
        if self.match is None or self.reset == "never":
            return self.prefix
        parts = self.match.groupdict()
        month = f"{parts['mid']}{day:%m}" if self.reset == "month" else ""
        return f"{parts['start']}{day:%Y}{month}{parts['end']}"


def sequence_of(name: str) -> Sequence:
    """Take a name apart."""
    for pattern, reset in ((_MONTHLY, "month"), (_YEARLY, "year"), (_PLAIN, "never")):
        match = pattern.fullmatch(name)
        if match is not None:
            return Sequence(name[: match.start("n")], len(match["n"]), int(match["n"]), reset, match)
    return Sequence(name, 0, 0, "never")


def named(move: Record) -> bool:
    """Whether an entry has a number."""
    return move["name"] not in (False, "/")


def last_name(env: Env, move: Record) -> str:
    """The name that the next one of the same kind follows: that of the newest entry of the journal, or nothing."""
    journal = env.record("account.journal", move["journal_id"])
    for number in reversed(env.database.matching("account.move", "journal_id", move["journal_id"])):
        other = env.record("account.move", number)
        if number != move["id"] and named(other) and _series(journal, other) == _series(journal, move):
            return str(other["name"])
    return ""


def next_name(env: Env, move: Record, day: date) -> str:
    """The name that an entry gets when it is posted at a date."""
    last = last_name(env, move)
    if not last:
        return _first(env, move, day)
    sequence = sequence_of(last)
    prefix = sequence.on(day)
    number = 1
    newest = env.database.newest("account.move", SERIES, (move["journal_id"], prefix))
    if newest:
        number = sequence_of(env.record("account.move", newest)["name"]).number + 1
    while _taken(env, move, f"{prefix}{number:0{sequence.digits}d}"):
        number += 1
    return f"{prefix}{number:0{sequence.digits}d}"


def _taken(env: Env, move: Record, name: str) -> bool:
    others = env.database.matching("account.move", "name", name)
    return any(env.record("account.move", other)["journal_id"] == move["journal_id"] for other in others)


def series_of(move: Record) -> tuple[int, str] | bool:
    """Journal and prefix of an entry's number, under which the newest one is found."""
    return (move["journal_id"], sequence_of(move["name"]).prefix) if named(move) else False


def check_date(move: Record) -> None:
    """A year or month in the name must be that of the accounting date.

    Raises:
        OdooError: it is not.
    """
    if not named(move):
        return
    sequence, day = sequence_of(move["name"]), date.fromisoformat(move["date"])
    if sequence.on(day) != sequence.prefix:
        raise validation_error(
            f"The date ({move['date']}) does not fit the number of the entry ({move['name']}). "
            "Change the date, or clear the number."
        )


def is_last(env: Env, move: Record) -> bool:
    """Whether no later number of the same series exists."""
    mine = sequence_of(move["name"])
    for number in env.database.matching("account.move", "journal_id", move["journal_id"]):
        other = env.record("account.move", number)
        if named(other):
            found = sequence_of(other["name"])
            if found.prefix == mine.prefix and found.number > mine.number:
                return False
    return True


def _series(journal: Record, move: Record) -> str:
    if journal["refund_sequence"] and move["move_type"] in ("out_refund", "in_refund"):
        return "R"
    return "P" if journal["payment_sequence"] and move["origin_payment_id"] else ""


def _first(env: Env, move: Record, day: date) -> str:
    journal = env.record("account.journal", move["journal_id"])
    code = _series(journal, move) + str(journal["code"])
    if journal["type"] in ("sale", "bank", "cash", "credit"):
        return f"{code}/{day:%Y}/00001"
    return f"{code}/{day:%Y/%m}/0001"
