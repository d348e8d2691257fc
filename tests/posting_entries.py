"""What holds for entries: each balances, in lines of exactly their dimensions; a mirror is exact; what ended is nil."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.posting import Posted
from dealbooks.samples import Step
from tests.posting_oracle import credit_at_payoff, exact

# Dimensions beside location and department; every other role has the stock number (posting-rules.md section 1).
PARTY_AND_CAR = frozenset({"party", "stock_no"})
DIMENSIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("receivable.customer", "receivable.manufacturer", "receivable.contracts_in_transit",
         "receivable.finance_company", "receivable.finance_reserve", "receivable.intercompany",
         "payable.intercompany", "payable.trade_payoff"),
        PARTY_AND_CAR,
    ),
    **dict.fromkeys(
        ("payable.customer_refund", "payable.government_fees", "payable.lessor", "payable.fi_provider"),
        frozenset({"party"}),
    ),
    "payable.customer_deposits": frozenset({"party", "receipt"}),
    **dict.fromkeys(("cash.undeposited", "cash.bank"), frozenset({"method"})),
    **dict.fromkeys(
        ("payable.commission", "expense.commission_sales", "expense.commission_finance", "expense.commission_manager"),
        frozenset({"person"}),
    ),
    **dict.fromkeys(
        ("sales.accessories", "income.doc_fee", "income.admin_fee", "income.fi_products", "inventory.parts",
         "income.insurance_commission", "expense.auction_fees", "cost_of_sales.accessories",
         "cost_of_sales.fi_products"),
        frozenset({"product"}),
    ),
    **dict.fromkeys(
        ("tax.output", "tax.margin", "tax.lct", "payable.sales_tax", "rounding.difference", "fx.rounding",
         "fx.realised", "income.chargebacks", "liability.chargeback_reserve"),
        frozenset[str](),
    ),
}  # fmt: skip
THE_CAR = frozenset({"stock_no"})
BASE_ONLY = {"fx.rounding": "invoice", "fx.realised": "payment"}

# An account with all its dimensions and the tax code.
Account = tuple[str, str, str | None, frozenset[tuple[str, str]]]


def check_entry(entry: Entry, deal: Deal) -> None:
    """It balances by part, location and currency; its lines are amounts of one side with exactly their dimensions."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    seen: set[Account] = set()
    for line in entry.lines:
        amount, place = exact(line.amount.amount), line.dimensions["location"]
        assert line.amount.currency == entry.currency
        only_base = line.role in BASE_ONLY
        assert bool(amount) is not only_base, line
        check_dimensions(line)
        account = account_of(line)
        assert account not in seen, line
        seen.add(account)
        sums["entry"] += amount
        sums[line.part] += amount
        sums[place] += amount
        if entry.base_currency is None:
            assert line.base is None and not only_base, line
        else:
            assert line.base is not None and line.base.currency == entry.base_currency == deal.base_currency
            base = exact(line.base.amount)
            assert (base or not only_base) and amount * base >= 0, line
            sums["base"] += base
    assert not any(sums.values()), (entry.entry_id, {name: value for name, value in sums.items() if value})
    assert entry.lines, entry.entry_id


def check_dimensions(line: Line) -> None:
    """Exactly those of the table."""
    wanted = DIMENSIONS.get(line.role, THE_CAR)
    if line.role == "tax.input":
        wanted = THE_CAR
    elif line.part in ("fi_cost", "chargeback") and line.role == "payable.fi_provider":
        wanted = wanted | {"product"}
    assert line.dimensions.keys() == wanted | {"location", "department"}, line


def account_of(line: Line) -> Account:
    return (line.part, line.role, line.tax_code, frozenset(line.dimensions.items()))


def check_mirror(mirror: Entry, original: Entry) -> None:
    """The same roles, amounts and dimensions on the other side."""
    assert (mirror.currency, mirror.base_currency, mirror.fx_rate) == (
        original.currency, original.base_currency, original.fx_rate,
    )  # fmt: skip
    for line, was in zip(mirror.lines, original.lines, strict=True):
        assert account_of(line) == account_of(was)
        assert line.amount.amount == -was.amount.amount
        assert (line.base is None) is (was.base is None)
        if line.base is not None and was.base is not None:
            assert line.base.amount == -was.base.amount


