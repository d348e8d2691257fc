"""What the fields of a deal mean together: every rule returns findings, none raises, none knows a clock or a store.

structure_findings   the deal cannot be read at all
check_deal           rules over the deal alone, and the configuration of its book
check_identity       the deal identity, given the invoice total that the posting rules computed
compare_source       the source's own totals against ours
history              rules over what was posted before
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dealbooks.deal.model import Deal
from dealbooks.deal.rules.amounts import tolerance
from dealbooks.deal.rules.commission import check_commission
from dealbooks.deal.rules.identity import (
    check_amounts,
    check_book,
    check_currency,
    check_dates,
    check_history,
    check_parties,
    check_rates,
    check_transfer,
)
from dealbooks.deal.rules.known import NOTHING_KNOWN, Known
from dealbooks.deal.rules.lines import check_insurance, check_lines, check_vehicle_line
from dealbooks.deal.rules.money import (
    check_balance,
    check_cash,
    check_finance,
    check_fundings,
    check_identity,
    check_money_dates,
    check_receipts,
)
from dealbooks.deal.rules.structure import structure_findings
from dealbooks.deal.rules.tax import check_components, check_line_codes, check_margin, check_rates_table
from dealbooks.deal.rules.trade import check_trades
from dealbooks.deal.rules.vehicle import check_cost, check_vehicle, check_vin
from dealbooks.findings import Finding

__all__ = ["Known", "check_deal", "check_identity", "structure_findings", "tolerance"]

_CHECKS: tuple[Callable[[Deal, Known], Iterator[Finding]], ...] = (
    check_amounts, check_rates, check_book, check_currency, check_dates, check_history, check_transfer, check_parties,
    check_vin, check_vehicle, check_cost, check_vehicle_line, check_lines, check_insurance,
    check_line_codes, check_margin, check_rates_table, check_components, check_trades,
    check_receipts, check_money_dates, check_cash, check_finance, check_fundings, check_balance, check_commission,
)  # fmt: skip


def check_deal(deal: Deal, *, known: Known = NOTHING_KNOWN) -> list[Finding]:
    """Every rule of the deal model that the deal alone can break, in the order of the model; empty when all is well.

    `known` is what the configuration of its book says; rules that need what is not known say nothing.
    """
    return [finding for check in _CHECKS for finding in check(deal, known)]
