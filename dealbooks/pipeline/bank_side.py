"""The bank's side of a reconciliation: what was booked as money against what statements say. Reads only.

Without imported statements it is "not provided", never agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, select

from dealbooks.bank.items import BankItem, BankMatch, BankPolicy, BankResult, BankSuggestion, business_day
from dealbooks.bank.judge import Scene, Span, differing, judge
from dealbooks.bank.match import USUAL, match_bank
from dealbooks.bank.model import ZERO, BankLine
from dealbooks.bank.rows import BankRow, rows_of
from dealbooks.config_told import BankAccountConfig
from dealbooks.ledger import Record
from dealbooks.periods import Period
from dealbooks.pipeline.bank_items import bank_deals, bank_items, money_rows, others_items
from dealbooks.pipeline.bank_store import coverage, lines_between
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.model import ReconException, money_text, sorted_exceptions
from dealbooks.reconcile.receipts import OthersReceipt
from dealbooks.store.tables import bank_links

Status = Literal["not provided", "agreed", "exceptions"]
_CARRIED = timedelta(days=100)  # how long money that is not at the bank is carried from month to month
# Classes that name money of a deal which is still open, or a deal that is not in the books.
_OPEN_MONEY = frozenset(
    {"cit_unpaid", "cit_over", "customer_balance", "payoff_late", "missing_in_ledger", "unwind_incomplete"}
)
_AFTER = timedelta(days=15)  # lines after the month that may be of its last days


@dataclass(frozen=True, slots=True)
class OtherActivity:
    """Lines of an account in the month that are of no deal: those that a record of the ledger explains, and those that
    none does, in and out."""

    account: str
    currency: str
    explained: int
    count: int
    money_in: Decimal
    money_out: Decimal
    fees: Decimal

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "account": self.account, "currency": self.currency, "explained_by_ledger": self.explained,
            "count": self.count,
            **{name: money_text(getattr(self, name), self.currency) for name in ("money_in", "money_out", "fees")},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class BankReconciliation:
    """`status`: not provided (no statement of any account of the book), agreed, or exceptions (also while something is
    left for a person to decide). `shown` says in words what each line and item that is named here is."""

    status: Status
    rows: tuple[BankRow, ...] = ()
    coverage: tuple[Span, ...] = ()
    exceptions: tuple[ReconException, ...] = ()
    matches: tuple[BankMatch, ...] = ()
    differences: tuple[BankMatch, ...] = ()
    undecided: tuple[BankSuggestion, ...] = ()
    suggestions: tuple[BankSuggestion, ...] = ()
    in_transit: tuple[BankItem, ...] = ()
    not_judged: int = 0
    others: tuple[OtherActivity, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def tiers(self) -> dict[str, int]:
        """How many matches each tier made."""
        found: dict[str, int] = {}
        for one in self.matches:
            found[one.tier] = found.get(one.tier, 0) + 1
        return dict(sorted(found.items()))

    def as_json(self) -> dict[str, Any]:
        """Plain types; the same books and statements give the same bytes."""
        return {
            "status": self.status, "rows": [row.as_json() for row in self.rows],
            "coverage": [span.as_json() for span in self.coverage], "matched": self.tiers,
            "exceptions": [found.id for found in self.exceptions],
            "matches": [self._match(one) for one in self.matches],
            "differences": [self._match(one) for one in self.differences],
            "to_decide": [self._suggestion(one) for one in self.undecided],
            "suggestions": [self._suggestion(one) for one in self.suggestions],
            "in_transit": [self.shown.get(one.key, one.key) for one in self.in_transit],
            "not_judged": self.not_judged, "others": [one.as_json() for one in self.others],
        }  # fmt: skip

    def _match(self, one: BankMatch) -> dict[str, Any]:
        return {
            "tier": one.tier, "reason": one.reason, "fee": format(one.fee, "f"),
            "difference": format(one.difference, "f"), **self._sides(one.items, one.lines),
        }  # fmt: skip

    def _suggestion(self, one: BankSuggestion) -> dict[str, Any]:
        return {"reason": one.reason, **self._sides(one.items, one.lines)}

    def _sides(self, items: Iterable[str], lines: Iterable[str]) -> dict[str, Any]:
        return {
            "items": [{"id": key, "what": self.shown.get(key, "")} for key in items],
            "lines": [{"id": line, "what": self.shown.get(line, "")} for line in lines],
        }  # fmt: skip


NOT_PROVIDED = BankReconciliation("not provided")


def bank_side(
    conn: Connection,
    book: str,
    month: Period,
    as_of: date,
    *,
    accounts: Mapping[str, tuple[BankAccountConfig, str]],
    records: Sequence[Record] = (),
    labels: AccountMap | None = None,
    named: Iterable[ReconException] = (),
    held_deals: Collection[str] = (),
    absent: Collection[str] = (),
    others: Iterable[OthersReceipt] = (),
    payers: Mapping[str, tuple[str, ...]] | None = None,
    policy: BankPolicy = USUAL,
) -> BankReconciliation:
    """Reconcile a month's money with the bank.

    Args:
        accounts: of the book, by name: settings and currency.
        records: what the ledger lists; those without a key of ours explain other lines of the bank, by `labels`.
        named: exceptions of the ledger's side; what they name is not named again. `held_deals`: ids of deals that the
            cut-off names.
        absent: keys of entries that were posted, and that the ledger was found not to hold.
        others: receipts that others book.
        payers: by which names banks may know finance companies and lienholders, by their ids.
    """
    others = list(others)
    covered = coverage(conn, book)
    if not any(name in covered for name in accounts):
        return NOT_PROVIDED
    spans = _spans(accounts, covered, month, as_of)
    first, last = month.first - _CARRIED, month.last + _AFTER
    rows = money_rows(conn, book, first, last)
    known = bank_deals(conn, book, first, last, [row["deal_id"] for row in rows])
    lines = [line for line in lines_between(conn, book, first, last) if line.account in accounts]
    items = bank_items(rows, known, payers or {}) + others_items(others, known) + _payouts(lines)
    decided = [
        (row.item, row.line)
        for row in conn.execute(
            select(bank_links).where((bank_links.c.book == book) & (bank_links.c.state == "accepted"))
        )
    ]
    result = match_bank(
        items, lines, policy=policy, decided=decided, known={deal.deal_id: deal.names for deal in known.values()},
        numbers={deal.deal_id: [one for some in deal.own.values() for one in some] for deal in known.values()},
    )  # fmt: skip
    named = list(named)
    doubted = {one.subject for one in named}
    explained = _explained(result.lines, records, labels, accounts, policy, doubted)
    scene = Scene(
        first=month.first, last=month.last, as_of=as_of, spans=spans, named=_named(named, held_deals),
        explained=explained, deals={deal.deal_id: deal.number for deal in known.values()}, policy=policy,
        doubtful={line for line, ref in explained.items() if ref in doubted},
    )  # fmt: skip
    judged = judge(result, scene)
    by_key, by_id = {item.key: item for item in items}, {line.identity: line for line in lines}
    exceptions = sorted_exceptions([*judged.exceptions, *differing(result.differences, by_key, by_id, scene)])
    posted = {row["id"] for row in rows if row["state"] == "posted"} - set(absent)
    posted |= {item.key for item, told in zip(others_items(others, known), others, strict=True) if told.ref}
    inside = _in_month(by_key, by_id, month)
    undecided = tuple(one for one in judged.undecided if inside(one.items, one.lines))
    moving = tuple(item for item in result.items if item.key in judged.transit and item.date <= month.last)
    return BankReconciliation(
        status="exceptions" if exceptions or undecided else "agreed",
        rows=rows_of(items, result, judged, scene, posted), coverage=tuple(spans.values()), exceptions=exceptions,
        matches=tuple(one for one in result.matches if inside(one.items, one.lines)),
        differences=tuple(one for one in result.differences if inside(one.items, one.lines)), undecided=undecided,
        suggestions=tuple(one for one in judged.hints if inside(one.items, one.lines)), in_transit=moving,
        not_judged=len([key for key in judged.unjudged if by_key[key].date in month]),
        others=_others(result, accounts, month, explained),
        shown={**{key: _item_text(item) for key, item in by_key.items()},
               **{line: _line_text(found) for line, found in by_id.items()}},
    )  # fmt: skip


def _spans(
    accounts: Mapping[str, tuple[BankAccountConfig, str]],
    covered: Mapping[str, Sequence[tuple[date, date]]],
    month: Period,
    as_of: date,
) -> dict[str, Span]:
    found = {}
    for name, (config, currency) in sorted(accounts.items()):
        own = tuple(covered.get(name, ()))
        missing: list[tuple[date, date]] = []
        day = month.first
        while day <= min(month.last, as_of):
            if not any(first <= day <= last for first, last in own):
                if missing and missing[-1][1] == day - timedelta(days=1):
                    missing[-1] = (missing[-1][0], day)
                else:
                    missing.append((day, day))
            day += timedelta(days=1)
        found[name] = Span(name, currency, own, tuple(missing), config.owned)
    return found


def _payouts(lines: Iterable[BankLine]) -> list[BankItem]:
    """What a provider says that it paid out is to be found at a bank."""
    return [
        BankItem(
            key=f"payout:{line.identity}", kind="payout", deal_id=f"payout:{line.own_id}", deal=line.own_id,
            date=line.booked, amount=-line.amount, currency=line.currency, names=(line.own_id,),
            parties=(line.account.replace("_", " ").replace("-", " "),), elsewhere=line.account,
        )
        for line in lines if line.kind == "payout"
    ]  # fmt: skip


def _named(exceptions: Iterable[ReconException], held: Collection[str]) -> dict[str, set[str]]:
    """Deal number, or id -> the classes that name it already, as money that is open or as a sale that is not booked."""
    found: dict[str, set[str]] = {deal: {"not posted yet"} for deal in held}
    for one in exceptions:
        if one.deal and one.code in _OPEN_MONEY:
            found.setdefault(one.deal, set()).add(one.code)
    return found


def _explained(
    lines: Sequence[BankLine],
    records: Sequence[Record],
    labels: AccountMap | None,
    accounts: Mapping[str, tuple[BankAccountConfig, str]],
    policy: BankPolicy,
    doubted: Collection[str],
) -> dict[str, str]:
    """Line -> the ledger's record that is it: by account, amount and days; each record is taken once, those that are
    exceptions themselves (`doubted`) last."""
    if labels is None:
        return {}
    free: dict[tuple[str, str, Decimal], dict[tuple[bool, date], list[str]]] = {}
    for record in records:
        if record.key:
            continue
        for line in record.lines:
            place = (labels.role_of(line), line.currency, line.amount)
            free.setdefault(place, {}).setdefault((record.ref in doubted, record.date), []).append(record.ref)
    for days in free.values():
        for refs in days.values():
            refs.sort(reverse=True)
    found = {}
    for moved in sorted(lines, key=lambda one: (one.booked, one.amount, one.identity)):
        days = free.get((accounts[moved.account][0].role, moved.currency, moved.amount), {})
        near = [
            (doubt, abs((day - moved.booked).days), day)
            for doubt, day in days
            if abs(business_day(day) - business_day(moved.booked)) <= policy.days
        ]
        if near:
            doubt, _, day = min(near)
            found[moved.identity] = days[doubt, day].pop()
            if not days[doubt, day]:
                del days[doubt, day]
    return found


def _in_month(
    items: Mapping[str, BankItem], lines: Mapping[str, BankLine], month: Period
) -> Callable[[Iterable[str], Iterable[str]], bool]:
    def inside(keys: Iterable[str], ids: Iterable[str]) -> bool:
        return any(items[key].date in month for key in keys) or any(lines[one].booked in month for one in ids)

    return inside


def _others(
    result: BankResult,
    accounts: Mapping[str, tuple[BankAccountConfig, str]],
    month: Period,
    explained: Mapping[str, str],
) -> tuple[OtherActivity, ...]:
    found = []
    for name, (_, currency) in sorted(accounts.items()):
        own = [line for line in result.lines if line.account == name and line.booked in month and line.kind != "payout"]
        plain = [line for line in own if line.kind == "line" and line.identity not in explained]
        fees = [line for line in own if line.kind == "fee" and line.identity not in explained]
        if own:
            found.append(
                OtherActivity(
                    name, currency, len([line for line in own if line.identity in explained]), len(plain),
                    sum((line.amount for line in plain if line.amount > 0), ZERO),
                    sum((line.amount for line in plain if line.amount < 0), ZERO),
                    -sum((line.amount for line in fees), ZERO),
                )
            )  # fmt: skip
    return tuple(found)


def _item_text(item: BankItem) -> str:
    return f"{item.date.isoformat()} {item.kind} {money_text(item.amount, item.currency)} {item.currency}, {item.deal}"


def _line_text(line: BankLine) -> str:
    words = " ".join(part for part in (line.counterparty, line.text) if part)[:80]
    return f"{line.booked.isoformat()} {line.account} {money_text(line.amount, line.currency)} {line.currency} {words}"
