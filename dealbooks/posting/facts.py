"""Later facts, each under its own key: refunds, payoffs, the lender's money (posting-rules.md section 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from dealbooks.book import Locks
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.money import Money
from dealbooks.posting.arithmetic import ZERO, total
from dealbooks.posting.deposit_tax import PART as DEPOSIT_TAX
from dealbooks.posting.deposit_tax import tax_on_refund, write_deposit_tax
from dealbooks.posting.errors import PostingError
from dealbooks.posting.foreign import Booked
from dealbooks.posting.receipts import AT_DEAL_RATE, PART
from dealbooks.posting.roles import customer_account, with_party
from dealbooks.posting.settlement import deposit_held
from dealbooks.posting.sheet import Dims, Sheet, entry, open_day
from dealbooks.posting.trade import credit_inside, lien

_MONEY = ("cash.bank", "payable.customer_refund")


def payoffs_of(deal: Deal, entries: Iterable[Entry], found: Mapping[str, Entry], locks: Locks) -> list[Entry]:
    """Settlements paid to lienholders; `entries` are all others of the deal to date. New Zealand: the rest of the
    second-hand credit is taken now (G20)."""
    booked = Booked.of(deal, entries)
    new: list[Entry] = []
    for trade in deal.trade_ins:
        entry_id = f"payoff-{trade.stock_no}"
        if trade.payoff_paid is None or not trade.payoff or entry_id in found:
            continue
        sheet = Sheet(deal.currency, deal.location, deal.department)
        sheet.debit(PART, "payable.trade_payoff", trade.payoff, lien(deal, trade))
        sheet.credit(PART, "cash.bank", trade.payoff, (("method", trade.payoff_paid.method),))
        taken = credit_inside(trade, max(trade.allowance - trade.payoff, ZERO), deal.currency)
        rest = credit_inside(trade, trade.allowance, deal.currency) - taken
        car = (("stock_no", trade.stock_no),)
        sheet.debit("second_hand_credit", "tax.input", rest, car, trade.input_tax_code)
        sheet.credit("second_hand_credit", "inventory.used_vehicle", rest, car, trade.input_tax_code)
        new.append(_entry(deal, entry_id, "trade.paid_off", trade.payoff_paid.date, sheet, locks, booked))
    return new


def fundings_of(deal: Deal, entries: Iterable[Entry], found: Mapping[str, Entry], locks: Locks) -> list[Entry]:
    """The lender's money: for the contract, or for the finance reserve; `entries` are all others of the deal to date.

    Raises:
        PostingError: when the deal has no finance contract.
    """
    booked = Booked.of(deal, entries)
    new: list[Entry] = []
    for funding in deal.fundings:
        entry_id = f"funding-{funding.funding_id}"
        if entry_id in found or not funding.amount:
            continue
        finance = deal.finance
        if finance is None:
            raise PostingError(
                deal.deal_id,
                f"a lender's payment {funding.funding_id} came for it, and it has no finance contract",
                fix="Add the finance contract, or record the money as a payment of the customer.",
            )
        reserve = funding.kind == "reserve"
        role = "receivable.finance_reserve" if reserve else finance.receivable_role
        sheet = Sheet(deal.currency, deal.location, deal.department)
        sheet.debit(PART, "cash.bank", funding.amount, (("method", funding.method),))
        sheet.credit(PART, role, funding.amount, with_party(deal, finance.lender))
        event = "reserve.received" if reserve else "contract.funded"
        new.append(_entry(deal, entry_id, event, funding.date, sheet, locks, booked))
    return new


def refunds_of(
    deal: Deal,
    restored: dict[Dims, Decimal],
    since: date,
    entries: Iterable[Entry],
    found: Mapping[str, Entry],
    locks: Locks,
) -> list[Entry]:
    """Money given back: first the deposits that stand open again, first listed first, then the customer's account.
    Agreed but not yet paid, it is a liability to the customer.

    Args:
        restored: deposits that the end of the deal set free, see `restored_deposits`.
        since: the day of that end; a refund of an earlier day is from the customer's account.
        entries: every other entry of the deal to date.
    """
    entries = list(entries)
    booked = Booked.of(deal, entries)
    new: list[Entry] = []
    for refund in deal.refunds:
        entry_id = f"refund-{refund.refund_id}"
        if entry_id in found or not refund.amount:
            continue
        sheet = Sheet(deal.currency, deal.location, deal.department)
        rest = refund.amount
        if refund.date >= since:
            for held, available in restored.items():
                part = min(available, rest)
                if not part:
                    continue
                sheet.debit(PART, "payable.customer_deposits", part, held)
                receipt = dict(held)["receipt"]
                tax = tax_on_refund([*entries, *new], receipt, part, available, deal.currency)
                if tax is not None:
                    write_deposit_tax(sheet, deal, receipt, tax, back=True)
                restored[held] -= part
                rest -= part
        sheet.debit(PART, "receivable.customer", rest, customer_account(deal))
        if refund.method is None:
            sheet.credit(PART, "payable.customer_refund", refund.amount, (("party", deal.customer.id),))
        else:
            sheet.credit(PART, "cash.bank", refund.amount, (("method", refund.method),))
        new.append(_entry(deal, entry_id, "customer.refunded", refund.date, sheet, locks, booked))
    return new


def restored_deposits(deal: Deal, freed: Iterable[Entry], found: Mapping[str, Entry]) -> dict[Dims, Decimal]:
    """Deposits that are owed to the customer again: those in `freed` (the mirror of the sale, or the deposits' own
    entries where no sale was posted), less what recorded refunds already gave back."""
    refunded = [one for one in found.values() if one.event == "customer.refunded"]
    restored: dict[Dims, Decimal] = {}
    for one in [*freed, *refunded]:
        for line in one.lines:
            if line.role == "payable.customer_deposits" and line.part != DEPOSIT_TAX:
                held = deposit_held(deal, line.dimensions["receipt"])
                restored[held] = restored.get(held, ZERO) - line.amount.amount
    return {held: amount for held, amount in restored.items() if amount > 0}


def _entry(
    deal: Deal, entry_id: str, event: str, when: date, sheet: Sheet, locks: Locks, booked: Booked | None
) -> Entry:
    """In foreign currency the account is relieved at what is booked there, and money is worth just that: these facts
    state no rate of their own."""
    day, written = open_day(when, locks), sheet.lines()
    if booked is None:
        return entry(deal, entry_id, event, day, written)
    bases = [ZERO if line.role in _MONEY else booked.in_base(line) for line in written]
    money = next(index for index, line in enumerate(written) if line.role in _MONEY)
    bases[money] = -total(bases)
    lines = tuple(
        [replace(line, base=Money(base, booked.base_currency)) for line, base in zip(written, bases, strict=True)]
    )
    made = entry(deal, entry_id, event, day, lines, fx_rate=booked.rate, note=AT_DEAL_RATE)
    booked.add(made)
    return made
