"""Rules of the money of a deal, and the identity that ties all of it together (deal model, section 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.parts import Deposit, Payment
from dealbooks.deal.rules.amounts import text, tolerance
from dealbooks.deal.rules.known import Known
from dealbooks.deal.rules.thresholds import cash_report_us
from dealbooks.findings import Finding

_ZERO = Decimal(0)


def repeated(values: Iterable[str]) -> list[str]:
    """Those that occur more than once, each once, in the order first met."""
    listed = list(values)
    return [value for value, times in Counter(listed).items() if times > 1] if len(set(listed)) < len(listed) else []


def check_receipts(deal: Deal, known: Known) -> Iterator[Finding]:
    """Receipts, refunds and fundings have numbers of their own: each is posted once, under its number."""
    receipts = [*(part.receipt_id for part in deal.deposits), *(part.receipt_id for part in deal.payments)]
    for receipt in repeated(receipts):
        yield found("D100", "payments", receipt)
    for refund in repeated(part.refund_id for part in deal.refunds):
        yield found("D101", "refunds", refund, group="refunds")
    for funding in repeated(part.funding_id for part in deal.fundings):
        yield found("D101", "fundings", funding, group="fundings")
    for chargeback in repeated(part.chargeback_id for part in deal.chargebacks):
        yield found("D101", "chargebacks", chargeback, group="chargebacks")
    if deal.currency != deal.base_currency:
        rate_days = deal.rate_days
        for index, payment in enumerate(deal.payments):
            if payment.fx_rate is None and payment.date in rate_days:
                continue  # the deal's own rate is of that day
            if payment.fx_rate is None or payment.fx_rate <= 0:
                path = f"payments[{index}].fx_rate"
                yield found("D105", path, payment.receipt_id, currency=deal.currency)


def check_cash(deal: Deal, known: Known) -> Iterator[Finding]:
    """United States: much currency for one sale is reported."""
    american = known.regime == "us" or (known.regime is None and deal.base_currency == "USD")
    duty = cash_report_us(deal.sold_on) if american and deal.sold_on is not None else None
    if duty is None or deal.currency != duty.currency:
        return
    receipts: tuple[Deposit | Payment, ...] = (*deal.deposits, *deal.payments)
    cash = sum((part.amount for part in receipts if part.method == "cash"), _ZERO)
    if cash > duty.above:
        yield found(
            "D102", "payments", text(cash), currency=duty.currency, above=text(duty.above), form=duty.form,
            days=duty.file_within_days, years=duty.keep_years,
        )  # fmt: skip


def check_money_dates(deal: Deal, known: Known) -> Iterator[Finding]:
    """A deposit comes before the sale that applies it, and a lien is settled after the car was taken in."""
    sold = deal.sold_on
    if sold is None:
        return
    for index, deposit in enumerate(deal.deposits):
        if deposit.date > sold:
            yield found("D116", f"deposits[{index}].date", deposit.date, receipt=deposit.receipt_id, sold=sold)
    agreed = min(day for day in (sold, deal.dates.contract, deal.dates.delivery) if day is not None)
    for index, trade in enumerate(deal.trade_ins):
        paid = trade.payoff_paid
        if paid is not None and paid.date < agreed:
            path = f"trade_ins[{index}].payoff_paid.date"
            yield found("D117", path, paid.date, stock_no=trade.stock_no, agreed=agreed)


def check_finance(deal: Deal, known: Known) -> Iterator[Finding]:
    """The finance contract adds up by itself."""
    contract = deal.finance
    if contract is None:
        return
    if contract.amount_financed <= 0:
        yield found("D103", "finance.amount_financed", text(contract.amount_financed), lender=contract.lender)
    if contract.withheld_by_lessor > max(contract.amount_financed, _ZERO):
        yield found(
            "D109", "finance.withheld_by_lessor", text(contract.withheld_by_lessor), lender=contract.lender,
            financed=text(contract.amount_financed),
        )  # fmt: skip
    if contract.gross_cap_cost is not None and contract.cap_cost_reduction is not None:
        adjusted = contract.gross_cap_cost - contract.cap_cost_reduction
        if adjusted != contract.amount_financed:
            yield found(
                "D104", "finance.amount_financed", text(contract.amount_financed), computed=text(adjusted),
                gross=text(contract.gross_cap_cost), reduction=text(contract.cap_cost_reduction),
            )  # fmt: skip


def check_fundings(deal: Deal, known: Known) -> Iterator[Finding]:
    """The lender does not pay more for the contract than it financed."""
    if deal.finance is None:
        return
    paid = sum((part.amount for part in deal.fundings if part.kind == "contract"), _ZERO)
    if paid > deal.finance.amount_financed:
        yield found(
            "D108", "fundings", text(paid), financed=text(deal.finance.amount_financed), lender=deal.finance.lender
        )


def check_balance(deal: Deal, known: Known) -> Iterator[Finding]:
    """An open balance is allowed, but shown."""
    if deal.balance_due:
        who = "the customer owes it" if deal.balance_due > 0 else "we owe it to the customer"
        yield found("D025", "balance_due", text(deal.balance_due), currency=deal.currency, who=who)


def check_identity(deal: Deal, invoice_total: Decimal) -> list[Finding]:
    """The deal identity: invoice total = deposits + payments + part-exchange + assigned rebates + amount financed +
    balance due; and the signed total, where there is one, is the invoice total.

    `invoice_total` is the gross total that the posting rules computed, in the deal currency, before or after they took
    over the signed total (which they do within the tolerance, as rounding). What then is left over is a warning within
    the deal's tolerance, and an error beyond it.
    """
    signed = list(_signed_total(deal, invoice_total))
    if deal.contract_total is not None and not signed:
        return list(_settlement(deal, deal.contract_total))
    return [*signed, *_settlement(deal, invoice_total)]


def _signed_total(deal: Deal, invoice_total: Decimal) -> Iterator[Finding]:
    if deal.contract_total is None:
        return
    difference = deal.contract_total - invoice_total
    if abs(difference) > tolerance(deal):
        yield found(
            "D071", "contract_total", text(deal.contract_total), computed=text(invoice_total),
            difference=text(difference), tolerance=text(tolerance(deal)),
        )  # fmt: skip


def _taken_back(deal: Deal) -> bool:
    """Whether the sale was undone: refunds after that give back what had settled it, and settle nothing of it."""
    return any(event.event in ("unwound", "cancelled") for event in deal.lifecycle)


def _settlement(deal: Deal, invoice_total: Decimal) -> Iterator[Finding]:
    deposits = sum((part.amount for part in deal.deposits), _ZERO)
    payments = sum((part.amount for part in deal.payments), _ZERO)
    equity = sum(
        (trade.allowance - trade.payoff + (trade.input_tax_amount or _ZERO) for trade in deal.trade_ins), _ZERO
    )
    rebates = sum((part.amount for part in deal.rebates if part.assigned_to_dealer), _ZERO)
    financed = deal.finance.amount_financed if deal.finance is not None else _ZERO
    refunded = _ZERO if _taken_back(deal) else sum((part.amount for part in deal.refunds), _ZERO)
    settled = deposits + payments + equity + rebates + financed - refunded
    left = invoice_total - settled
    if left == deal.balance_due:
        return
    if abs(left - deal.balance_due) <= tolerance(deal):
        yield found("D107", "balance_due", text(left), due=text(deal.balance_due))
        return
    yield found(
        "D106", "balance_due", text(left), total=text(invoice_total), settled=text(settled), deposits=text(deposits),
        payments=text(payments), equity=text(equity), rebates=text(rebates), financed=text(financed),
        refunded=text(refunded), due=text(deal.balance_due),
    )  # fmt: skip
