"""What the ledger's own balances say about single deals and cars at the end of a period. Pure.

Two sides can agree to the cent while a customer, a lender or a lienholder still owes, or a sold car still stands in
stock (period-close.md R3, R5, R9 to R11, section 4). What an exception of a document explains is taken off the balances
before (see `moves`), so that each is named once, also where a deal has several faults.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from dealbooks.reconcile.compare import side_text
from dealbooks.reconcile.model import SEVERITIES, ReconException, Severity
from dealbooks.reconcile.totals import CONTRACTS, CUSTOMER, PAYOFF, RESERVE, STOCK, OpenItem
from dealbooks.reconcile.words import WORDS

ZERO = Decimal(0)
STOCK_CODES = frozenset({"sold_in_stock", "negative_stock", "duplicate"})  # what speaks of a car's balance in stock
# What balances say: each later month looks at it again.
CARRIED = frozenset({
    "cit_unpaid", "cit_short", "cit_over", "customer_balance", "payoff_late", "sold_in_stock", "negative_stock",
    "unwind_incomplete", "reversed_without_repost", "deposit_held",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """After how many calendar days something open is named (period-close.md section 4); a lender who has paid up to
    `short` less is not (R5)."""

    customer: int = 3
    contract: int = 5
    contract_late: int = 10
    contract_escalate: int = 15
    payoff: int = 10
    deposit: int = 60
    short: Decimal = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class DealStanding:
    """How a deal stands at the end of the period: `standing` while a version of its sale does. `balance_due` is what
    the customer may still owe and `financed` what the lender is to pay, in `currency`; `good_until` by when a traded
    car's settlement must be paid."""

    deal_id: str
    number: str
    stock_no: str
    delivered: date
    standing: bool
    unwound: bool = False
    reversed_open: bool = False
    balance_due: Decimal = ZERO
    financed: Decimal = ZERO
    currency: str = ""
    good_until: Mapping[str, date | None] = field(default_factory=dict)


def open_exceptions(
    items: Sequence[OpenItem],
    deals: Sequence[DealStanding],
    owner: Mapping[str, str],
    sold: Mapping[str, int],
    *,
    as_of: date,
    currency: str,
    named: Collection[str],
    stock_is_kept: bool,
    ages: AgePolicy = AgePolicy(),
) -> tuple[ReconException, ...]:
    """Every deal and car that is not as it should be.

    `owner` gives the deal id of a key of ours, `sold` how many sales stand for a stock number, `named` the ids of deals
    that are not settled and are named so, `currency` is the book's. `items` and `sold` are without what exceptions of
    documents say. `stock_is_kept`: the ledger books cars into stock by stock number; otherwise their balances say
    nothing and are not judged.
    """
    known = {deal.deal_id: deal for deal in deals}
    by_car: dict[str, list[DealStanding]] = {}
    for deal in deals:
        by_car.setdefault(deal.stock_no, []).append(deal)
    found: list[ReconException] = []
    found += _sold_twice(sold, by_car, named, currency)
    found += [
        _named("reversed_without_repost", deal, deal.stock_no, ZERO, deal.currency, ours="the new version of the sale",
               theirs="its reversal only", what=f"Deal {deal.number} is reversed, and its new version is not posted.")
        for deal in deals if deal.reversed_open and deal.deal_id not in named
    ]  # fmt: skip
    left: dict[str, list[OpenItem]] = {}
    seen_cars: set[str] = set()
    for item in items:
        its = _deal_of(item, known, by_car, owner)
        if its is not None and its.deal_id in named:
            continue
        if item.role in STOCK:
            if stock_is_kept:
                found += _stock(item, its, sold)
        elif its is None:
            continue  # nobody here sold it: an exception of its own names what was typed by hand
        elif its.unwound and item.role != CUSTOMER:
            left.setdefault(its.deal_id, []).append(item)
        elif item.role == CUSTOMER:
            seen_cars.add(item.stock_no)
            found += _customer(item, its, as_of, ages)
        elif item.role in CONTRACTS:
            found += _contract(item, its, as_of, ages)
        elif item.role == PAYOFF:
            found += _payoff(item, its, as_of, ages)
    found += [_unwound(known[deal_id], some) for deal_id, some in left.items()]
    for deal in deals:  # the ledger shows nothing, and the deal states that the customer owes
        if deal.standing and deal.balance_due and deal.stock_no not in seen_cars and deal.deal_id not in named:
            nil = OpenItem(CUSTOMER, deal.stock_no, deal.currency, ZERO, frozenset())
            found += _customer(nil, deal, as_of, ages)
    return tuple(found)


def _deal_of(
    item: OpenItem,
    known: Mapping[str, DealStanding],
    by_car: Mapping[str, Sequence[DealStanding]],
    owner: Mapping[str, str],
) -> DealStanding | None:
    """The deal that an open item belongs to: the one that stands, else the latest that touched it."""
    ids = {owner[key] for key in item.keys if key in owner}
    touching = [known[deal_id] for deal_id in ids if deal_id in known] or list(by_car.get(item.stock_no, ()))
    return max(touching, key=lambda deal: (deal.standing, deal.delivered, deal.deal_id), default=None)


def _named(
    code: str,
    deal: DealStanding | None,
    stock_no: str,
    difference: Decimal,
    currency: str,
    *,
    what: str,
    ours: str,
    theirs: str,
    severity: Severity | None = None,
) -> ReconException:
    number = deal.number if deal is not None else ""
    words = WORDS[code]
    return ReconException(
        code=code, severity=severity or SEVERITIES[code], what=what,
        where=f"deal {number}" if number else f"stock number {stock_no}", ours=ours, theirs=theirs,
        difference=difference, currency=currency, cause=words.cause,
        cure=words.cure.format(deal=number or "DEAL", ref="the later document"),
        subject=f"{deal.deal_id if deal is not None else ''} {stock_no}", deal=number,
        stock_nos=(stock_no,) if stock_no else (),
    )  # fmt: skip


