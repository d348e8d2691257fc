"""What holds for every shipped rulebook of a regime with its tax in the price, and for the rules of single regimes."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml

from dealbooks.catalogue import CATALOGUE
from dealbooks.catalogue_regimes import REGIME_RULES
from dealbooks.determine import load_rulebook, parse_rulebook
from dealbooks.determine.rulebook import SHIPPED
from dealbooks.errors import ConfigError
from dealbooks.starter import STARTS
from tests.regime_support import BOOKS, line_codes, message, run, sale

RULEBOOKS = sorted(BOOKS)


@pytest.mark.parametrize("rules", RULEBOOKS)
def test_it_is_shipped_under_its_name_for_its_regime_and_can_be_started_from(rules: str) -> None:
    rulebook, start = load_rulebook(rules), STARTS[rules]
    assert (rulebook.rulebook, rulebook.regime, start.regime) == (rules, BOOKS[rules].regime, BOOKS[rules].regime)
    assert (start.currency, start.entity) == (BOOKS[rules].currency, BOOKS[rules].legal_entity)


@pytest.mark.parametrize("rules", RULEBOOKS)
def test_every_code_that_a_rule_gives_has_a_rate_on_every_day_of_change(rules: str) -> None:
    rulebook = load_rulebook(rules)
    days = {rule.from_ for _, section in rulebook.sections() for rule in section}
    days |= {rule.to + timedelta(days=1) for _, section in rulebook.sections() for rule in section if rule.to}
    checked = 0
    for day in sorted(days):
        for jurisdiction in (one for one in rulebook.tax.jurisdictions if one.covers(day)):
            used = {one.tax_code for one in rulebook.tax.lines if one.covers(day)}
            used |= {one.tax_code for one in rulebook.fees if one.covers(day)}
            used |= {one.tax_code for one in rulebook.products if one.covers(day)}
            used |= {one.commission_tax_code for one in rulebook.products if one.covers(day)}
            used |= {one.reserve_tax_code for one in rulebook.finance.lenders if one.covers(day)}
            assert used - {None} <= set(jurisdiction.rates), day
            has_margin = any(rate == "margin" for rate in jurisdiction.rates.values())
            assert has_margin == (jurisdiction.margin_rate is not None), day
            checked += 1
    assert checked


@pytest.mark.parametrize("rules", RULEBOOKS)
def test_every_scheme_that_is_allowed_has_a_code_for_the_car(rules: str) -> None:
    rulebook = load_rulebook(rules)
    for rule in rulebook.tax.schemes:
        for day in (rule.from_, rule.to or date(2026, 6, 1)):
            for scheme in rule.allowed:
                assert rulebook.on(day).line_tax("vehicle", scheme, "", "retail") is not None, (rule.title(), scheme)


@pytest.mark.parametrize("rules", [one for one in RULEBOOKS if not one.startswith(("gulf-kw", "gulf-qa"))])
@pytest.mark.parametrize(
    "kind", ["vehicle", "discount", "recharge", "accessory", "admin_fee", "delivery_fee", "doc_fee"]
)
def test_dealers_charges_follow_a_car_sold_with_tax(rules: str, kind: str) -> None:
    draft = sale("2026-05-11", "20000.00", lines=((kind, "More", "100.00"),))
    draft.deal["lines"][1]["cost"] = Decimal("10.00")
    first, second = line_codes(run(draft, rules))
    assert first == second


def test_rules_of_the_regimes_are_in_the_catalogue_and_read_as_sentences() -> None:
    assert [rule.code for rule in REGIME_RULES] == [f"R{100 + n}" for n in range(1, len(REGIME_RULES) + 1)]
    for rule in REGIME_RULES:
        assert CATALOGUE[rule.code] is rule
        assert (rule.where, rule.text[-1], bool(rule.source)) == ("determine", rule.text.rstrip()[-1], True)


@pytest.mark.parametrize("region", ["Rheinland-Pfalz", "Baden-Württemberg", "DE-BE", "BE"])
def test_names_of_german_states_are_no_countries(region: str) -> None:
    assert line_codes(run(sale("2026-03-20", "42000.00", customer={"region": region}), "eu-de")) == ["DE-S"]


@pytest.mark.parametrize(
    ("customer", "code"),
    [
        ({"address": {"country": "UK"}}, "IE-S"),
        ({"address": {"country": "GB", "region": "GB-NIR"}}, "EU-NMT"),
        ({"address": {"country": "GB"}, "type": "business", "vat_number": "XI980780684"}, "EU-IC"),
        ({"address": {"country": "EL"}}, "EU-NMT"),
        ({"address": {"country": "Ireland"}}, "IE-S"),
    ],
)
def test_northern_ireland_is_a_member_state_for_goods_and_great_britain_is_not(
    customer: dict[str, Any], code: str
) -> None:
    assert line_codes(run(sale("2026-03-20", "42000.00", customer=customer), "eu-ie")) == [code]


def test_a_stated_rate_of_luxury_car_tax_is_known_when_it_is_due() -> None:
    car = {"fuel_l_100km": Decimal("9.8"), "year": 2026}
    said = {"taxes": [{"name": "GST", "rate": Decimal("10")}, {"name": "LCT", "rate": Decimal("33")}]}
    due = run(sale("2026-02-11", "110000.00", vehicle=car, said=said), "au")
    assert "R009" not in {one.code for one in due.findings}
    not_due = run(sale("2026-02-11", "50000.00", said=said), "au")
    assert "LCT at 33" in message(not_due, "R009")


@pytest.mark.parametrize(
    ("rules", "old", "new", "told"),
    [
        ("au", 'max_l_100km: "3.5", ', "", "needs max_l_100km"),
        ("au", 'threshold: "80567.00", rate: "0.33"', 'threshold: "80567.00", rate: "33"', "rate"),
        ("nz", ", tax_code: NZ-GST-SH", "", "needs its tax_code"),
        ("nz", 'fraction: "3/23", tax_code: NZ-GST-SH', "fraction: 0.13, tax_code: NZ-GST-SH", "not a fraction"),
        ("eu-de", "max_km: 6000, ", "", "needs max_km and max_months"),
        ("au", 'to: 2025-06-30, source: "Luxury', 'to: 2025-07-01, source: "Luxury', "both hold for other"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_place_and_the_reason(rules: str, old: str, new: str, told: str) -> None:
    text = (SHIPPED / f"{rules}.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ConfigError) as refused:
        parse_rulebook(text.replace(old, new), "rules/ours.yaml")
    assert told in refused.value.message


def test_a_new_year_of_luxury_car_tax_is_a_line_of_data() -> None:
    data = yaml.safe_load((SHIPPED / "au.yaml").read_text(encoding="utf-8"))
    rules = data["luxury_car_tax"]["thresholds"]
    for rule in [copy.deepcopy(one) for one in rules if one.get("to") == date(2026, 6, 30)]:
        rules.append({**rule, "from": date(2026, 7, 1), "to": date(2027, 6, 30), "threshold": "90000.00"})
    ours = parse_rulebook(yaml.safe_dump(data))
    found = {rule.fuel: str(rule.threshold) for rule in ours.on(date(2026, 7, 1)).luxury_thresholds}
    assert found == {"other": "90000.00", "efficient": "90000.00"}
