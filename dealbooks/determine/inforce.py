"""The rules of a rulebook that are in force on a day, indexed for look-up. Built once between two changes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from dealbooks.determine.dated import Dated, occurs, words
from dealbooks.determine.rulebook import Rulebook
from dealbooks.determine.rules import (
    CommissionSettings,
    Defaults,
    FeeRule,
    LenderRule,
    LienholderRule,
    LocationRule,
    PassThroughRule,
    PersonRule,
    PlanRule,
    ProductRule,
    RebateRule,
)
from dealbooks.determine.tax_rules import (
    BandTable,
    ExemptionRule,
    JurisdictionRule,
    LineTaxRule,
    TradeInCreditRule,
    TradeInSellerRule,
)

R = TypeVar("R", bound=Dated)
_NAMES_KEPT = 4096

_words = lru_cache(maxsize=_NAMES_KEPT)(words)


class InForce:
    """Look-ups among the rules of one day. Every method answers None when no rule holds."""

    def __init__(self, rulebook: Rulebook, day: date) -> None:
        def held(rules: Iterable[R]) -> list[R]:
            return [rule for rule in rules if rule.covers(day)]

        def keyed(rules: Iterable[R]) -> dict[Hashable, R]:
            return {key: rule for rule in held(rules) for key in rule.answers_for()}

        tax, finance, pay = rulebook.tax, rulebook.finance, rulebook.commissions
        self.name = rulebook.rulebook
        self.defaults: Defaults | None = next(iter(held(rulebook.defaults)), None)
        self.passthrough: PassThroughRule | None = next(iter(held(rulebook.passthrough)), None)
        self.commission: CommissionSettings | None = next(iter(held(pay.settings)), None)
        self.acquisitions = keyed(tax.acquisitions)
        self.schemes = keyed(tax.schemes)
        self.exemptions: list[ExemptionRule] = held(tax.exemptions)
        self._sellers: dict[Hashable, TradeInSellerRule] = keyed(tax.trade_in_sellers)
        self._bands: dict[tuple[str, str, str], BandTable] = {
            (table.key, driven, sale_class): table
            for table in held(tax.bands)
            for driven in table.powertrains or ("",)
            for sale_class in table.sale_classes or ("",)
        }
        self._credits: dict[str, dict[str, TradeInCreditRule]] = {}
        for credit in held(tax.trade_in_credits):
            for code in credit.components:
                self._credits.setdefault(code, {}).update(dict.fromkeys(credit.sellers or ("",), credit))
        self.second_hand = keyed(rulebook.second_hand)
        self.trade_in_tax = keyed(rulebook.trade_in_tax)
        self.destinations = held(rulebook.destinations)
        luxury = rulebook.luxury_car_tax
        self.luxury_thresholds, self.luxury_free = held(luxury.thresholds), held(luxury.free)
        self.luxury_value = next(iter(held(luxury.value)), None)
        self._locations: dict[Hashable, LocationRule] = keyed(rulebook.locations)
        self._jurisdictions: dict[Hashable, JurisdictionRule] = keyed(tax.jurisdictions)
        self._lines: dict[Hashable, LineTaxRule] = keyed(tax.lines)
        self._rebates: dict[Hashable, RebateRule] = keyed(rulebook.rebates)
        self._plans: dict[Hashable, PlanRule] = keyed(pay.plans)
        self._persons: dict[Hashable, PersonRule] = keyed(pay.persons)
        self._fees = [(name, rule) for rule in held(rulebook.fees) for name in rule.names]
        self._products: list[ProductRule] = held(rulebook.products)
        self._lenders: list[LenderRule] = held(finance.lenders)
        self._lienholders: list[LienholderRule] = held(finance.lienholders)
        self.roles = tuple(dict.fromkeys(plan.role for plan in held(pay.plans)))
        self._areas: dict[str, list[tuple[str, JurisdictionRule]]] = {}
        self._region_names: dict[str, str] = {}
        for rule in held(tax.jurisdictions):
            for region in rule.regions:
                self._region_names[region] = region
                self._region_names.setdefault(region.rpartition("-")[2], region)
                areas = self._areas.setdefault(region, [])
                areas.extend((code, rule) for code in rule.postcodes or ("",))
        parts = [region.partition("-") for region in self._areas]
        self._code_lengths: dict[str, set[int]] = {}
        for nation, _, part in parts:
            self._code_lengths.setdefault(nation, set()).update({len(part)} - {0})
        self._country = parts[0][0] if len(self._code_lengths) == 1 else ""
        self._blocks: dict[int, dict[str, Any]] = {}
        self._matched: dict[Hashable, Any] = {}

    def location(self, store_code: str) -> LocationRule | None:
        """The location of a store code, or of the location's own name."""
        code = store_code.strip()
        return self._locations.get(("store", code.upper())) or self._locations.get(("location", code))

    def only_location(self) -> LocationRule | None:
        """The location, when the rulebook has just one."""
        found = {rule.location: rule for rule in self._locations.values()}
        return next(iter(found.values())) if len(found) == 1 else None

    def region(self, region: str, country: str) -> str:
        """The region as the rulebook writes it: FL or US-FL for US-FL. Any other region of a country that is listed
        itself is that country (buyers from elsewhere in it), if it is written as the listed ones are: as a code, not
        as a name. Empty when it is none of these."""
        code = region.strip().upper()
        if "-" not in code:
            code = f"{country.strip().upper() or self._country}-{code}".lstrip("-")
        listed = self._region_names.get(code) or self._region_names.get(region.strip().upper())
        if listed:
            return listed
        nation, _, part = code.partition("-")
        return self._region_names.get(nation, "") if len(part) in self._code_lengths.get(nation, ()) else ""

    def jurisdiction(self, key: str, deal_type: str) -> JurisdictionRule | None:
        """A jurisdiction by its key."""
        return self._jurisdictions.get((key, deal_type)) or self._jurisdictions.get((key, "all"))

    def jurisdiction_at(self, region: str, postcode: str, deal_type: str) -> JurisdictionRule | None:
        """The jurisdiction of an address: the longest beginning of the postcode wins."""
        key = ("area", region, postcode, deal_type)
        if key not in self._matched:
            code = postcode.strip().upper()
            best: tuple[int, JurisdictionRule] | None = None
            for start, rule in self._areas.get(region, ()):
                fits = code.startswith(start) and (rule.deal_types is None or deal_type in rule.deal_types)
                if fits and (best is None or len(start) > best[0]):
                    best = (len(start), rule)
            self._keep(key, best[1] if best else None)
        found: JurisdictionRule | None = self._matched[key]
        return found

    def tax_block(self, rule: JurisdictionRule) -> dict[str, Any]:
        """The deal's tax of a jurisdiction, in plain values; a copy of its own each time."""
        block = self._blocks.get(id(rule))
        if block is None:
            block = {"regime": rule.regime, "rounding": rule.rounding, "mode": rule.mode}
            if rule.components:
                block["components"] = [one.plain() for one in rule.components]
            if rule.rates:
                block["rates"] = dict(rule.rates)
            if rule.margin_rate is not None:
                block["margin_rate"] = rule.margin_rate
            self._blocks[id(rule)] = block
        own = dict(block)
        if "components" in own:
            own["components"] = [dict(one) for one in own["components"]]
        if "rates" in own:
            own["rates"] = dict(own["rates"])
        return own

    def line_tax(self, kind: str, scheme: str, region: str, deal_type: str) -> LineTaxRule | None:
        """How a kind of line is taxed; a rule for the deal type, the scheme or the region wins over a general one."""
        key = ("line", kind, scheme, region, deal_type)
        if key not in self._matched:
            chosen = (
                self._lines.get((kind, one_scheme, one_region, one_type))
                for one_type in (deal_type, "")
                for one_scheme in (scheme, None)
                for one_region in (region, "")
            )
            self._keep(key, next((rule for rule in chosen if rule is not None), None))
        found: LineTaxRule | None = self._matched[key]
        return found

    def trade_in_credits(self, code: str) -> dict[str, TradeInCreditRule]:
        """The trade-in credit of a tax by the seller's status; the key "" holds for every seller."""
        return self._credits.get(code, {})

    def trade_in_seller(self, tax_status: str, customer_type: str) -> TradeInSellerRule | None:
        """The tax status of a buyer who trades a car in."""
        return self._sellers.get(tax_status) or self._sellers.get(customer_type)

    def bands(self, key: str, powertrain: str, sale_class: str) -> BandTable | None:
        """The band table for a car; one for its powertrain or its class wins over a general one."""
        driven = _words(powertrain)
        for one_driven in (driven, ""):
            for one_class in (sale_class, ""):
                table = self._bands.get((key, one_driven, one_class))
                if table is not None:
                    return table
        return None

    def bands_by_powertrain(self, key: str, sale_class: str) -> list[BandTable]:
        """The band tables of a tax that hold only for some powertrains."""
        return [
            table
            for (name, driven, one_class), table in self._bands.items()
            if name == key and driven and one_class in (sale_class, "")
        ]

    def fee(self, name: str, sale_class: str) -> FeeRule | None:
        """A fee by its name."""
        key = ("fee", name, sale_class)
        if key not in self._matched:
            said = _words(name)
            best: tuple[tuple[int, bool], FeeRule] | None = None
            for phrase, rule in self._fees:
                if (rule.sale_classes and sale_class not in rule.sale_classes) or not occurs(phrase, said):
                    continue
                rank = (len(phrase), bool(rule.sale_classes))
                if best is None or rank > best[0]:
                    best = (rank, rule)
            self._keep(key, best[1] if best else None)
        found: FeeRule | None = self._matched[key]
        return found

    def product(self, kind: str, name: str) -> ProductRule | None:
        """A product by its kind and name; with an empty kind by its name alone."""
        key = ("product", kind, name)
        if key not in self._matched:
            said = _words(name)
            best: tuple[int, ProductRule] | None = None
            for rule in self._products:
                if kind and kind not in rule.products:
                    continue
                for phrase in rule.names or (("",) if kind else ()):
                    if (not phrase or occurs(phrase, said)) and (best is None or len(phrase) > best[0]):
                        best = (len(phrase), rule)
            self._keep(key, best[1] if best else None)
        found: ProductRule | None = self._matched[key]
        return found

    def lender(self, name: str) -> LenderRule | None:
        """A finance company by its id or name."""
        found: LenderRule | None = self._named("lender", self._lenders, name)
        return found

    def lienholder(self, name: str) -> LienholderRule | LenderRule | None:
        """Who is owed a settlement, by id or name; also looked for among the lenders."""
        return self._named("lienholder", self._lienholders, name) or self.lender(name)

    def rebate(self, make: str) -> RebateRule | None:
        """The programme of a make's rebates."""
        return self._rebates.get(_words(make)) or self._rebates.get("")

    def plan(self, role: str, department: str) -> PlanRule | None:
        """The plan of a role in a department."""
        return self._plans.get((role, department)) or self._plans.get((role, ""))

    def person(self, source_id: str) -> PersonRule | None:
        """A person by an id that a source uses."""
        return self._persons.get(source_id.strip().upper())

    def _keep(self, key: Hashable, rule: Dated | None) -> None:
        if len(self._matched) >= _NAMES_KEPT:
            self._matched.clear()
        self._matched[key] = rule

    def _named(self, section: str, rules: list[Any], name: str) -> Any:
        key = (section, name)
        if key not in self._matched:
            said = _words(name)
            best: tuple[int, Any] | None = None
            for rule in rules:
                if said == _words(rule.id):
                    best = (len(said) + 1, rule)
                    break
                for phrase in rule.names:
                    if occurs(phrase, said) and (best is None or len(phrase) > best[0]):
                        best = (len(phrase), rule)
            self._keep(key, best[1] if best else None)
        return self._matched[key]