def _sold_twice(
    sold: Mapping[str, int], by_car: Mapping[str, Sequence[DealStanding]], named: Collection[str], currency: str
) -> Iterable[ReconException]:
    for number, count in sold.items():
        deals = sorted(by_car.get(number, ()), key=lambda deal: (deal.delivered, deal.deal_id))
        if count > 1 and not any(deal.deal_id in named for deal in deals):
            later = deals[-1] if deals else None
            what = f"The car with stock number {number} is sold {count} times without an unwind."
            yield _named(
                "duplicate", later, number, ZERO, currency, what=what, ours="one sale", theirs=f"{count} sales"
            )


def _stock(item: OpenItem, deal: DealStanding | None, sold: Mapping[str, int]) -> Iterable[ReconException]:
    shown = side_text(item.balance, item.currency)
    if sold.get(item.stock_no, 0) > 1:
        return  # a duplicate, and named so
    if item.balance < 0:
        yield _named(
            "negative_stock", deal, item.stock_no, item.balance, item.currency, ours="nothing or more", theirs=shown,
            what=f"Car {item.stock_no} stands in stock with {shown}: more left stock than came in.",
        )  # fmt: skip
    elif sold.get(item.stock_no, 0) > 0:
        yield _named(
            "sold_in_stock", deal, item.stock_no, item.balance, item.currency, ours="nothing", theirs=shown,
            what=f"Car {item.stock_no} is sold, and still stands in stock with {shown}.",
        )  # fmt: skip


def _customer(item: OpenItem, deal: DealStanding, as_of: date, ages: AgePolicy) -> Iterable[ReconException]:
    stated = deal.balance_due if deal.standing else ZERO
    if stated > 0 > item.typed and item.currency == deal.currency:  # entered by the bookkeeper, not at the source
        stated = max(stated + item.typed, ZERO)
    if stated and item.currency != deal.currency:
        return  # stated in another currency than the ledger keeps: its rate of the day is not ours to guess
    days = (as_of - deal.delivered).days
    if item.balance != stated and days > ages.customer:
        yield _named(
            "customer_balance", deal, item.stock_no, item.balance - stated, item.currency,
            ours=side_text(stated, item.currency), theirs=side_text(item.balance, item.currency),
            what=f"The customer's account of deal {deal.number} stands at {side_text(item.balance, item.currency)}, "
            f"{days} days after delivery; the deal states {side_text(stated, item.currency)}.",
        )  # fmt: skip


def _contract(item: OpenItem, deal: DealStanding, as_of: date, ages: AgePolicy) -> Iterable[ReconException]:
    shown, days = side_text(item.balance, item.currency), (as_of - deal.delivered).days
    owed = shown.removesuffix(" debit")
    if item.balance < 0:
        yield _named(
            "cit_over", deal, item.stock_no, item.balance, item.currency, ours="nothing", theirs=shown,
            what=f"The lender has paid more than the contract of deal {deal.number}: {shown}.",
        )  # fmt: skip
    elif item.currency == deal.currency and item.balance < deal.financed:
        if item.balance > ages.short:
            paid = side_text(deal.financed - item.balance, item.currency).removesuffix(" debit")
            yield _named(
                "cit_short", deal, item.stock_no, item.balance, item.currency, ours="paid", theirs=shown,
                what=f"The lender has paid {paid} on deal {deal.number}, and is {owed} short.",
            )  # fmt: skip
    elif days > ages.contract:
        severity = Severity.LOW if days <= ages.contract_late else Severity.MEDIUM
        severity = Severity.HIGH if days > ages.contract_escalate else severity
        yield _named(
            "cit_unpaid", deal, item.stock_no, item.balance, item.currency, ours="paid", theirs=shown,
            severity=severity, what=f"The lender has owed {owed} on deal {deal.number} for {days} days.",
        )  # fmt: skip


def _payoff(item: OpenItem, deal: DealStanding, as_of: date, ages: AgePolicy) -> Iterable[ReconException]:
    due = deal.good_until.get(item.stock_no) or deal.delivered + timedelta(days=ages.payoff)
    if item.balance < 0 and as_of > due:
        yield _named(
            "payoff_late", deal, item.stock_no, item.balance, item.currency, ours="paid",
            theirs=side_text(item.balance, item.currency),
            what=f"The settlement on part-exchange {item.stock_no} of deal {deal.number} was due on {due.isoformat()} "
            f"and is not paid: {side_text(item.balance, item.currency)}.",
        )  # fmt: skip


def _unwound(deal: DealStanding, items: Sequence[OpenItem]) -> ReconException:
    names = {RESERVE: "finance commission", PAYOFF: "settlement of the part-exchange"}
    parts = [f"{names.get(item.role, 'finance contract')} {side_text(item.balance, item.currency)}" for item in items]
    total = sum((item.balance for item in items), ZERO)
    named = _named(
        "unwind_incomplete", deal, deal.stock_no, total, items[0].currency, ours="nothing", theirs="; ".join(parts),
        what=f"Deal {deal.number} is unwound, and this is still open: {'; '.join(parts)}.",
    )  # fmt: skip
    return replace(named, stock_nos=tuple(sorted({item.stock_no for item in items} | {deal.stock_no})))
