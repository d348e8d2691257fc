"""Golden deals restated as a file would give them, and small drafts to break one thing at a time."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.deal.rules import check_deal
from dealbooks.draft import Determined, Draft
from dealbooks.findings import Severity, has_errors
from dealbooks.posting.taxes import taxes_of

CASES = Path(__file__).parent / "golden" / "cases"
UK = Book("northgate", "NORTHGATE-MOTORS-LTD", "GBP", "uk")
FLORIDA = Book("suncoast", "SUNCOAST-MOTORS-LLC", "USD", "us")
CALIFORNIA = Book("bayline", "BAYLINE-AUTO-INC", "USD", "us")
INDIANA = Book("hoosier", "HOOSIER-CARS-INC", "USD", "us")
MICHIGAN = Book("mitten", "MITTEN-AUTO-LLC", "USD", "us")
ONTARIO = Book("maple", "MAPLE-RIDGE-AUTO-LTD", "CAD", "ca")

# What the file's product columns say for a golden line, by case and line id.
_PRODUCT_KINDS = {
    ("G03", "3"): "vsc",
    ("G19", "5"): "vsc",
    ("G01", "4"): "vsc",
    ("G01", "5"): "gap",
    ("G10", "3"): "insurance",
    ("G10", "4"): "paint",
}
_LENDER_NAMES = {
    "LENDER-B": "Lender B",
    "LENDER-CA": "Lender CA",
    "CAPTIVE-FIN": "Captive Finance",
    "FINHOUSE-1": "Northern Motor Finance",
}
_PAYOFF_NAMES = {
    "LENDER-A": "Lender A",
    "LENDER-D": "LENDER D",
    "CREDIT-UNION-1": "CREDIT UNION 1",
    "FINHOUSE-1": "FINHOUSE-1",
}
_FEES = {"doc_fee", "admin_fee", "delivery_fee", "government_fee"}


def case(name: str) -> dict[str, Any]:
    """A golden case by its number."""
    found: dict[str, Any] = json.loads(next(CASES.glob(f"{name}-*.json")).read_text(encoding="utf-8"))
    return found


def restated(name: str) -> Draft:
    """The draft that a drop file would give for a golden deal: names and amounts, no codes, providers or plans."""
    golden = case(name)
    deal = golden["deal"]
    vehicle = {key: value for key, value in deal["vehicle"].items() if key != "condition"}
    if deal["sale_class"] == "new":
        vehicle.pop("tax_acquisition", None)
    said: dict[str, Any] = {
        "store_code": deal["location"],
        "condition": deal["vehicle"]["condition"],
        "deal_type": deal["deal_type"],
        "total": Decimal(golden["expected"]["invoice"]["gross_total"]),
        "fees": [],
        "products": [],
    }
    lines = []
    for line in deal["lines"]:
        product = _PRODUCT_KINDS.get((name, line["line_id"]))
        one = {"line_id": line["line_id"], "name": line["description"], "amount": Decimal(line["unit_price"])}
        if product is not None:
            said["products"].append({**one, "kind": product, "cost": Decimal(line["cost"])})
        elif line["kind"] in _FEES:
            said["fees"].append({**one, "passthrough": line["kind"] == "government_fee"})
        else:
            kept = ("line_id", "kind", "description", "unit_price", "cost")
            lines.append({key: line[key] for key in kept if key in line})
    draft: dict[str, Any] = {
        "deal_id": deal["deal_id"],
        "dates": {key: deal["dates"][key] for key in ("contract", "delivery")},
        "customer": dict(deal["customer"]),
        "vehicle": vehicle,
        "lines": lines,
    }
    for key in ("deposits", "payments", "dealer_incentives"):
        if key in deal:
            draft[key] = [dict(one) for one in deal[key]]
    if "rebates" in deal:
        said["rebate"] = Decimal(deal["rebates"][0]["amount"])
    if "trade_ins" in deal:
        hidden = {"stock_no", "lienholder", "seller_tax_status"}
        draft["trade_ins"] = [{k: v for k, v in one.items() if k not in hidden} for one in deal["trade_ins"]]
        said["trades"] = [
            {
                "index": index,
                "payoff_lender": _PAYOFF_NAMES.get(one.get("lienholder", "")),
                "seller_status": one.get("seller_tax_status"),
            }
            for index, one in enumerate(deal["trade_ins"])
        ]
    if "finance" in deal:
        finance = deal["finance"]
        draft["finance"] = {"term_months": finance["term_months"]}
        said["finance"] = {
            "amount": Decimal(finance["amount_financed"]),
            "company": _LENDER_NAMES[finance["lender"]],
            "commission": Decimal(finance["reserve"]),
            "type": {"hire_purchase": "HP"}.get(finance["type"]),
        }
    _say_people(deal, draft, said)
    return Draft(draft, said)


def _say_people(deal: dict[str, Any], draft: dict[str, Any], said: dict[str, Any]) -> None:
    columns = {"sales": "salesperson_id", "finance": "fi_manager_id", "manager": "manager_id"}
    for plan in deal["commission_plans"]:
        if len(plan["splits"]) == 1:
            said[columns[plan["role"]]] = plan["splits"][0]["person"]
        else:
            draft.setdefault("commission_plans", []).append({"role": plan["role"], "splits": plan["splits"]})


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every plain value in nested dicts and lists, by its path as in provenance."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, one in value.items():
            found |= leaves(one, f"{path}.{key}" if path else key)
        return found
    if isinstance(value, list):
        found = {}
        for index, one in enumerate(value):
            found |= leaves(one, f"{path}[{index}]")
        return found
    return {path: value}


def sold(
    store: str,
    region: str,
    delivered: str,
    price: str,
    *,
    condition: str = "used",
    deal_type: str = "retail",
    postcode: str = "",
    customer: dict[str, Any] | None = None,
    vehicle: dict[str, Any] | None = None,
    fees: tuple[tuple[str, str], ...] = (),
    products: tuple[tuple[str, str, str], ...] = (),
    trades: tuple[dict[str, Any], ...] = (),
    **more: Any,
) -> Draft:
    """A small sale: fees are (name, amount), products (kind, name, amount); `more` is laid over the draft's deal."""
    said_fees = [{"line_id": f"F{n}", "name": name, "amount": Decimal(amount)} for n, (name, amount) in enumerate(fees)]
    said_products = [
        {"line_id": f"P{n}", "kind": kind, "name": name, "amount": Decimal(amount), "cost": Decimal("1.00")}
        for n, (kind, name, amount) in enumerate(products)
    ]
    deal: dict[str, Any] = {
        "deal_id": "T-1",
        "dates": {"contract": delivered, "delivery": delivered},
        "customer": {
            "id": "C-1", "type": "individual", "name": "Ada Brandt",
            "address": {"region": region, "postcode": postcode}, **(customer or {}),
        },
        "vehicle": {
            "vin": "1HGCY2F57RA000123", "stock_no": "U100", "cost": Decimal("9000.00"), "make": "Honda",
            **(vehicle or {}),
        },
        "lines": [{"line_id": "1", "kind": "vehicle", "description": "Car", "unit_price": Decimal(price)}],
        "trade_ins": [
            {"stock_no": f"X{n}", "vin": "1HGCY2F57RA000123", "acv": one["allowance"], **one}
            for n, one in enumerate(trades)
        ],
        **more,
    }  # fmt: skip
    said = {
        "store_code": store, "condition": condition, "deal_type": deal_type, "fees": said_fees,
        "products": said_products, "salesperson_id": "SP-1",
    }  # fmt: skip
    return Draft(deal, said)


def taxed(determined: Determined) -> dict[str, tuple[str, str]]:
    """Code -> (base, amount) of every tax of a determined deal, which no rule may refuse."""
    assert not has_errors(list(determined.findings)), determined.findings
    deal = Deal.model_validate(determined.deal)
    refused = [one for one in check_deal(deal) if one.severity is Severity.ERROR]
    assert not refused, refused
    return {row.code: (f"{row.base:.2f}", f"{row.amount:.2f}") for row in taxes_of(deal).rows}
