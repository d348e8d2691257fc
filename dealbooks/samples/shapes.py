"""The shapes of sale that a region knows: a table that reads as one. How often a shape comes is its weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dealbooks.deal.fields import DealType, SaleClass
from dealbooks.samples.markets import Market

Buyer = Literal["person", "company", "reseller", "vat_company", "lender"]
# What a sale has besides: `bare` is the car alone; `wide` prices reach over the threshold of a luxury car tax.
Also = Literal[
    "bare", "wide", "auction", "transfer", "foreign", "second_hand", "lct", "quoted", "recycled", "recharged"
]
CASH = ""
_INSTALMENTS = (CASH, "retail_instalment", "retail_instalment", "loan")
_LOANS = (CASH, CASH, "loan")


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of sale. `taxed_as` is what the car is sold as, under the codes of its market; `finance` are the kinds
    of contract to draw from."""

    name: str
    weight: int
    sale_classes: tuple[SaleClass, ...]
    deal_type: DealType = "retail"
    taxed_as: str = "goods"
    finance: tuple[str, ...] = (CASH,)
    buyer: Buyer = "person"
    also: frozenset[Also] = frozenset()

    def fits(self, market: Market) -> bool:
        """Whether the market has the taxes that the shape needs."""
        inclusive = market.tax.regime == "inclusive"
        if self.taxed_as not in market.codes and (inclusive or self.taxed_as in ("margin", "between")):
            return False
        if "lease" in self.finance and market.tax.regime == "additive" and not market.leases:
            return False
        if self.also & {"lct", "quoted"} and market.lct is None:
            return False
        if "second_hand" in self.also and market.second_hand is None:
            return False
        return "foreign" not in self.also or bool(market.foreign)


def _also(*names: Also) -> frozenset[Also]:
    return frozenset(names)


_TRADE = (
    Shape("auction", 2, ("wholesale",), "wholesale", buyer="reseller", also=_also("bare", "auction")),
    Shape("wholesale", 1, ("wholesale",), "wholesale", buyer="reseller", also=_also("bare")),
    Shape("dealer trade", 2, ("wholesale", "used", "new"), "dealer_trade", buyer="reseller", also=_also("bare")),
    Shape("fleet", 1, ("new", "demo"), "fleet", buyer="company"),
    Shape("group car", 2, ("used", "cpo", "new"), finance=_LOANS, also=_also("transfer")),
)
_FOREIGN = (
    Shape("export", 2, ("used", "new"), taxed_as="zero", buyer="company", also=_also("foreign")),
    Shape(
        "export to a dealer", 1, ("wholesale",), "wholesale", "zero", buyer="reseller", also=_also("foreign", "bare")
    ),
)
_LEASE = Shape("lease", 3, ("lease",), "lease", finance=("lease",), buyer="lender")
_NORTH_AMERICA = (
    Shape("new", 6, ("new",), finance=_INSTALMENTS),
    Shape("used", 6, ("used", "cpo"), finance=_INSTALMENTS),
    Shape("demonstrator", 1, ("demo",), finance=_INSTALMENTS),
    Shape("exempt buyer", 1, ("new", "used"), taxed_as="zero", buyer="company"),
    _LEASE,
    *_TRADE,
    *_FOREIGN,
)
_SCHEMES = (
    Shape("new", 5, ("new",), finance=_LOANS),
    Shape("used, qualifying", 4, ("used", "cpo"), finance=_LOANS),
    Shape("used, margin scheme", 6, ("used", "cpo"), taxed_as="margin", finance=_LOANS),
    Shape("demonstrator", 1, ("demo",)),
    Shape("recharged", 1, ("demo", "used"), also=_also("recharged")),
    Shape("untaxed", 1, ("new", "used"), taxed_as="zero"),
    Shape("hire purchase", 3, ("used", "new"), "finance_house_sale", finance=("hire_purchase", "pcp"), buyer="lender"),
    Shape("margin on hire purchase", 1, ("used",), taxed_as="margin", finance=("hire_purchase", "pcp"), buyer="lender"),
    _LEASE,
    *_TRADE,
    Shape("auction, margin scheme", 1, ("wholesale",), "wholesale", "margin", buyer="reseller", also=_also("bare")),
    *_FOREIGN,
)
_BETWEEN_STATES = Shape("other member state", 2, ("used", "new"), "dealer_trade", "between", buyer="vat_company")
_SECURED = (CASH, "chattel_mortgage", "loan")

SHAPES: dict[str, tuple[Shape, ...]] = {
    "us": _NORTH_AMERICA,
    "uk": _SCHEMES,
    "au": (
        Shape("new", 3, ("new",), finance=_SECURED, also=_also("lct")),
        Shape("luxury", 5, ("new", "demo"), finance=_SECURED, also=_also("lct", "wide")),
        Shape("luxury, quoted", 1, ("new",), buyer="company", finance=_SECURED, also=_also("quoted", "wide")),
        Shape("second-hand credit", 5, ("used", "cpo"), finance=_SECURED, also=_also("second_hand")),
        Shape("used", 2, ("used",), finance=_SECURED),
        Shape("free of tax", 2, ("new", "used"), taxed_as="zero", also=_also("second_hand")),
        _LEASE,
        *_TRADE,
        *_FOREIGN,
    ),
    "eu": (*_SCHEMES, _BETWEEN_STATES),
    "ca": _NORTH_AMERICA,
    "nz": (
        Shape("new", 3, ("new", "demo"), finance=_LOANS),
        Shape("used", 6, ("used", "cpo"), finance=_LOANS),
        Shape("untaxed", 1, ("used",), taxed_as="zero"),
        _LEASE,
        *_TRADE,
        *_FOREIGN,
    ),
    "jp": (
        Shape("new", 4, ("new", "demo"), finance=_LOANS),
        Shape("used", 6, ("used", "cpo"), finance=_LOANS, also=_also("recycled", "recharged")),
        _LEASE,
        *_TRADE,
        *_FOREIGN,
    ),
    "gulf": (
        Shape("new", 5, ("new",), finance=_LOANS),
        Shape("used", 4, ("used", "cpo"), finance=_LOANS),
        Shape("profit margin scheme", 12, ("used",), taxed_as="margin", finance=_LOANS),
        Shape("demonstrator", 1, ("demo",)),
        _LEASE,
        *_TRADE,
        *_FOREIGN,
    ),
}
