"""What a deal must come to in the books, worked out from posting-rules.md alone: plain decimals and fractions, and no
helper of ours.

`expect` gives the taxes, the invoice, the gross, the commissions and the sums of the sale's lines by part, role, tax
code and location. Nothing here imports the posting rules, nor the arithmetic that the samples are settled with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from dealbooks.deal import Chargeback, Deal, SaleLine, TaxComponent, TradeIn

NO_DECIMALS, THREE_DECIMALS = {"JPY"}, {"KWD", "BHD"}
CAR, FEES = {"vehicle", "discount", "recharge"}, {"doc_fee", "admin_fee", "delivery_fee"}
INCOME = {
    "accessory": "sales.accessories", "doc_fee": "income.doc_fee", "admin_fee": "income.admin_fee",
    "delivery_fee": "income.admin_fee", "fi_product": "income.fi_products", "auction_fee": "expense.auction_fees",
    "government_fee": "payable.government_fees", "lessor_fee": "payable.lessor",
    "recycling_deposit": "asset.recycling_deposit",
}  # fmt: skip
CLASSES = {
    "new": ("new_vehicle", "new_vehicle"), "demo": ("new_vehicle", "new_vehicle"),
    "used": ("used_vehicle", "used_vehicle"), "cpo": ("used_vehicle", "used_vehicle"),
    "lease": ("new_vehicle_lease", "new_vehicle"), "wholesale": ("used_wholesale", "used_vehicle"),
}  # fmt: skip

ZERO, ONE = Decimal(0), Decimal(1)

# (part, role, tax code, location) -> debit less credit
Sums = dict[tuple[str, str, str | None, str], Decimal]


@lru_cache(maxsize=64)
def digits(currency: str) -> int:
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


@lru_cache(maxsize=64)
def unit_of(currency: str) -> Decimal:
    return Decimal(1).scaleb(-digits(currency))


def rounded(value: Decimal | Fraction, currency: str, mode: str = "half_up") -> Decimal:
    """Half up is away from nil, floor is towards nil."""
    if isinstance(value, Decimal):
        return value.quantize(unit_of(currency), ROUND_HALF_UP if mode == "half_up" else ROUND_DOWN)
    units = abs(value) * 10 ** digits(currency)
    whole, rest = divmod(units.numerator, units.denominator)
    if mode == "half_up" and rest * 2 >= units.denominator:
        whole += 1
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits(currency))


@lru_cache(maxsize=64)
def inside(rate: str) -> Fraction:
    """The part of a price that is tax: r / (1 + r)."""
    return Fraction(rate) / (1 + Fraction(rate))


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


@dataclass
class Tax:
    """One row of the tax summary."""

    code: str
    base: Decimal
    amount: Decimal
    role: str
    shown: bool


@dataclass
class Expected:
    """The figures of one version of a deal, and the sums of its sale."""

    gross: list[Decimal]
    tax_in: list[Decimal]
    taxes: list[Tax]
    total: Decimal
    rounding: Decimal
    margin: Decimal | None
    margin_vat: Decimal
    front: Decimal
    back: Decimal
    commissions: list[tuple[str, str, Decimal]]
    plans: list[Decimal]
    sale: Sums = field(default_factory=dict)
    costs: Sums = field(default_factory=dict)


def expect(deal: Deal, *, net: bool = False) -> Expected:
    """Everything that the rules make of this version; `net` is the presentation of F&I products as an agency."""
    return _Oracle(deal, net).expected()


def charge_back(deal: Deal, want: Expected, taken: Decimal, item: Chargeback) -> tuple[Sums, Decimal]:
    """What a chargeback posts, after `taken` of the back gross was charged back before; and how much more it takes:
    the provision or the income bears it less the tax in it, and commission is paid on the back gross that is left."""
    oracle, here = _Oracle(deal, net=False), deal.location
    line = next((line for line in deal.lines if line.line_id == item.line_id), None)
    code = deal.finance.reserve_tax_code if line is None and deal.finance is not None else None
    if line is not None and line.kind == "insurance":
        code = line.commission_tax_code
    part = inside(deal.tax.rates[code]) if code is not None else Fraction(0)
    tax = rounded(Fraction(item.amount) * part, deal.currency, deal.tax.mode)
    bearer = "income.chargebacks" if deal.chargeback_reserve is None else "liability.chargeback_reserve"
    sums: Sums = defaultdict(Decimal)
    sums["chargeback", bearer, None, here] += item.amount
    sums["chargeback", "receivable.finance_reserve" if line is None else "payable.fi_provider", None, here] -= (
        item.amount
    )
    sums["commission_tax", "tax.output", code, here] += tax
    sums["commission_tax", bearer, code, here] -= tax
    more = item.amount - tax
    paid = oracle.commissions(want.front, want.back - taken)[1]
    due = iter(oracle.commissions(want.front, want.back - taken - more)[1])
    before = iter(paid)
    for plan in deal.commission_plans:
        for place in [split.location for split in plan.splits] or [None]:
            back = next(before)[2] - next(due)[2]
            sums["clawback", f"expense.commission_{plan.role}", None, place or here] -= back
            sums["clawback", "payable.commission", None, place or here] += back
    return {key: amount for key, amount in sums.items() if amount}, more


class _Oracle:
    def __init__(self, deal: Deal, net: bool) -> None:
        self.deal, self.net = deal, net
        self.currency, self.base = deal.currency, deal.base_currency
        self.foreign = self.currency != self.base
        self.rate = deal.fx_rate if self.foreign and deal.fx_rate is not None else ONE
        self.lines = deal.lines
        self.gross = [rounded(x.quantity * x.unit_price, self.currency) for x in self.lines]
        self.tax_in = [ZERO] * len(self.lines)
        self.taxes: list[Tax] = []
        self.margin: Decimal | None = None
        self.margin_code: str | None = None
        self.margin_vat = ZERO
        self.commission_tax: list[tuple[str, int | None, Decimal, Decimal]] = []

    def cost(self, line: SaleLine) -> Decimal:
        currency = self.currency if line.kind == "insurance" else self.base
        return rounded(line.quantity * (line.cost or ZERO), currency)

    def in_base(self, amount: Decimal) -> Decimal:
        return rounded(amount * self.rate, self.base) if self.foreign else amount

    # Taxes

    def tax(self) -> None:
        if self.deal.tax.regime == "additive":
            self.taxes = [self.component(part) for part in self.deal.tax.components]
        elif self.deal.tax.regime == "inclusive":
            self.inclusive()

    def component(self, part: TaxComponent) -> Tax:
        """On top: price less credits for the car's group, others whole, then the cap; rounded by line or at once."""
        pieces = self.pieces(part)
        base = total(pieces)
        if part.base_cap is not None and base > part.base_cap:
            base = part.base_cap
            pieces = [base]
        if self.deal.tax.rounding == "document":
            pieces = [base]
        tax = [rounded(piece * part.rate, self.currency, self.deal.tax.mode) for piece in pieces]
        return Tax(part.code, base, total(tax), part.role, True)

    def pieces(self, part: TaxComponent) -> list[Decimal]:
        deal = self.deal
        if part.base == "cap_reduction":
            assert deal.finance is not None and deal.finance.cap_cost_reduction is not None
            return [deal.finance.cap_cost_reduction]
        taxed = [
            (line.tax_group, amount)
            for line, amount in zip(self.lines, self.gross, strict=True)
            if line.taxable and (part.tax_groups is None or line.tax_group in part.tax_groups)
        ]
        car = [amount for group, amount in taxed if group == "vehicle"]
        others = [amount for group, amount in taxed if group != "vehicle"]
        allowed = total(x.allowance for x in deal.trade_ins if x.tax_credit_eligible)
        credit = {"full": allowed, "none": ZERO, "capped": min(allowed, part.trade_in_credit_cap or ZERO)}
        off = credit[part.trade_in_credit]
        if not part.rebate_taxable:
            off += total(x.amount for x in deal.rebates if x.assigned_to_dealer)
        if total(car) <= off:
            return others
        return [*car, *([-off] if off else []), *others]

    def inclusive(self) -> None:
        tax = self.deal.tax
        for code, written in tax.rates.items():
            places = [i for i, line in enumerate(self.lines) if line.tax_code == code]
            if not places:
                continue
            if written == "margin":
                self.scheme(code, places)
            elif inside(written):
                self.spread(places, inside(written))
                amount = total(self.tax_in[i] for i in places)
                base = total(self.gross[i] for i in places) - amount
                self.taxes.append(Tax(code, base, amount, "tax.output", True))
        if tax.lct is not None:
            value = total(g for x, g in zip(self.lines, self.gross, strict=True) if x.in_lct_value)
            over = value - tax.lct.threshold
            due = rounded(Fraction(max(over, ZERO)) * 10 / 11 * Fraction(tax.lct.rate), self.currency, tax.lct.rounding)
            if due:
                self.taxes.append(Tax("AU-LCT", over, due, "tax.lct", True))
        self.commissions_taxed()

    def spread(self, places: list[int], part: Fraction) -> None:
        """By line, or once on the sum and back to the lines by largest remainder, whichever way a line points."""
        mode = self.deal.tax.mode
        exact = [Fraction(self.gross[i]) * part for i in places]
        if self.deal.tax.rounding == "line":
            for i, value in zip(places, exact, strict=True):
                self.tax_in[i] = rounded(value, self.currency, mode)
            return
        unit = unit_of(self.currency)
        cut = [rounded(value, self.currency, "floor") for value in exact]
        left = (rounded(sum(exact, Fraction(0)), self.currency, mode) - total(cut)) / unit
        sign = 1 if left > 0 else -1
        order = sorted(range(len(cut)), key=lambda n: (-abs(exact[n] - Fraction(cut[n])), n))
        for n in order[: abs(int(left))]:
            cut[n] += sign * unit
        for i, tax in zip(places, cut, strict=True):
            self.tax_in[i] = tax

    def scheme(self, code: str, places: list[int]) -> None:
        """VAT on the margin, per car; nil at a loss."""
        self.margin_code = code
        bought = self.deal.vehicle.stock_book_purchase_price or ZERO
        self.margin = total(self.gross[i] for i in places) - bought
        vat = Fraction(max(self.margin, ZERO)) * inside(str(self.deal.tax.margin_rate))
        self.margin_vat = rounded(vat, self.currency, self.deal.tax.mode)
        self.taxes.append(Tax(code, self.margin, self.margin_vat, "tax.margin", False))

    def commissions_taxed(self) -> None:
        deal = self.deal
        given: list[tuple[str | None, int | None, Decimal]] = []
        if deal.finance is not None:
            given.append((deal.finance.reserve_tax_code, None, deal.finance.reserve))
        for i, line in enumerate(self.lines):
            if line.kind == "insurance":
                given.append((line.commission_tax_code, i, self.gross[i] - self.tax_in[i] - self.cost(line)))
        rows: dict[str, Tax] = {}
        for code, place, amount in given:
            if code is None or not amount or not inside(deal.tax.rates[code]):
                continue
            tax = rounded(Fraction(amount) * inside(deal.tax.rates[code]), self.currency, deal.tax.mode)
            self.commission_tax.append((code, place, amount, tax))
            row = rows.setdefault(code, Tax(code, ZERO, ZERO, "tax.output", False))
            row.base += amount - tax
            row.amount += tax
        self.taxes += rows.values()

    # Gross and commission

    def second_hand(self) -> Decimal:
        rule = self.deal.vehicle.second_hand_credit
        if rule is None:
            return ZERO
        on_sale = total(t for x, t in zip(self.lines, self.tax_in, strict=True) if x.kind in CAR)
        paid = rounded(Fraction(rule.purchase_price) * rule.fraction, self.currency)
        return max(min(paid, on_sale), ZERO)

    def gross_profit(self) -> tuple[Decimal, Decimal]:
        deal, car = self.deal, self.deal.vehicle
        front = back = ZERO
        for line, gross, tax in zip(self.lines, self.gross, self.tax_in, strict=True):
            net = gross - tax
            if line.kind in CAR or (line.kind in FEES and deal.include_fees_in_front):
                front += self.in_base(net)
            elif line.kind == "accessory":
                front += self.in_base(net) - self.cost(line)
            elif line.kind == "fi_product":
                back += self.in_base(net) - self.cost(line)
            elif line.kind == "insurance":
                back += self.in_base(net - self.cost(line))
        front -= self.margin_vat
        front -= total(self.in_base(x.allowance - x.acv) for x in deal.trade_ins)
        front -= (car.cost or ZERO) + car.recon_cost - self.second_hand()
        front += total(x.amount for x in deal.dealer_incentives)
        if deal.finance is not None:
            back += self.in_base(deal.finance.reserve)
        back -= total(self.in_base(tax) for *_, tax in self.commission_tax)
        return front, back

    def commissions(self, front: Decimal, back: Decimal) -> tuple[list[Decimal], list[tuple[str, str, Decimal]]]:
        plans: list[Decimal] = []
        found: list[tuple[str, str, Decimal]] = []
        for plan in self.deal.commission_plans:
            if plan.base == "flat":
                amount = plan.flat or ZERO
            else:
                basis = {"front": front, "back": back, "total": front + back}[plan.base]
                amount = (basis - plan.pack) * (plan.rate or ZERO)
            amount = max(amount, plan.minimum) if plan.minimum is not None else amount
            amount = min(amount, plan.maximum) if plan.maximum is not None else amount
            amount = rounded(max(amount, ZERO), self.base)
            plans.append(amount)
            unit = unit_of(self.base)
            people = [(split.person, split.share) for split in plan.splits] or [("HOUSE", ONE)]
            parts = [rounded(amount * share, self.base, "floor") for _, share in people]
            left = int((amount - total(parts)) / unit)
            order = sorted(range(len(parts)), key=lambda n: (parts[n] - amount * people[n][1], n))
            for n in order[:left]:
                parts[n] += unit
            found += [(plan.plan_id, person, part) for (person, _), part in zip(people, parts, strict=True)]
        return plans, found

    # The sale

    def expected(self) -> Expected:
        deal = self.deal
        self.tax()
        on_top = total(x.amount for x in self.taxes if deal.tax.regime == "additive" or x.role == "tax.lct")
        computed = total(self.gross) + on_top
        signed = computed if deal.contract_total is None else deal.contract_total
        front, back = self.gross_profit()
        plans, commissions = self.commissions(front, back)
        found = Expected(
            self.gross, self.tax_in, self.taxes, signed, signed - computed, self.margin, self.margin_vat, front, back,
            commissions, plans,
        )  # fmt: skip
        sale: Sums = defaultdict(Decimal)
        costs: Sums = defaultdict(Decimal) if self.foreign else sale
        self.write_invoice(sale, found)
        self.write_car(costs)
        self.write_settlement(sale)
        self.write_income(sale, costs, found)
        found.sale = {key: amount for key, amount in sale.items() if amount}
        found.costs = {key: amount for key, amount in costs.items() if amount} if self.foreign else {}
        return found

    def write_invoice(self, sale: Sums, found: Expected) -> None:
        here = self.deal.location
        sales = f"sales.{CLASSES[self.deal.sale_class][0]}"
        sale["invoice", "receivable.customer", None, here] += found.total
        sale["invoice", "rounding.difference", None, here] -= found.rounding
        for line, gross, tax in zip(self.lines, self.gross, self.tax_in, strict=True):
            net, cost = gross - tax, self.cost(line)
            if line.kind == "insurance" or (self.net and line.kind == "fi_product"):
                sale["invoice", "payable.fi_provider", line.tax_code, here] -= cost
                sale["invoice", "income.insurance_commission", line.tax_code, here] -= net - cost
            else:
                sale["invoice", sales if line.kind in CAR else INCOME[line.kind], line.tax_code, here] -= net
        for row in self.taxes:
            if row.shown:
                sale["invoice", row.role, row.code, here] -= row.amount
        sale["margin_vat", sales, self.margin_code, here] += self.margin_vat
        sale["margin_vat", "tax.margin", self.margin_code, here] -= self.margin_vat
        for code, place, _, tax in self.commission_tax:
            income = "income.finance_reserve" if place is None else "income.insurance_commission"
            sale["commission_tax", income, code, here] += tax
            sale["commission_tax", "tax.output", code, here] -= tax

    def write_car(self, costs: Sums) -> None:
        deal, car, here = self.deal, self.deal.vehicle, self.deal.location
        sold, stocked = CLASSES[deal.sale_class]
        cost, recon = (car.cost or ZERO), car.recon_cost
        there = car.stock_location or here
        costs["cost", f"cost_of_sales.{sold}", None, here] += cost
        costs["cost", "cost_of_sales.reconditioning", None, here] += recon
        costs["cost", f"inventory.{stocked}", None, there] -= cost + recon
        costs["cost", "interbranch.clearing", None, here] -= cost + recon
        costs["cost", "interbranch.clearing", None, there] += cost + recon
        for line in self.lines:
            if line.kind == "accessory":
                costs["cost", "cost_of_sales.accessories", None, here] += self.cost(line)
                costs["cost", "inventory.parts", None, here] -= self.cost(line)
        if car.second_hand_credit is not None:
            code = car.second_hand_credit.tax_code
            costs["second_hand_credit", "tax.input", code, here] += self.second_hand()
            costs["second_hand_credit", f"cost_of_sales.{sold}", code, here] -= self.second_hand()
        for incentive in deal.dealer_incentives:
            costs["incentive", "receivable.manufacturer", None, here] += incentive.amount
            costs["incentive", f"cost_of_sales.{sold}", None, here] -= incentive.amount

    def write_settlement(self, sale: Sums) -> None:
        deal, here = self.deal, self.deal.location
        for trade in deal.trade_ins:
            allowance, acv, payoff = trade.allowance, trade.acv, trade.payoff
            inside, on_top = credit_at_sale(trade, self.currency), (trade.input_tax_amount or ZERO)
            sale["trade", "inventory.used_vehicle", None, here] += acv - inside
            sale["trade", "sales.over_allowance", None, here] += allowance - acv
            sale["trade", "tax.input", trade.input_tax_code, here] += inside + on_top
            sale["trade", "payable.trade_payoff", None, here] -= payoff
            sale["trade", "receivable.customer", None, here] -= allowance - payoff + on_top
        for deposit in deal.deposits:
            sale["deposit", "payable.customer_deposits", None, here] += deposit.amount
            sale["deposit", "receivable.customer", None, here] -= deposit.amount
        for rebate in deal.rebates:
            if rebate.assigned_to_dealer:
                sale["rebate", "receivable.manufacturer", None, here] += rebate.amount
                sale["rebate", "receivable.customer", None, here] -= rebate.amount
        finance = deal.finance
        if finance is not None:
            kept, financed = finance.withheld_by_lessor, finance.amount_financed
            sale["finance", finance.receivable_role, None, here] += financed - kept
            sale["finance", "payable.lessor", None, here] += kept
            sale["finance", "receivable.customer", None, here] -= financed
            sale["reserve", "receivable.finance_reserve", None, here] += finance.reserve
            sale["reserve", "income.finance_reserve", finance.reserve_tax_code, here] -= finance.reserve

    def write_income(self, sale: Sums, costs: Sums, found: Expected) -> None:
        deal, here = self.deal, self.deal.location
        for line in self.lines:
            if line.kind == "fi_product" and not self.net:
                costs["fi_cost", "cost_of_sales.fi_products", None, here] += self.cost(line)
                costs["fi_cost", "payable.fi_provider", None, here] -= self.cost(line)
        if deal.chargeback_reserve is not None:
            provision = rounded(max(found.back, ZERO) * deal.chargeback_reserve.rate, self.base)
            costs["chargeback_reserve", "income.chargebacks", None, here] += provision
            costs["chargeback_reserve", "liability.chargeback_reserve", None, here] -= provision
        shares = iter(found.commissions)
        for plan in deal.commission_plans:
            for place in [split.location for split in plan.splits] or [None]:
                amount = next(shares)[2]
                costs["commission", f"expense.commission_{plan.role}", None, place or here] += amount
                costs["commission", "payable.commission", None, place or here] -= amount


