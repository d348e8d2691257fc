"""What a life must have come to. Read are only what the platform holds, what its people did, the rows of the inbox and
of quarantine, and the ledger, by Beancount: nothing of what the sweeps think of themselves."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from conformance.sources.source_rig import SourceRig
from sim_sources_people import GONE, OPEN, REOPENED, Truth

from blocks.ledgers.beancount.programs import find_program
from dealbooks.canonical import canonical_json
from dealbooks.pipeline.records import record_of
from dealbooks.store.audit import verify
from dealbooks.store.db import Row

_QUERY = "SELECT id, any_meta('deal'), any_meta('posting_key'), any_meta('event'), account, number"
_STANDS = {"sale.posted": 1, "sale.reversed": -1, "sale.unwound": -1}
_TAKEN_BACK = {"S022": REOPENED, "S023": GONE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that is not as it should be: `missed`, `doubled` or `wrong`."""

    kind: str
    words: str


@dataclass
class _Deal:
    """A deal in the ledger."""

    invoices: int = 0
    receipts: Decimal = Decimal(0)
    keys: Counter[str] = field(default_factory=Counter)


def verdicts(rig: SourceRig, records: dict[str, Truth], *, gone_too_many: bool) -> list[Verdict]:
    """Everything that is not as it should be. `gone_too_many`: a person was told that so many deletions are not
    believed."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in rig.rows():
        rows[_key(rig, row)].append(row)
    ledger = _ledger(rig)
    waiting = {_key(rig, row) for row in rig.shop.rows("quarantine") if row["state"] == "open"}
    found = [Verdict("wrong", f"{key} is known to nobody") for key in set(rows) - set(records)]
    numbers = {rig.deal_number(truth.number) for truth in records.values()}
    found += [
        Verdict("wrong", f"deal {number} is in the ledger, and nobody sold it") for number in set(ledger) - numbers
    ]
    found += [Verdict("doubled", f"{key}: two rows that say the same") for key in _twice(rig, rows)]
    for key, truth in records.items():
        held = rig.look(key)
        if held != (OPEN if truth.now == REOPENED else truth.now):
            found.append(Verdict("wrong", f"{key}: the simulation believes {truth.now}, and the platform has {held}"))
        told = _states(rig, rows.get(key, ()))
        said = _inbox(truth, told, gone_too_many=gone_too_many)
        deal = ledger.get(rig.deal_number(truth.number), _Deal())
        said += _books(truth, told, deal, waits=key in waiting, voids=rig.name == "csv_files")
        found += [Verdict(one.kind, f"{key}: {one.words}; told {told}, was {truth.was}") for one in said]
    with rig.shop.open() as house:
        found += [Verdict("wrong", f"audit chain: {one}") for one in verify(house.store).breaks]
    found += [
        Verdict("wrong", f"event {row['id']} was not taken") for row in rig.shop.rows("events") if row["state"] == "new"
    ]
    return found


def _key(rig: SourceRig, row: Row) -> str:
    """The key of the record at its source: `csv:crm:LEEDS:N-1` or `hubspot:crm:31415`."""
    return str(row["natural_key"]).split(":", 2)[2]


def _twice(rig: SourceRig, rows: dict[str, list[Row]]) -> list[str]:
    """Records of which two rows that follow each other say the same."""
    found = []
    for key, some in rows.items():
        said = [canonical_json([row["action"], row["content_hash"]]) for row in some]
        if any(one == other for one, other in pairwise(said)):
            found.append(key)
    return found


def _states(rig: SourceRig, rows: Sequence[Row]) -> list[str]:
    """What each row says. Of a content that came again no body is kept: it says what it said before."""
    said: dict[str, str] = {}
    for row in rows:
        if row["body"] is not None:
            said[row["content_hash"]] = _state(rig, row)
    return [said[row["content_hash"]] for row in rows]


def _state(rig: SourceRig, row: Row) -> str:
    record = record_of(row)
    if row["action"] == "void":
        codes = [finding.code for finding in record.findings]
        return next((_TAKEN_BACK[code] for code in codes if code in _TAKEN_BACK), GONE)
    if rig.name != "csv_files" and not record.data.get("lines"):
        return "without lines"
    price, paid = rig.price_of(record.data), rig.paid_of(record.data)
    lines: list[Any] = record.data.get("lines") or [{}]
    star = "*" if "Another text" in (lines[0].get("name"), lines[0].get("description")) else ""
    return f"{price}{star}" if price == paid else f"torn {price}{star} and {paid}"


def _inbox(truth: Truth, told: list[str], *, gone_too_many: bool) -> list[Verdict]:
    """What was taken is a part of what was, in its order, and ends with what is."""
    was = iter(truth.was)
    if not all(any(one == other for other in was) for one in told):
        return [Verdict("wrong", "was never so")]
    if truth.now == OPEN or (not truth.sold and not told):
        return [Verdict("wrong", "no completed sale was taken")] if told else []
    if not told or told[-1] != truth.now:
        return [] if gone_too_many and truth.now == GONE else [Verdict("missed", f"{truth.now} is not told")]
    return []


def _books(truth: Truth, told: list[str], deal: _Deal, *, waits: bool, voids: bool) -> list[Verdict]:
    """In the ledger a sale stands once, with its price as it is. One that was taken back stands as it was, for a person
    to decide, or, where the source itself says so, not at all."""
    found = [
        Verdict("doubled", f"posting {key} is there {count} times") for key, count in deal.keys.items() if count > 1
    ]
    if deal.invoices not in (0, 1):
        return [*found, Verdict("doubled", f"{deal.invoices} invoices stand")]
    price = truth.now.removesuffix("*")
    if truth.sold:
        if not deal.invoices:
            return [*found, Verdict("missed", f"is not in the ledger{' and waits in quarantine' if waits else ''}")]
        if deal.receipts != Decimal(price):
            found.append(Verdict("wrong", f"{deal.receipts} in the ledger"))
        return found
    if voids:
        return [*found, Verdict("missed", "it was taken back, and stands")] if deal.invoices else found
    if deal.invoices and told and told[-1] in (REOPENED, GONE) and not waits:
        found.append(Verdict("missed", "it was taken back, and nobody is asked"))
    prices = {Decimal(one.removesuffix("*")) for one in truth.was if one[0].isdigit()}
    if deal.invoices and deal.receipts not in prices:
        found.append(Verdict("wrong", f"{deal.receipts} in the ledger"))
    return found


def _ledger(rig: SourceRig) -> dict[str, _Deal]:
    """Deal number -> what stands in the files, as Beancount reads them."""
    found: dict[str, _Deal] = defaultdict(_Deal)
    main = rig.shop.folder / "books" / "northgate" / "main.beancount"
    if not main.is_file():
        return found
    program = find_program("bean-query")
    assert program is not None
    done = subprocess.run(
        [program, "--format", "csv", str(main), _QUERY], capture_output=True, text=True, check=True, timeout=120
    )
    assert not done.stderr.strip(), done.stderr
    seen: set[str] = set()
    for line in csv.reader(done.stdout.splitlines()[1:]):
        entry, number, key, event, account, amount = (cell.strip() for cell in line)
        deal = found[number]
        if entry not in seen:
            seen.add(entry)
            deal.keys[key] += 1
            deal.invoices += _STANDS.get(event, 0)
        if account.endswith("Undeposited-receipts"):
            deal.receipts += Decimal(amount)
    return found


def reasons(rig: SourceRig) -> list[str]:
    """What waits in quarantine, for one who looks into a seed."""
    return [
        f"{_key(rig, row)}: {[one['code'] for one in json.loads(row['reasons'])]}"
        for row in rig.shop.rows("quarantine")
        if row["state"] == "open"
    ]
