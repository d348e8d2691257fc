"""What kinds of deal the demo holds, and how many of each.

A recipe says what a deal is made of; amounts, cars, people and days are drawn for each deal by the generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# positive: no finance on the traded car; lien: some, less than the allowance; negative: more than the allowance
# over, under: the allowance is above or below what the car is worth; over-negative: both; two: two cars
Trade = Literal["", "positive", "lien", "negative", "over", "under", "over-negative", "two"]
Margin = Literal["profit", "thin", "zero", "loss"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of deal. `scheme` is how the car was acquired and is sold (UK); `finance` a kind of finance or empty;
    `pay` the ways in which the rest is paid, in equal parts; `products` are names of the price list."""

    count: int
    condition: Literal["new", "used", "demo"]
    scheme: Literal["", "margin", "qualifying", "zero"] = ""
    finance: str = ""
    pay: tuple[str, ...] = ("bank_transfer",)
    trade: Trade = ""
    deposit: bool = False
    discount: bool = False
    accessories: bool = False
    products: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()
    rebate: bool = False
    buyer: Literal["person", "company", "trade"] = "person"
    margin: Margin = "profit"
    owing: bool = False
    van: bool = False
    lines_layout: bool = False


_ON_THE_ROAD = ("delivery", "first registration", "ved")
_DOC = ("doc", "title")
_NEW_US = ("doc", "title", "tire")

UK_RECIPES: tuple[Recipe, ...] = (
    Recipe(3, "new", fees=_ON_THE_ROAD, deposit=True),
    Recipe(3, "new", fees=_ON_THE_ROAD, trade="positive", discount=True, accessories=True),
    Recipe(4, "new", finance="pcp", fees=_ON_THE_ROAD, deposit=True, products=("service plan",)),
    Recipe(3, "new", finance="pcp", fees=_ON_THE_ROAD, trade="lien", discount=True, rebate=True),
    Recipe(2, "new", finance="hire_purchase", fees=_ON_THE_ROAD, trade="negative"),
    Recipe(1, "new", finance="loan", fees=_ON_THE_ROAD, products=("gap",), pay=("card",)),
    Recipe(3, "new", fees=("delivery", "ved"), buyer="company", van=True, products=("paint",)),
    Recipe(3, "demo", fees=("delivery",), deposit=True, pay=("card",)),
    Recipe(2, "demo", finance="hire_purchase", fees=("ved",), trade="under"),
    Recipe(2, "demo", finance="pcp", discount=True, accessories=True),
    Recipe(4, "used", "margin", fees=("admin",), pay=("card",)),
    Recipe(4, "used", "margin", fees=("admin",), trade="positive", products=("warranty", "paint"), pay=("card",)),
    Recipe(2, "used", "margin", fees=("admin",), products=("warranty", "gap", "tyre"), deposit=True),
    Recipe(3, "used", "margin", margin="loss"),
    Recipe(2, "used", "margin", margin="zero", trade="over-negative"),
    Recipe(3, "used", "margin", finance="hire_purchase", fees=("admin",), trade="over"),
    Recipe(3, "used", "margin", finance="pcp", deposit=True, margin="thin"),
    Recipe(2, "used", "margin", fees=("admin", "ved"), pay=("cash", "card")),
    Recipe(1, "used", "margin", pay=("card",), owing=True, discount=True),
    Recipe(1, "used", "margin", finance="loan", products=("warranty",), fees=("admin",)),
    Recipe(3, "used", "qualifying", fees=("admin",)),
    Recipe(3, "used", "qualifying", finance="hire_purchase", trade="over-negative", deposit=True),
    Recipe(2, "used", "qualifying", buyer="company", van=True, fees=("delivery",)),
    Recipe(1, "used", "qualifying", trade="two", pay=("card",)),
    Recipe(3, "used", "margin", buyer="trade", margin="thin"),
    Recipe(2, "used", "qualifying", buyer="trade", margin="loss"),
    Recipe(1, "used", "zero"),
    Recipe(
        2, "used", "margin", fees=("admin",), products=("warranty",), pay=("card", "bank_transfer"), lines_layout=True
    ),
)

US_RECIPES: tuple[Recipe, ...] = (
    Recipe(5, "new", finance="retail_instalment", fees=_NEW_US, products=("vsc", "gap")),
    Recipe(
        4, "new", finance="retail_instalment", fees=_NEW_US, products=("vsc", "gap"), trade="lien", rebate=True,
        deposit=True, accessories=True,
    ),
    Recipe(3, "new", fees=_NEW_US, discount=True),
    Recipe(3, "new", fees=_NEW_US, trade="positive", pay=("card", "bank_transfer")),
    Recipe(3, "new", finance="retail_instalment", fees=_NEW_US, trade="negative", products=("gap",)),
    Recipe(3, "new", finance="retail_instalment", fees=_NEW_US, trade="over", rebate=True, products=("maintenance",)),
    Recipe(2, "new", finance="retail_instalment", fees=_NEW_US, buyer="company", discount=True),
    Recipe(2, "demo", finance="retail_instalment", fees=_DOC, products=("vsc",), discount=True),
    Recipe(1, "demo", fees=_DOC, deposit=True),
    Recipe(5, "used", finance="retail_instalment", fees=("doc", "filing", "title"), products=("vsc",)),
    Recipe(5, "used", finance="retail_instalment", fees=_DOC, products=("gap", "tire and wheel"), trade="lien"),
    Recipe(3, "used", fees=_DOC, pay=("cash", "card")),
    Recipe(1, "used", fees=_DOC, pay=("cash",), trade="positive"),
    Recipe(
        4, "used", finance="retail_instalment", fees=_DOC, products=("vsc", "gap"), trade="over-negative", deposit=True,
    ),
    Recipe(2, "used", finance="retail_instalment", fees=_DOC, trade="under", products=("paint",)),
    Recipe(2, "used", fees=_DOC, margin="loss", pay=("card",)),
    Recipe(1, "used", finance="retail_instalment", fees=_DOC, trade="two"),
    Recipe(3, "used", fees=_DOC, deposit=True, products=("paint", "vsc")),
    Recipe(3, "used", fees=_DOC, discount=True, accessories=True),
    Recipe(1, "used", fees=_DOC, owing=True, discount=True),
    Recipe(3, "used", buyer="trade", margin="loss"),
    Recipe(2, "used", buyer="trade", margin="thin"),
    Recipe(2, "used", fees=_DOC, products=("vsc",), pay=("card", "bank_transfer", "cash"), lines_layout=True),
)  # fmt: skip
