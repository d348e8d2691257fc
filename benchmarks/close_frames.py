"""Frames of documents with planted defects, seeded: what we expect, what the ledger lists, and what is wrong with it.

Imports nothing of Dealbooks, so that what is only measured beside it can read them too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)
DEFECTS = 0.004  # of the documents
ACCOUNTS = (
    "receivable.customer", "sales.used_vehicle", "tax.output", "sales.new_vehicle", "receivable.finance_company",
    "cash.undeposited", "cash.bank",
)  # fmt: skip
NOTHING = "nothing"  # the account in the only row of a document that has no line
CATEGORIES = {
    "account": (*ACCOUNTS, NOTHING),
    "currency": ("GBP",),
    "tax_code": ("", "GB-S", "GB-Z", "GB-M"),
    "location": ("", "LEEDS", "YORK", "HULL"),
    "department": ("", "new", "used", "parts"),
}
STATES = ("posted", "superseded")
_KEY, _STOCK = 64, 8
_Columns = dict[str, NDArray[Any]]


@dataclass(slots=True)
class _Made:
    """Columns by line, `lines` of each document, and the generator of chance."""

    theirs: _Columns
    ours: _Columns
    lines: int
    chance: np.random.Generator

    def rows(self, some: NDArray[Any], line: int = 0) -> NDArray[Any]:
        return some * self.lines + line


_Act = Callable[[_Made, NDArray[Any]], None]


def _amount(made: _Made, some: NDArray[Any]) -> None:
    """By a cent or a lot; on two lines, where there are more, so that the document still balances."""
    by = made.chance.choice([1, -1, 10_00, 250_00], len(some))
    made.theirs["amount"][made.rows(some)] += by
    if made.lines > 1:
        made.theirs["amount"][made.rows(some, 1)] -= by


def _tax(made: _Made, some: NDArray[Any]) -> None:
    made.theirs["amount"][made.rows(some, made.lines - 1)] += 100
    if made.lines > 1:
        made.theirs["amount"][made.rows(some, 0)] -= 100


def _account(made: _Made, some: NDArray[Any]) -> None:
    made.theirs["account"][made.rows(some)] = ACCOUNTS.index("cash.bank")


def _other(name: str, value: str) -> _Act:
    def act(made: _Made, some: NDArray[Any]) -> None:
        for line in range(made.lines):
            made.theirs[name][made.rows(some, line)] = CATEGORIES[name].index(value)

    return act


def _dated(*, in_month: bool) -> _Act:
    def act(made: _Made, some: NDArray[Any]) -> None:
        days = made.theirs["day"]
        last = LAST.toordinal()
        for line in range(made.lines):
            at = made.rows(some, line)
            days[at] = np.where(days[at] < last, days[at] + 1, days[at] - 1) if in_month else last + 2

    return act


def _car(made: _Made, some: NDArray[Any]) -> None:
    for line in range(made.lines):
        made.theirs["stock_no"][made.rows(some, line)] = b"ANOTHER1"


def _void(made: _Made, some: NDArray[Any]) -> None:
    made.theirs["account"][made.rows(some)] = CATEGORIES["account"].index(NOTHING)
    for line in range(1, made.lines):
        made.theirs["document"][made.rows(some, line)] = -1


def _gone(made: _Made, some: NDArray[Any]) -> None:
    for line in range(made.lines):
        made.theirs["document"][made.rows(some, line)] = -1


def _unseen(act: _Act) -> _Act:
    def unseen(made: _Made, some: NDArray[Any]) -> None:
        for line in range(made.lines):
            made.ours["seen"][made.rows(some, line)] = False
        act(made, some)

    return unseen


def _stands(made: _Made, some: NDArray[Any]) -> None:
    for line in range(made.lines):
        made.ours["state"][made.rows(some, line)] = STATES.index("superseded")


def _again(made: _Made, some: NDArray[Any], key: bytes | None = None) -> None:
    """The same documents once more; under keys of nobody, if there is a `key` to make them of."""
    at = (some[:, None] * made.lines + np.arange(made.lines)).ravel()
    more = {name: values[at].copy() for name, values in made.theirs.items()}
    first = int(made.theirs["document"].max()) + 1
    more["document"] = np.repeat(np.arange(first, first + len(some)), made.lines)
    if key is not None:
        keys = [hashlib.sha256(key + b"%d" % number).hexdigest().encode() for number in range(len(some))]
        more["key"] = np.repeat(np.array(keys, f"S{_KEY}"), made.lines)
    made.theirs.update({name: np.concatenate([values, more[name]]) for name, values in made.theirs.items()})


def _stranger(made: _Made, some: NDArray[Any]) -> None:
    _again(made, some, b"nobody ")


# What is planted -> the class under which it must be found. What adds documents comes last.
PLANTS: tuple[tuple[str, str, _Act], ...] = (
    ("never arrived", "missing_in_ledger", _unseen(_gone)),
    ("deleted", "deleted_in_ledger", _gone),
    ("voided", "voided_in_ledger", _void),
    ("amount, never read back", "amount_mismatch", _unseen(_amount)),
    ("amount", "edited_after_posting", _amount),
    ("tax amount", "edited_after_posting", _tax),
    ("tax code", "wrong_tax_code", _other("tax_code", "GB-M")),
    ("account", "wrong_account", _account),
    ("next month", "wrong_period", _dated(in_month=False)),
    ("day", "edited_after_posting", _dated(in_month=True)),
    ("location", "wrong_location", _other("location", "HULL")),
    ("department", "edited_after_posting", _other("department", "parts")),
    ("car", "edited_after_posting", _car),
    ("replaced, and still there", "duplicate", _stands),
    ("copied", "duplicate", _again),
    ("of nobody", "missing_in_source", _stranger),
)


def write_frames(folder: Path, documents: int, lines: int, seed: int = 6) -> int:
    """Write both sides, and what was planted: class by key. How many defects there are."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng([seed, documents, lines])
    ours = _ours(documents, lines, chance)
    own = {name: ours.pop(name) for name in ("seen", "state")}
    made = _Made({name: values.copy() for name, values in ours.items()}, {**ours, **own}, lines, chance)
    count = round(documents * DEFECTS)
    chosen = np.array_split(chance.choice(documents, count, replace=False), len(PLANTS))
    planted: dict[str, str] = {}
    for (_, code, act), some in zip(PLANTS, chosen, strict=True):
        before = len(made.theirs["key"])
        act(made, some)
        keys = made.theirs["key"][before::lines] if code == "missing_in_source" else ours["key"][some * lines]
        planted.update((key.decode("ascii"), code) for key in keys)
    # The ledger lists its documents in an order of its own.
    theirs = made.theirs
    place = chance.permutation(int(theirs["document"].max()) + 1)
    theirs["document"] = np.where(theirs["document"] < 0, -1, place[theirs["document"]])
    order = np.argsort(theirs["document"], kind="stable")
    order = order[theirs["document"][order] >= 0]
    np.savez(folder / "theirs.npz", **{name: values[order] for name, values in theirs.items()})
    np.savez(folder / "ours.npz", **made.ours)
    (folder / "planted.json").write_text(json.dumps(planted), "ascii")
    if len(planted) != count:
        raise SystemExit("two plants have one key")
    return count


