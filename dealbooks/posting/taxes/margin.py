"""The margin scheme for used cars: VAT on the dealer's margin instead of the price.

Sources: Directive 2006/112 articles 312 to 325; HMRC VATMARG; posting-rules.md sections 4 and 6. The margin is all
that is paid for the car (its linked fees too) less the stock-book purchase price: repairs do not reduce it, and a
part-exchange counts at its full allowance. VAT = margin x r/(1+r). At a loss it is nil; margins are per car.
"""

from __future__ import annotations

from collections.abc import Sequence

from dealbooks.deal import Deal
from dealbooks.posting.arithmetic import ZERO, tax_inside, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import PricedLine, StockBookSale


def margin_scheme(deal: Deal, lines: Sequence[PricedLine]) -> StockBookSale | None:
    """The stock-book sale of the lines under a margin code, or None when there are none.

    Raises:
        PostingError: when the deal lacks what the scheme needs, or is not in the currency of the stock book.
    """
    if not lines:
        return None
    codes = {priced.line.tax_code for priced in lines}
    vehicle = deal.vehicle
    if len(codes) > 1:
        reason, fix = "its lines carry two different margin scheme codes", "Give them the same code."
    elif vehicle.stock_book_purchase_price is None:
        reason = "it is a margin scheme sale, and the car has no stock-book purchase price"
        fix = "State what was paid for the car in the stock book: repairs and transport do not belong to it."
    elif deal.tax.margin_rate is None:
        reason, fix = (
            "it is a margin scheme sale, and its tax rules have no margin rate",
            "Add margin_rate to the rules.",
        )
    elif deal.currency != deal.base_currency:
        reason = f"the stock book is kept in {deal.base_currency}, and the margin scheme sale is in {deal.currency}"
        fix = "Enter the sale in the currency of the book."
    else:
        selling = total(priced.gross for priced in lines)
        margin = selling - vehicle.stock_book_purchase_price
        vat = tax_inside(max(margin, ZERO), deal.tax.margin_rate, deal.currency, deal.tax.mode)
        return StockBookSale(
            vehicle.stock_no,
            lines[0].line.tax_code or "",
            vehicle.stock_book_purchase_price,
            selling,
            margin,
            vat,
        )
    raise PostingError(deal.deal_id, reason, fix=fix)
