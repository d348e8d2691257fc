"""The rules of a rulebook that are in force on a day, indexed for look-up. Built once between two changes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from dealbooks.determine.rulebook import Rulebook
from dealbooks.determine.rules import (
    CommissionSettings,
    Dated,
    Defaults,
    ExemptionRule,
    FeeRule,
    JurisdictionRule,
    LenderRule,
    LienholderRule,
    LineTaxRule,
    LocationRule,
    PassThroughRule,
    PersonRule,
    PlanRule,
    ProductRule,
    RebateRule,
    occurs,
    words,
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
        """The region as the rulebook writes it: FL or US-FL for US-FL. Empty when it is not one of the rulebook's."""
        code = region.strip().upper()
        if "-" not in code and country:
            code = f"{country.strip().upper()}-{code}"
        return self._region_names.get(code, "")

    def jurisdiction(self, key: str, deal_type: str) -> JurisdictionRule | None:
        """A jurisdiction by its key."""
        return self._jurisdictions.get((key, deal_type)) or self._jurisdictions.get((key, "all"))

    def jurisdiction_at(self, region: str, postcode: str, deal_type: str) -> JurisdictionRule | None:
        """The jurisdiction of an address: the longest beginning of the postcode wins."""
        code = postcode.strip().upper()
        best: tuple[int, JurisdictionRule] | None = None
        for start, rule in self._areas.get(region, ()):
            fits = code.startswith(start) and (rule.deal_types is None or deal_type in rule.deal_types)
            if fits and (best is None or len(start) > best[0]):
                best = (len(start), rule)
        return best[1] if best else None

    def tax_block(self, rule: JurisdictionRule) -> dict[str, Any]:
        """The deal's tax of a jurisdiction, in plain values; a copy of its own each time."""
        block = self._blocks.get(id(rule))
        if block is None:
            block = {"regime": rule.regime, "rounding": rule.rounding, "mode": rule.mode}
            if rule.components:
                block["components"] = [one.model_dump(exclude_unset=True) for one in rule.components]
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

    def line_tax(self, kind: str, scheme: str, region: str) -> LineTaxRule | None:
        """How a kind of line is taxed; a rule for the scheme or the region wins over a general one."""
        rules = self._lines
        return (
            rules.get((kind, scheme, region))
            or rules.get((kind, scheme, ""))
            or rules.get((kind, None, region))
            or rules.get((kind, None, ""))
        )

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
