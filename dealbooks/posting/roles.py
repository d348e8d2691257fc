"""Which account roles a deal uses: the sale class alone decides (posting-rules.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from dealbooks.deal import Deal
from dealbooks.posting.sheet import Dims

# The kinds of line that make up the car's own price, taxed and posted as the car (deal-model.md section 4).
CAR_PRICE = frozenset({"vehicle", "discount", "recharge"})
DEALER_FEES = frozenset({"doc_fee", "admin_fee", "delivery_fee"})


@dataclass(frozen=True, slots=True)
class VehicleRoles:
    """Revenue, cost and stock role of the car sold."""

    sales: str
    cost: str
    stock: str


_NEW = VehicleRoles("sales.new_vehicle", "cost_of_sales.new_vehicle", "inventory.new_vehicle")
_USED = VehicleRoles("sales.used_vehicle", "cost_of_sales.used_vehicle", "inventory.used_vehicle")

VEHICLE_ROLES = {
    "new": _NEW,
    "demo": _NEW,
    "used": _USED,
    "cpo": _USED,
    "lease": VehicleRoles("sales.new_vehicle_lease", "cost_of_sales.new_vehicle_lease", "inventory.new_vehicle"),
    "wholesale": VehicleRoles("sales.used_wholesale", "cost_of_sales.used_wholesale", "inventory.used_vehicle"),
}


def stock(deal: Deal) -> Dims:
    """The car sold."""
    return (("stock_no", deal.vehicle.stock_no),)


def customer_account(deal: Deal) -> Dims:
    """The customer's account on the deal: the bill-to, and the car."""
    return (("party", deal.billed_to), ("stock_no", deal.vehicle.stock_no))


def with_party(deal: Deal, party: str) -> Dims:
    """Somebody else's account on the deal: a lender, a manufacturer's program."""
    return (("party", party), ("stock_no", deal.vehicle.stock_no))
