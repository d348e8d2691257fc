"""Hypothesis strategies: valid deals of every region, with trades, finance, deposits, rebates, commissions and splits.

`deals()` draws a completed deal whose money adds up: deposits, trades, rebates, finance and payments settle the
invoice, or `balance_due` says what is left. The invoice total is worked out here, apart from the posting rules.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from dealbooks.deal import Deal

REGIONS = ("us", "us_lease", "uk", "uk_margin", "uk_export", "au", "au_used", "eu", "ca", "nz", "jp", "gulf")

_CURRENCY = {
    "us": "USD", "us_lease": "USD", "uk": "GBP", "uk_margin": "GBP", "uk_export": "USD", "au": "AUD", "au_used": "AUD",
    "eu": "EUR", "ca": "CAD", "nz": "NZD", "jp": "JPY", "gulf": "KWD",
}  # fmt: skip
_DIGITS = {"JPY": 0, "KWD": 3}
_METHODS = ("cash", "card", "bank_transfer", "cheque")
_SHARES = (("1",), ("0.5", "0.5"), ("0.3334", "0.3333", "0.3333"), ("0.1", "0.2", "0.7"), ("0.005", "0.995"))
_INCLUSIVE: dict[str, dict[str, Any]] = {
    "uk": {"rates": {"STD": "0.20", "OUT": "0", "EX": "0"}},
    "uk_margin": {"rates": {"STD": "0.20", "CAR": "margin", "OUT": "0", "EX": "0"}, "margin_rate": "0.20"},
    "uk_export": {"rates": {"STD": "0", "OUT": "0", "EX": "0"}},
    "au": {
        "rates": {"STD": "0.10", "COM": "0.10", "OUT": "0", "EX": "0"},
        "lct": {"threshold": "80567.00", "rate": "0.33"},
    },
    "au_used": {"rates": {"STD": "0.10", "COM": "0.10", "OUT": "0", "EX": "0"}},
    "eu": {"rates": {"CAR": "margin", "STD": "0.19", "OUT": "0", "EX": "0"}, "margin_rate": "0.19"},
    "nz": {"rates": {"STD": "0.15", "OUT": "0", "EX": "0"}},
    "jp": {"rates": {"STD": "0.10", "OUT": "0", "EX": "0"}, "mode": "floor", "rounding": "document"},
}  # fmt: skip


def _text(units: int, currency: str) -> str:
    return format(Decimal(units).scaleb(-_DIGITS.get(currency, 2)), "f")


def money(currency: str, low: int, high: int) -> st.SearchStrategy[str]:
    """An amount between two whole amounts of the main unit, exact to the minor unit."""
    unit = 10 ** _DIGITS.get(currency, 2)
    return st.integers(low * unit, high * unit).map(lambda units: _text(units, currency))


def _round(value: Fraction, currency: str, mode: str = "half_up") -> Decimal:
    digits = _DIGITS.get(currency, 2)
    sign = -1 if value < 0 else 1
    scaled = abs(value) * 10**digits
    units = int(scaled + Fraction(1, 2)) if mode == "half_up" else int(scaled)
    return Decimal(sign * units).scaleb(-digits)


@st.composite
def deals(draw: st.DrawFn, regions: tuple[str, ...] = REGIONS) -> Deal:
    """A valid completed deal of one of the regions."""
    return Deal.model_validate(draw(deal_data(regions)))


@st.composite
def deal_data(draw: st.DrawFn, regions: tuple[str, ...] = REGIONS) -> dict[str, Any]:
    """The same, as plain JSON types."""
    region = draw(st.sampled_from(regions))
    currency = _CURRENCY[region]
    base_currency = "GBP" if region == "uk_export" else currency
    new = draw(st.booleans()) if region in ("us", "uk", "ca", "jp", "gulf") else region in ("us_lease", "au")
    classes = ("lease",) if region == "us_lease" else ("new", "demo") if new else ("used", "cpo")
    data: dict[str, Any] = {
        "source_system": "test",
        "deal_id": f"T-{draw(st.integers(1, 99999))}",
        "deal_type": "lease" if region == "us_lease" else "retail",
        "sale_class": draw(st.sampled_from(classes)),
        "legal_entity": "ENTITY",
        "location": "MAIN",
        "department": "new" if new else "used",
        "currency": currency,
        "base_currency": base_currency,
        "dates": {"contract": "2026-03-10", "delivery": "2026-03-12"},
        "customer": {"id": "C-1", "name": "Customer"},
        "vehicle": {
            "vin": "1HGCY2F57RA000123",
            "stock_no": "S1",
            "cost": draw(money(base_currency, 0, 90000)),
            "recon_cost": draw(st.sampled_from(["0", _text(123456, base_currency)])),
        },
    }
    if region == "uk_export":
        data["fx_rate"] = draw(st.sampled_from(["0.74218", "0.8", "1.000001"]))
    if region != "uk_export" and draw(st.booleans()):
        data["vehicle"]["stock_location"] = "BRANCH"
    data["lines"] = draw(_lines(region, currency, base_currency))
    data["tax"] = draw(_tax(region, currency))
    if region in ("uk_margin", "eu"):
        data["vehicle"]["stock_book_purchase_price"] = draw(money(currency, 0, 90000))
        data["vehicle"]["tax_acquisition"] = "margin"
    if region == "au_used":
        price = draw(money(currency, 301, 60000))
        data["vehicle"]["second_hand_credit"] = {"fraction": "1/11", "purchase_price": price, "tax_code": "CAP66"}
    data["trade_ins"] = [] if region == "us_lease" else draw(_trades(region, currency))
    if draw(st.booleans()):
        data["deposits"] = [
            {"receipt_id": f"D{n}", "amount": amount, "method": draw(st.sampled_from(_METHODS)), "date": "2026-03-11"}
            for n, amount in enumerate(draw(st.lists(money(currency, 1, 900), min_size=1, max_size=2)), 1)
        ]
    data["rebates"] = [
        {"program": f"OEM-{n}", "amount": amount, "assigned_to_dealer": n == 1}
        for n, amount in enumerate(draw(st.lists(money(currency, 1, 900), max_size=2)), 1)
    ]
    data["dealer_incentives"] = [
        {"program": "OEM-CASH", "amount": amount} for amount in draw(st.lists(money(base_currency, 1, 900), max_size=1))
    ]
    data["commission_plans"] = draw(_plans(base_currency))
    data["include_fees_in_front"] = draw(st.booleans())
    if draw(st.booleans()):
        data["chargeback_reserve"] = {"rate": "0.075"}
    if region == "us_lease":
        data["bill_to"] = {"id": "LESSOR", "name": "Lessor"}
    elif draw(st.booleans()):
        data["bill_to"] = {"id": "FINHOUSE", "name": "Finance house"}
    _settle(draw, region, data)
    return data


@st.composite
def _lines(draw: st.DrawFn, region: str, currency: str, base_currency: str) -> list[dict[str, Any]]:
    margin = region in ("uk_margin", "eu")
    car_code = "CAR" if margin else "STD"
    top = 160000 if region == "au" else 90000

    def line(kind: str, price: str, code: str, **more: Any) -> None:
        found.append({"line_id": str(len(found) + 1), "kind": kind, "unit_price": price, "tax_code": code, **more})

    found: list[dict[str, Any]] = []
    line("vehicle", draw(money(currency, 1500, top)), car_code, taxable=True, in_lct_value=True)
    if draw(st.booleans()):
        line("discount", "-" + draw(money(currency, 1, 900)), car_code, taxable=True, in_lct_value=True)
    for quantity in draw(st.lists(st.sampled_from(["1", "2", "3"]), max_size=2)):
        cost = draw(st.sampled_from([None, "11.125", "150"]))
        price = draw(st.sampled_from([draw(money(currency, 1, 900)), "33.333"]))
        line("accessory", price, "STD", quantity=quantity, cost=cost, taxable=draw(st.booleans()))
    if draw(st.booleans()):
        line("admin_fee", draw(money(currency, 1, 900)), car_code, taxable=draw(st.booleans()))
    if draw(st.booleans()):
        line("doc_fee", draw(money(currency, 1, 900)), "STD", taxable=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 2))):
        line("government_fee", draw(money(currency, 1, 900)), "OUT", taxable=False, provider="AUTHORITY")
    if draw(st.booleans()):
        cost = draw(st.sampled_from(["0", draw(money(base_currency, 1, 500))]))
        group = draw(st.sampled_from(["vehicle", "service_warranty"]))
        more = {"taxable": draw(st.booleans()), "tax_group": group}
        line("fi_product", draw(money(currency, 500, 2500)), "STD", cost=cost, provider="WARRANTYCO", **more)
    if region not in ("us_lease", "gulf") and draw(st.booleans()):
        code = "COM" if region.startswith("au") else None
        cost = draw(money(currency, 1, 500))
        line(
            "insurance", draw(money(currency, 500, 900)), "EX", cost=cost, provider="INSURER", commission_tax_code=code
        )
    if region == "jp" and draw(st.booleans()):
        line("recycling_deposit", draw(money(currency, 1, 15000)), "EX")
        line("recharge", draw(money(currency, 1, 30000)), "STD")
    if region == "us_lease":
        line("lessor_fee", "925.00", "OUT", taxable=False, provider="LESSOR")
    return found


@st.composite
def _tax(draw: st.DrawFn, region: str, currency: str) -> dict[str, Any]:
    if region == "gulf":
        return {"regime": draw(st.sampled_from(["none", "additive"]))}
    if region == "us_lease":
        return {"regime": "additive", "components": [{"code": "CAP", "rate": "0.0675", "base": "cap_reduction"}]}
    if region in _INCLUSIVE:
        rounding = draw(st.sampled_from(["line", "document"]))
        return {"regime": "inclusive", "rounding": rounding, **_INCLUSIVE[region]}
    credit = draw(st.sampled_from(["full", "none", "capped"]))
    state: dict[str, Any] = {"code": "STATE", "rate": draw(st.sampled_from(["0.06", "0.1025", "0.13", "0.07375"]))}
    state |= {"trade_in_credit": credit, "rebate_taxable": draw(st.booleans())}
    if credit == "capped":
        state["trade_in_credit_cap"] = "12000"
    if region == "ca":
        state["role"] = "tax.output"
    county = {
        "code": "COUNTY",
        "rate": "0.015",
        "tax_groups": ["vehicle"],
        "base_cap": "5000",
        "trade_in_credit": "full",
    }
    return {"regime": "additive", "components": [state, county] if draw(st.booleans()) else [state]}


@st.composite
def _trades(draw: st.DrawFn, region: str, currency: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 2))):
        trade: dict[str, Any] = {
            "stock_no": f"T{number}",
            "allowance": draw(money(currency, 100, 20000)),
            "acv": draw(money(currency, 0, 20000)),
            "tax_credit_eligible": draw(st.booleans()),
        }
        if draw(st.booleans()):
            trade |= {"payoff": draw(money(currency, 1, 25000)), "lienholder": "LENDER-OLD"}
        if region == "nz" and draw(st.booleans()):
            trade |= {"input_tax_fraction": "3/23", "input_tax_code": "SH"}
            if "payoff" in trade:
                trade["payoff_paid"] = {"date": "2026-03-20", "method": "bank_transfer"}
        elif region == "ca" and draw(st.booleans()):
            trade |= {"input_tax_amount": draw(money(currency, 1, 900)), "input_tax_code": "ITC"}
        found.append(trade)
    return found


@st.composite
def _plans(draw: st.DrawFn, currency: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, role in enumerate(draw(st.lists(st.sampled_from(["sales", "finance", "manager"]), max_size=2))):
        shares = draw(st.sampled_from(_SHARES))
        splits = [{"person": f"P{number}{n}", "share": share} for n, share in enumerate(shares)]
        if draw(st.booleans()):
            splits[-1]["location"] = "BRANCH"
        plan: dict[str, Any] = {"plan_id": f"PLAN{number}", "role": role, "splits": splits}
        if draw(st.booleans()):
            plan |= {"base": "flat", "flat": draw(money(currency, 0, 900))}
        else:
            plan |= {"base": draw(st.sampled_from(["front", "back", "total"])), "rate": "0.275", "minimum": "50"}
        found.append(plan)
    return found


def _settle(draw: st.DrawFn, region: str, data: dict[str, Any]) -> None:
    """Finance and payments that settle what the invoice leaves open."""
    currency = data["currency"]
    if region == "us_lease":
        reduction = draw(money(currency, 1, 900))
        data["finance"] = {"type": "lease", "lender": "LESSOR", "cap_cost_reduction": reduction}
    elif draw(st.booleans()):
        data["finance"] = {"type": "loan", "lender": "LENDER"}
    left = invoice_total(data)
    left -= sum((Decimal(item["amount"]) for item in data.get("deposits", [])), Decimal(0))
    left -= sum((Decimal(item["amount"]) for item in data["rebates"] if item["assigned_to_dealer"]), Decimal(0))
    for trade in data["trade_ins"]:
        equity = Decimal(trade["allowance"]) - Decimal(trade.get("payoff", "0"))
        left -= equity + Decimal(trade.get("input_tax_amount", "0"))
    if "finance" in data:
        finance = data["finance"]
        financed = max(left, Decimal(1000)).quantize(Decimal(1), ROUND_DOWN) - draw(st.integers(0, 400))
        finance |= {"amount_financed": str(financed), "reserve": draw(money(currency, 0, 900))}
        finance["receivable_role"] = "receivable.finance_company"
        if region.startswith("au"):
            finance["reserve_tax_code"] = "COM"
        if region == "us_lease":
            finance |= {"receivable_role": "receivable.contracts_in_transit", "withheld_by_lessor": "925.00"}
        left -= financed
    if left > 0 and draw(st.integers(0, 4)):
        first = (left / draw(st.sampled_from([1, 2, 3]))).quantize(
            Decimal(1).scaleb(-_DIGITS.get(currency, 2)), ROUND_HALF_UP
        )
        parts = [part for part in (first, left - first) if part]
        data["payments"] = [
            {
                "receipt_id": f"P{n}",
                "amount": str(part),
                "method": draw(st.sampled_from(_METHODS)),
                "date": "2026-03-14",
            }
            for n, part in enumerate(parts, 1)
        ]
        for payment in data["payments"]:
            if region == "uk_export":
                payment["fx_rate"] = draw(st.sampled_from(["0.73105", "0.74218", "0.9"]))
        left = Decimal(0)
    data["balance_due"] = format(left, "f")


def invoice_total(data: dict[str, Any]) -> Decimal:
    """What the customer is charged: the lines, and the taxes that come on top of them."""
    currency = data["currency"]
    gross = [_round(Fraction(x.get("quantity", "1")) * Fraction(x["unit_price"]), currency) for x in data["lines"]]
    total = sum(gross, Decimal(0))
    tax = data["tax"]
    if "lct" in tax:
        value = sum((g for g, x in zip(gross, data["lines"], strict=True) if x.get("in_lct_value")), Decimal(0))
        over = max(value - Decimal(tax["lct"]["threshold"]), Decimal(0))
        total += _round(Fraction(over) * Fraction(10, 11) * Fraction(tax["lct"]["rate"]), currency)
    for component in tax.get("components", []):
        total += _round(_base(data, component, gross) * Fraction(component["rate"]), currency)
    return total


def _base(data: dict[str, Any], component: dict[str, Any], gross: list[Decimal]) -> Fraction:
    if component.get("base") == "cap_reduction":
        return Fraction(data["finance"]["cap_cost_reduction"])
    taxed: dict[str, Fraction] = {}
    for amount, line in zip(gross, data["lines"], strict=True):
        group = line.get("tax_group", "vehicle")
        if line.get("taxable") and group in component.get("tax_groups", [group]):
            taxed[group] = taxed.get(group, Fraction(0)) + Fraction(amount)
    allowances = sum((Fraction(x["allowance"]) for x in data["trade_ins"] if x["tax_credit_eligible"]), Fraction(0))
    off = {"full": allowances, "none": Fraction(0), "capped": min(allowances, Fraction(12000))}[
        component["trade_in_credit"]
    ]
    if not component.get("rebate_taxable", True):
        off += sum((Fraction(x["amount"]) for x in data["rebates"] if x["assigned_to_dealer"]), Fraction(0))
    if "vehicle" in taxed:
        taxed["vehicle"] = max(taxed["vehicle"] - off, Fraction(0))
    base = sum(taxed.values(), Fraction(0))
    return min(base, Fraction(component["base_cap"])) if "base_cap" in component else base
