"""A car from another legal entity of the group: one entry in each of the two ledgers (posting-rules.md section 1).

Both carry the date of the transfer. The selling entity shows a wholesale sale at its cost; the buying entity stocks
the car at the price, which is the cost of the car in this sale.
"""

from __future__ import annotations

from collections.abc import Mapping

from dealbooks.book import Locks, OtherBook
from dealbooks.deal import Deal
from dealbooks.deal.parts import GroupTransfer
from dealbooks.entries import Entry
from dealbooks.posting.cost import vehicle_cost
from dealbooks.posting.errors import PostingError
from dealbooks.posting.foreign import on_account
from dealbooks.posting.roles import VEHICLE_ROLES
from dealbooks.posting.sheet import Dims, Sheet, entry, open_day


def transfers_of(deal: Deal, found: Mapping[str, Entry], locks: Locks, others: Mapping[str, OtherBook]) -> list[Entry]:
    """`transfer-out-...` in the other entity's ledger and `transfer-in-...` in ours, so far as not recorded; each is
    dated by the locks of its own book. A car that cost nothing moves no money: there is no entry without lines.

    Raises:
        PostingError: when the price is not the cost of the car in this deal, or not what is recorded of the transfer.
    """
    moved = deal.group_transfer
    if moved is None:
        return []
    if moved.price != vehicle_cost(deal):
        raise PostingError(
            deal.deal_id,
            f"the car came from {moved.from_entity} for {moved.price}, but stands in the deal at {deal.vehicle.cost}",
            fix="Make the car's cost the price of the transfer; reconditioning after it is separate.",
        )
    currency = deal.base_currency
    theirs = others[moved.from_entity].locks if moved.from_entity in others else Locks()
    stock_role = VEHICLE_ROLES[deal.sale_class].stock
    new: list[Entry] = []
    _refuse_other_price(deal, moved, found)

    entry_id = f"transfer-out-{moved.from_stock_no}"
    if entry_id not in found:
        out = Sheet(currency, moved.from_location, moved.from_department)
        car: Dims = (("stock_no", moved.from_stock_no),)
        out.debit("transfer", "receivable.intercompany", moved.price, (("party", deal.legal_entity), *car))
        out.credit("transfer", "sales.used_wholesale", moved.price, car, moved.tax_code)
        out.debit("cost", "cost_of_sales.used_wholesale", moved.from_cost, car)
        out.debit("cost", "cost_of_sales.reconditioning", moved.from_recon_cost, car)
        out.credit("cost", stock_role, moved.from_cost + moved.from_recon_cost, car)
        if out:
            event, other = "dealer_trade.posted", moved.from_entity
            day = open_day(moved.date, theirs)
            new.append(entry(deal, entry_id, event, day, out.lines(), currency=currency, legal_entity=other))

    entry_id = f"transfer-in-{deal.vehicle.stock_no}"
    if entry_id not in found:
        into = Sheet(currency, deal.vehicle.stock_location or deal.location, deal.department)
        car = (("stock_no", deal.vehicle.stock_no),)
        into.debit("purchase", stock_role, moved.price, car)
        into.credit("purchase", "payable.intercompany", moved.price, (("party", moved.from_entity), *car))
        if into:
            day = open_day(moved.date, locks)
            new.append(entry(deal, entry_id, "purchase.posted", day, into.lines(), currency=currency))
    return new


def _refuse_other_price(deal: Deal, moved: GroupTransfer, found: Mapping[str, Entry]) -> None:
    """A transfer is a fact in two ledgers: a deal that is amended does not change what is recorded of it."""
    for entry_id, role in (
        (f"transfer-out-{moved.from_stock_no}", "receivable.intercompany"),
        (f"transfer-in-{deal.vehicle.stock_no}", "payable.intercompany"),
    ):
        recorded = found.get(entry_id)
        if recorded is None:
            continue
        price = abs(on_account([recorded], role)[0])
        if price != moved.price:
            raise PostingError(
                deal.deal_id,
                f"{entry_id} is recorded at {price}, and this version gives the transfer price as {moved.price}",
                fix="Reverse the transfer in both ledgers by journal first, or keep its price.",
            )
