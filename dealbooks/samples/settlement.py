"""How a deal is settled: part-exchange, deposits, rebates, the finance contract, payments, and what is left."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from dealbooks.money import minor_digits, minor_unit
from dealbooks.samples.cars import identity
from dealbooks.samples.dice import Dice
from dealbooks.samples.sketch import Data, Sketch
from dealbooks.samples.totals import invoice_total, settled

METHODS = ("cash", "card", "bank_transfer", "cheque", "cashier_cheque", "direct_debit")
_IN_TRANSIT = frozenset({"us", "ca"})
_TERMS = (24, 36, 48, 60, 72)
_NOUGHT = Decimal(0)


def draw_settlement(sketch: Sketch) -> None:
    """Fill in everything that settles the invoice; the customer's account ends at `balance_due`."""
    dice, data = sketch.dice, sketch.data
    bare = "bare" in sketch.shape.also
    if not bare and dice.percent(10 if sketch.foreign else 45):
        data["trade_ins"] = [_trade(sketch, number) for number in range(dice.weighted((1, 2), (85, 15)))]
        _one_credit(sketch)
    if dice.percent(35):
        data["deposits"] = [_deposit(sketch, number) for number in range(1, dice.weighted((1, 2), (80, 20)) + 1)]
    if not bare:
        _rebates(sketch)
    if not bare and sketch.shape.finance[-1]:
        _finance(sketch)
    data["contract_total"] = _signed(sketch)
    if data["contract_total"] is None:
        del data["contract_total"]
    _payments(sketch)


def left_to_pay(data: Data) -> Decimal:
    """What is left on the customer's account: the signed total counts where there is one."""
    whole = data["contract_total"] if data.get("contract_total") is not None else invoice_total(data)
    return whole - settled(data)


def _trade(sketch: Sketch, number: int) -> Data:
    dice, market = sketch.dice, sketch.market
    allowance = sketch.amount(200, 18_000)
    trade: Data = {"stock_no": f"U{sketch.number:06d}{'AB'[number]}", "allowance": allowance}
    trade |= identity(dice, sketch.number, "PR"[number], used=True)
    if dice.percent(30):
        trade["registration"] = f"{dice.pick('LMNPSVWY')}{dice.pick('ABCDEFG')}{dice.whole(10, 25)} XYZ"
    worth = dice.weighted((100, 90, 108, 0), (40, 38, 20, 2))
    trade["acv"] = sketch.part(allowance, worth - dice.whole(0, 20) if worth == 90 else worth)
    if dice.percent(50):
        trade |= {
            "payoff": sketch.part(allowance, dice.whole(10, 150)),
            "lienholder": dice.pick(("BANK-1", "LENDER-1")),
        }
        if not trade["payoff"]:
            trade["payoff"] = minor_unit(sketch.currency)
        if dice.percent(40):
            paid = {"date": dice.after(sketch.delivered, 1, 20), "method": "bank_transfer"}
            trade["payoff_paid"] = paid
        elif dice.percent(40):
            trade["payoff_good_until"] = dice.after(sketch.delivered, 5, 20)
    tax = market.traded_in
    if tax is None or sketch.foreign:
        return trade
    if tax.inside is not None and dice.percent(70):
        trade |= {"seller_tax_status": "unregistered", "input_tax_fraction": tax.inside, "input_tax_code": tax.code}
    elif tax.on_top is not None and dice.percent(30):
        on_top = (allowance * tax.on_top).quantize(minor_unit(sketch.currency), ROUND_HALF_UP)
        trade |= {"seller_tax_status": "registrant", "input_tax_amount": on_top, "input_tax_code": tax.code}
        trade["tax_credit_eligible"] = False
    return trade


def _one_credit(sketch: Sketch) -> None:
    """Where the credit is capped, one traded car alone counts; elsewhere a leased car handed in at times does not."""
    capped = any(component.trade_in_credit == "capped" for component in sketch.market.tax.components)
    for number, trade in enumerate(sketch.data["trade_ins"]):
        if (capped and number) or sketch.dice.percent(8):
            trade["tax_credit_eligible"] = False


def _deposit(sketch: Sketch, number: int) -> Data:
    dice = sketch.dice
    return {
        "receipt_id": f"D{sketch.number:06d}-{number}",
        "amount": sketch.amount(20, 900),
        "method": dice.pick(METHODS),
        "date": dice.after(sketch.delivered, -30, 0),
    }


def _rebates(sketch: Sketch) -> None:
    dice, data = sketch.dice, sketch.data
    if dice.percent(30):
        data["rebates"] = [
            {"program": f"OEM-{number}", "amount": sketch.amount(50, 1200), "assigned_to_dealer": dice.percent(75)}
            for number in range(1, dice.whole(1, 2) + 1)
        ]
    if dice.percent(20):
        amount = sketch.base_amount(50, 900)
        # An incentive has as many decimals as both currencies have.
        digits = min(minor_digits(sketch.base), minor_digits(sketch.currency))
        data["dealer_incentives"] = [{"program": "OEM-CASH", "amount": round(amount, digits)}]
        if not data["dealer_incentives"][0]["amount"]:
            del data["dealer_incentives"]


