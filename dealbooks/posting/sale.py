"""The sale entry of one version, `sale-vn`, and in foreign currency its costs beside it, `cost-vn`.

Every part balances by itself; all but the internal ones pass through receivable.customer (posting-rules.md section 1).
"""

from __future__ import annotations

from collections.abc import Mapping

from dealbooks.book import Policies
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.posting.arithmetic import total
from dealbooks.posting.commission import (
    chargeback_provision,
    commissions_of,
    write_chargeback_reserve,
    write_commissions,
)
from dealbooks.posting.cost import (
    second_hand_credit,
    write_cost,
    write_fi_cost,
    write_incentives,
    write_second_hand_credit,
)
from dealbooks.posting.deposit_tax import DepositTax, write_deposit_tax
from dealbooks.posting.figures import Figures, Metrics
from dealbooks.posting.finance import write_commission_tax, write_finance, write_reserve
from dealbooks.posting.foreign import rate_of_deal
from dealbooks.posting.invoice import invoice_of, write_invoice
from dealbooks.posting.margin import write_margin_vat
from dealbooks.posting.metrics import gross_of
from dealbooks.posting.settlement import write_deposits, write_rebates
from dealbooks.posting.sheet import Dated, Sheet, entry
from dealbooks.posting.taxes import taxes_of
from dealbooks.posting.trade import trades_of, write_trades

NOTHING_FOUND: Mapping[str, Entry] = {}


def figures_of(deal: Deal, found: Mapping[str, Entry] = NOTHING_FOUND) -> Figures:
    """Everything that one version of a deal comes to; the book's presentation changes none of it. `found` are the
    entries that are recorded for the deal: a payoff that was paid takes its part of a second-hand credit.

    Raises:
        PostingError: when something is missing, or does not fit together.
    """
    taxes = taxes_of(deal)
    second_hand = second_hand_credit(deal, taxes)
    front, back = gross_of(deal, taxes, second_hand)
    commissions = commissions_of(deal, front, back)
    paid = total([share.amount for share in commissions])
    return Figures(
        taxes=taxes,
        invoice=invoice_of(deal, taxes),
        trades=trades_of(deal, found),
        second_hand_credit=second_hand,
        metrics=Metrics(deal.base_currency, front, back, paid, foreign=deal.currency != deal.base_currency),
        commissions=commissions,
        chargeback_provision=chargeback_provision(deal, back),
    )


def sale_entries(
    deal: Deal, figures: Figures, policies: Policies, day: Dated, taxed: Mapping[str, DepositTax]
) -> list[Entry]:
    """`sale-vn`, and `cost-vn` for a deal in foreign currency, whose costs stay in base currency (G24). `taxed` are the
    deposits whose tax was due before."""
    version = deal.deal_version
    rate = rate_of_deal(deal)
    sale = Sheet(deal.currency, deal.location, deal.department)
    costs = sale if rate is None else Sheet(deal.base_currency, deal.location, deal.department)
    taxes = figures.taxes

    write_invoice(sale, deal, taxes, figures.invoice, policies)
    write_margin_vat(sale, deal, taxes)
    write_cost(costs, deal, taxes)
    write_second_hand_credit(costs, deal, figures.second_hand_credit)
    write_trades(sale, deal, figures.trades)
    write_deposits(sale, deal)
    for receipt_id, tax in taxed.items():
        write_deposit_tax(sale, deal, receipt_id, tax, back=True)
    write_rebates(sale, deal)
    write_incentives(costs, deal)
    write_finance(sale, deal)
    write_reserve(sale, deal)
    write_commission_tax(sale, deal, taxes)
    if policies.fi_presentation == "gross":
        write_fi_cost(costs, deal, taxes)
    write_chargeback_reserve(costs, figures.chargeback_provision)
    write_commissions(costs, figures.commissions)

    if rate is None:
        return [entry(deal, f"sale-v{version}", "sale.posted", day, sale.lines())]
    lines = sale.lines_in_base(rate, deal.base_currency)
    found = [entry(deal, f"sale-v{version}", "sale.posted", day, lines, fx_rate=rate)]
    if costs:
        currency = deal.base_currency
        found.append(entry(deal, f"cost-v{version}", "sale.cost_posted", day, costs.lines(), currency=currency))
    return found