def _ours(documents: int, lines: int, chance: np.random.Generator) -> _Columns:
    net = chance.integers(1_000_00, 60_000_00, documents)
    tax = net // 5
    amounts = {1: [net], 3: [net + tax, -net, -tax]}[lines]
    roles = {1: [chance.integers(0, 6, documents)], 3: [np.full(documents, number) for number in range(3)]}[lines]
    each = {
        "key": _texts((hashlib.sha256(b"%d" % number).hexdigest() for number in range(documents)), _KEY, documents),
        "document": np.arange(documents),
        "day": chance.integers(FIRST.toordinal(), LAST.toordinal() + 1, documents, np.int32),
        "currency": np.zeros(documents, np.int8),
        "tax_code": np.ones(documents, np.int8),
        "location": chance.integers(1, 3, documents, np.int8),
        "department": chance.integers(1, 3, documents, np.int8),
        "stock_no": _texts((f"U{number:07d}" for number in range(documents)), _STOCK, documents),
        "seen": np.ones(documents, np.bool_),
        "state": np.zeros(documents, np.int8),
    }
    return {name: np.repeat(values, lines) for name, values in each.items()} | {
        "line": np.tile(np.arange(lines, dtype=np.int8), documents),
        "account": np.stack(roles, axis=1).ravel().astype(np.int8),
        "amount": np.stack(amounts, axis=1).ravel(),
    }


def _texts(values: Any, width: int, count: int) -> NDArray[Any]:
    return np.fromiter((value.encode("ascii") for value in values), f"S{width}", count)


def load_frame(path: Path) -> pd.DataFrame:
    """One side, as a frame: amounts in minor units, names that come again and again as categories."""
    with np.load(path) as found:
        document = found["document"]
        first = np.ones(len(document), np.bool_)
        first[1:] = document[1:] != document[:-1]
        columns: dict[str, Any] = {}
        for name in found.files:
            values = found[name]
            if name in CATEGORIES:
                columns[name] = pd.Categorical.from_codes(values, list(CATEGORIES[name]))
            elif name == "state":
                columns[name] = pd.Categorical.from_codes(values, list(STATES))
            elif values.dtype.kind == "S":
                columns[name] = _strings(values, first)
            else:
                columns[name] = values
        return pd.DataFrame(columns)


def _strings(values: NDArray[Any], first: NDArray[np.bool_]) -> NDArray[Any]:
    """As text; each document's own once, though all its lines show it."""
    width = values.dtype.itemsize
    text = values[first].tobytes().decode("ascii")
    each = np.empty(len(text) // width, object)
    each[:] = [text[at : at + width] for at in range(0, len(text), width)]
    return each[np.cumsum(first) - 1]