def _finance(sketch: Sketch) -> None:
    dice, data, shape = sketch.dice, sketch.data, sketch.shape
    kind = dice.pick(shape.finance)
    if not kind:
        return
    role = "contracts_in_transit" if sketch.region in _IN_TRANSIT else "finance_company"
    finance: Data = {"type": kind, "lender": "LENDER-1", "receivable_role": f"receivable.{role}"}
    finance["term_months"] = dice.pick(_TERMS)
    if kind == "lease":
        finance |= _lease(sketch)
        data["finance"] = finance
    else:
        left = left_to_pay(data)
        if left <= 0:
            for group in ("trade_ins", "deposits", "rebates"):
                data.pop(group, None)
            left = left_to_pay(data)
        financed = left if dice.percent(25) else sketch.part(left, dice.whole(30, 99)).quantize(Decimal(1), ROUND_DOWN)
        data["finance"] = finance | {"amount_financed": financed or left}
    if dice.percent(75):
        data["finance"]["reserve"] = sketch.amount(40, 1800)
        code = sketch.market.codes.get("reserve")
        if code is not None and dice.percent(85):
            data["finance"]["reserve_tax_code"] = code
    if dice.percent(30):
        data["fundings"] = _fundings(sketch, data["finance"])


def _lease(sketch: Sketch) -> Data:
    """Adjusted cap cost = gross cap cost less cap reduction = amount financed; the lessor keeps its own fees."""
    data, dice = sketch.data, sketch.dice
    fees = [line["unit_price"] for line in data["lines"] if line["kind"] == "lessor_fee"]
    price = data["lines"][0]["unit_price"]
    gross = price + (fees[0] if fees else _NOUGHT)
    reduction = _NOUGHT if dice.percent(15) else sketch.part(price, dice.whole(1, 20))
    financed = gross - reduction
    kept = sum(fees, _NOUGHT) if dice.percent(80) else _NOUGHT
    return {
        "gross_cap_cost": gross,
        "cap_cost_reduction": reduction,
        "amount_financed": financed,
        "withheld_by_lessor": min(kept, financed),
        "residual": sketch.part(price, dice.whole(35, 60)),
    }


def _fundings(sketch: Sketch, finance: Data) -> list[Data]:
    """The lender's money: the contract, and at times the reserve."""
    dice, number = sketch.dice, sketch.number
    amount = finance["amount_financed"] - finance.get("withheld_by_lessor", _NOUGHT)
    found: list[Data] = []
    if amount:
        day = dice.after(sketch.delivered, 2, 12)
        found.append({"funding_id": f"F{number:06d}", "kind": "contract", "amount": amount, "date": day})
    if finance.get("reserve") and dice.percent(50):
        day = dice.after(sketch.delivered, 20, 40)
        found.append({"funding_id": f"R{number:06d}", "kind": "reserve", "amount": finance["reserve"], "date": day})
    return found


def _signed(sketch: Sketch) -> Decimal | None:
    """The total that was signed: mostly what the deal comes to, at times a few minor units off it."""
    dice, data = sketch.dice, sketch.data
    if not dice.percent(35):
        return None
    whole, unit = invoice_total(data), minor_unit(sketch.currency)
    if dice.percent(60):
        return whole
    most = 2 if minor_digits(sketch.currency) == 0 else 5
    if dice.percent(30):
        most *= 2
        data["rounding_tolerance"] = most * unit
    return max(whole + dice.whole(-most, most) * unit, _NOUGHT)


def _payments(sketch: Sketch) -> None:
    dice, data = sketch.dice, sketch.data
    left = left_to_pay(data)
    if left > 0:
        paying = left if dice.percent(82) else sketch.part(left, dice.whole(0, 99))
        parts = _in_parts(dice, paying, dice.weighted((1, 2, 3), (70, 22, 8)), minor_unit(sketch.currency))
        data["payments"] = [_payment(sketch, number, amount) for number, amount in enumerate(parts, 1)]
        left -= paying
    data["balance_due"] = left


def _payment(sketch: Sketch, number: int, amount: Decimal) -> Data:
    dice = sketch.dice
    day: date = dice.after(sketch.delivered, 0, 25)
    payment: Data = {
        "receipt_id": f"P{sketch.number:06d}-{number}",
        "amount": amount,
        "method": dice.pick(METHODS),
        "date": day,
    }
    if sketch.foreign:
        payment["fx_rate"] = sketch.rate * dice.whole(930, 1070) / 1000
    return payment


def _in_parts(dice: Dice, whole: Decimal, parts: int, unit: Decimal) -> list[Decimal]:
    """An amount in so many parts, each above nil."""
    found: list[Decimal] = []
    left = int(whole / unit)
    for others in range(parts - 1, 0, -1):
        if left <= others:
            break
        some = dice.whole(1, left - others)
        found.append(some * unit)
        left -= some
    return [amount for amount in (*found, left * unit) if amount]