def balances(entries: Iterable[Entry]) -> dict[str, dict[tuple[str, str, str], Decimal]]:
    """Debit less credit by entity, currency and role, over entries; `amount` in the entry's currency and `base`."""
    found: dict[str, dict[tuple[str, str, str], Decimal]] = {
        "amount": defaultdict(Decimal),
        "base": defaultdict(Decimal),
    }
    for entry in entries:
        for line in entry.lines:
            found["amount"][entry.legal_entity, entry.currency, line.role] += exact(line.amount.amount)
            base = line.amount if line.base is None else line.base
            found["base"][entry.legal_entity, base.currency, line.role] += exact(base.amount)
    return {name: {key: amount for key, amount in sums.items() if amount} for name, sums in found.items()}


def check_customer(posted: Posted, step: Step) -> None:
    """The customer's account ends at the stated balance; nil where no version stands any more."""
    deal = posted.deal
    due = Decimal(0) if step.name in ("unwound", "cancelled") else deal.balance_due
    account: dict[str, Decimal] = defaultdict(Decimal)
    for entry in posted.entries:
        for line in entry.lines:
            if line.role in ("receivable.customer", "interbranch.clearing"):
                account[line.role] += exact(line.amount.amount)
                account[f"{line.role} in base"] += exact((line.amount if line.base is None else line.base).amount)
    assert account["receivable.customer"] == due
    assert due or not account["receivable.customer in base"], account
    assert not account["interbranch.clearing"] and not account["interbranch.clearing in base"]


def check_restored(entries: Iterable[Entry]) -> None:
    """Amended and amended back: the first sale stands again, and all between comes to nil on every account."""
    named = {entry.entry_id: entry for entry in entries}
    for kind in ("sale", "cost"):
        if f"{kind}-v1" not in named:
            continue
        assert named[f"{kind}-v3"].lines == named[f"{kind}-v1"].lines
        prefix = "reversal" if kind == "sale" else "reversal-cost"
        between = [named[f"{prefix}-v1"], named[f"{kind}-v2"], named[f"{prefix}-v2"], named[f"{kind}-v3"]]
        sums: dict[Account, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for entry in between:
            for line in entry.lines:
                sums[account_of(line)][0] += exact(line.amount.amount)
                sums[account_of(line)][1] += exact((line.amount if line.base is None else line.base).amount)
        assert not any(any(pair) for pair in sums.values())


def check_ended(posted: Posted) -> None:
    """Unwound and refunded, or called off: nothing stays but what really happened. Money that came and went, the
    lender's money, a payoff that was paid, and the car that came from the group."""
    deal = posted.deal
    stays: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)

    def keep(role: str, amount: Decimal, entity: str = deal.legal_entity, currency: str = deal.currency) -> None:
        stays[entity, currency, role] += amount

    for receipt in (*deal.deposits, *deal.payments):
        keep("cash.undeposited", receipt.amount)
    for refund in deal.refunds:
        keep("payable.customer_refund" if refund.method is None else "cash.bank", -refund.amount)
    for funding in deal.fundings:
        assert deal.finance is not None
        keep("cash.bank", funding.amount)
        keep(
            "receivable.finance_reserve" if funding.kind == "reserve" else deal.finance.receivable_role, -funding.amount
        )
    for trade in deal.trade_ins:
        if trade.payoff_paid is not None:
            keep("payable.trade_payoff", trade.payoff)
            keep("cash.bank", -trade.payoff)
            rest = credit_at_payoff(trade, deal.currency)
            keep("tax.input", rest)
            keep("inventory.used_vehicle", -rest)
    moved = deal.group_transfer
    if moved is not None and not any(event.event == "cancelled" for event in deal.lifecycle):
        stock = "inventory.used_vehicle" if deal.sale_class in ("used", "cpo", "wholesale") else "inventory.new_vehicle"
        home, other, own = deal.legal_entity, moved.from_entity, deal.base_currency
        keep(stock, moved.price, home, own)
        keep("payable.intercompany", -moved.price, home, own)
        keep("receivable.intercompany", moved.price, other, own)
        keep("sales.used_wholesale", -moved.price, other, own)
        keep("cost_of_sales.used_wholesale", moved.from_cost, other, own)
        keep("cost_of_sales.reconditioning", moved.from_recon_cost, other, own)
        keep(stock, -moved.from_cost - moved.from_recon_cost, other, own)
    found = balances(posted.entries)
    assert found["amount"] == {account: amount for account, amount in stays.items() if amount}
    kept = {role for *_, role in stays} | {"fx.realised"}
    assert {role for *_, role in found["base"]} <= kept, found["base"]