def credit_at_sale(trade: TradeIn, currency: str) -> Decimal:
    """New Zealand: the fraction of what was paid by set-off; an open payoff is not paid yet."""
    paid = max(trade.allowance - trade.payoff, ZERO)
    return rounded(Fraction(paid) * (trade.input_tax_fraction or 0), currency)


def credit_at_payoff(trade: TradeIn, currency: str) -> Decimal:
    """The rest of the fraction of the whole allowance, taken when the payoff is paid."""
    whole = rounded(Fraction(trade.allowance) * (trade.input_tax_fraction or 0), currency)
    return whole - credit_at_sale(trade, currency)


def deposit_tax(deal: Deal, want: Expected, received: Decimal, amount: Decimal) -> tuple[str, str, Decimal] | None:
    """Role, code and VAT of a deposit that came in an earlier VAT period than its sale, after `received` of others: on
    what it pays of the car and all that shares its code; of a scheme car only on what exceeds its purchase price."""
    code = next(line.tax_code for line in deal.lines if line.kind == "vehicle")
    if deal.tax.regime != "inclusive" or code is None:
        return None
    price = total(gross for line, gross in zip(deal.lines, want.gross, strict=True) if line.tax_code == code)
    role, rate, free = "tax.output", deal.tax.rates[code], ZERO
    if rate == "margin":
        role, rate, free = "tax.margin", str(deal.tax.margin_rate), deal.vehicle.stock_book_purchase_price or ZERO
    taxed = max(min(received + amount, price) - free, ZERO) - max(min(received, price) - free, ZERO)
    due = rounded(Fraction(taxed) * inside(rate), deal.currency, deal.tax.mode)
    return (role, code, due) if due else None


def exact(amount: Decimal) -> Decimal:
    """A posted amount, which is a Decimal and nothing else."""
    assert type(amount) is Decimal, amount
    return amount
