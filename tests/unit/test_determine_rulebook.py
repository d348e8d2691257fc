"""Rulebooks: effective dates, overlaps, and what a controller is told when a file is wrong."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dealbooks.determine import determine, load_rulebook, parse_rulebook
from dealbooks.determine.rulebook import SHIPPED, Rulebook
from dealbooks.errors import ConfigError
from tests.determine_support import UK, restated

UK_DATA = yaml.safe_load((SHIPPED / "uk.yaml").read_text(encoding="utf-8"))
SHIPPED_NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _text(name: str = "uk") -> str:
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


def _with_rate_change(until: str, since: str) -> Rulebook:
    """The UK rulebook with another standard rate, as if the law changed."""
    data = copy.deepcopy(UK_DATA)
    old = data["tax"]["jurisdictions"][0]
    new = {**old, "from": date.fromisoformat(since), "rates": {**old["rates"], "GB-S": "0.25"}, "margin_rate": "0.25"}
    old["to"] = date.fromisoformat(until)
    data["tax"]["jurisdictions"] = [old, new]
    return parse_rulebook(yaml.safe_dump(data))


def test_the_shipped_rulebooks_are_read() -> None:
    assert {"uk", "us-ca", "us-fl", "us-mi", "ca-on", "ca-bc"} <= set(SHIPPED_NAMES)
    for name in SHIPPED_NAMES:
        book = load_rulebook(name)
        assert book.rulebook == name
        assert len(book.content_hash) == 64
        assert load_rulebook(name) is book


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_every_shipped_rule_names_its_source(name: str) -> None:
    for section, rules in load_rulebook(name).sections():
        for rule in rules:
            assert rule.source
            assert rule.why.startswith(f"rulebook {name}: {section}[")


@pytest.mark.parametrize(
    ("delivery", "rate"),
    [("2026-02-28", "0.20"), ("2026-03-31", "0.20"), ("2026-04-01", "0.25"), ("2027-01-01", "0.25")],
)
def test_the_rate_in_force_on_the_delivery_date_holds(delivery: str, rate: str) -> None:
    book = _with_rate_change("2026-03-31", "2026-04-01")
    draft = restated("G09")
    draft.deal["dates"]["delivery"] = delivery
    determined = determine(draft, rulebook=book, book=UK, source_system="drop", locations={})
    assert determined.deal["tax"]["rates"]["GB-S"] == rate
    since = "2011-01-04 to 2026-03-31" if rate == "0.20" else "2026-04-01"
    assert determined.provenance["tax"] == f"rulebook uk: tax.jurisdictions[GB], in force from {since}"


@pytest.mark.parametrize(
    ("dates", "rate"),
    [
        ({"contract": "2026-03-31", "accounting": "2026-03-31", "delivery": "2026-04-01"}, "0.25"),
        ({"contract": "2026-03-31", "accounting": "2026-04-01"}, "0.25"),
        ({"contract": "2026-03-31"}, "0.20"),
    ],
)
def test_delivery_then_accounting_then_contract_date_decides(dates: dict[str, str], rate: str) -> None:
    draft = restated("G09")
    draft.deal["dates"] = dates
    book = _with_rate_change("2026-03-31", "2026-04-01")
    determined = determine(draft, rulebook=book, book=UK, source_system="drop", locations={})
    assert determined.deal["tax"]["rates"]["GB-S"] == rate


def test_a_gap_between_two_rules_is_a_finding_and_no_guess() -> None:
    draft = restated("G09")
    draft.deal["dates"]["delivery"] = "2026-04-02"
    book = _with_rate_change("2026-03-31", "2026-04-10")
    determined = determine(draft, rulebook=book, book=UK, source_system="drop", locations={})
    assert "R008" in [one.code for one in determined.findings]
    assert "tax" not in determined.deal


def test_rules_that_overlap_by_a_day_are_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        _with_rate_change("2026-04-01", "2026-04-01")
    assert "tax.jurisdictions" in refused.value.message
    assert "both hold for GB" in refused.value.message


@settings(max_examples=60, deadline=None)
@given(st.integers(-40, 40), st.integers(0, 40), st.integers(0, 40))
def test_two_rules_are_refused_exactly_when_they_share_a_day(shift: int, first: int, second: int) -> None:
    start = date(2026, 6, 1)
    data = copy.deepcopy(UK_DATA)
    plan = data["commissions"]["plans"][0]
    spans = [
        (start, start + timedelta(first)),
        (start + timedelta(shift), start + timedelta(shift + second)),
    ]
    data["commissions"]["plans"] = [{**plan, "from": since, "to": until} for since, until in spans]
    shared = spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]
    if shared:
        with pytest.raises(ValidationError):
            Rulebook.model_validate(data)
        return
    book = Rulebook.model_validate(data)
    for since, until in spans:
        for day, held in [
            (since - timedelta(1), False),
            (since, True),
            (until, True),
            (until + timedelta(1), False),
        ]:
            other = any(a <= day <= b for a, b in spans if (a, b) != (since, until))
            assert (book.on(day).plan("sales", "new") is not None) == (held or other)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('margin_rate: "0.20"', "margin_rate: 0.20", "amounts are written as text"),
        ('rates: {GB-S: "0.20"', 'rates: {GB-S: "20%"', "not a plain decimal number"),
        ("    - {plan_id: EXEC-8, role: sales", "    - {plan: EXEC-8, role: sales", "commissions.plans.0.plan"),
        ("rulebook: uk", "rulebook: [", "line 8 cannot be read"),
        (', from: 2026-01-01, source: "Northgate Motors, business', ', source: "Northgate Motors, business', "from"),
        ("departments: {new: new, demo: new,", "departments: {new: new,", "departments has none for demo"),
        ('base: back, rate: "0.15"', "base: back", "BM-15 on back needs rate"),
        ("names: [service plan]", 'names: ["--"]', "at least one letter"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_the_reason(old: str, new: str, told: str) -> None:
    text = _text()
    assert old in text
    with pytest.raises(ConfigError) as refused:
        parse_rulebook(text.replace(old, new), "rules/ours.yaml")
    assert "rules/ours.yaml" in refused.value.message
    assert told in refused.value.message
    assert refused.value.fix


def test_a_rule_must_name_its_source_and_end_after_it_begins() -> None:
    data = copy.deepcopy(UK_DATA)
    del data["fees"][0]["source"]
    with pytest.raises(ConfigError, match=r"fees\.0\.source"):
        parse_rulebook(yaml.safe_dump(data))
    data = copy.deepcopy(UK_DATA)
    data["fees"][0]["to"] = date(2000, 1, 1)
    with pytest.raises(ConfigError, match="before from"):
        parse_rulebook(yaml.safe_dump(data))


def test_a_rulebook_of_ones_own_is_read_by_path_and_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(_text(), encoding="utf-8")
    first = load_rulebook(path)
    path.write_text(_text() + "\n# reviewed\n", encoding="utf-8")
    assert load_rulebook(path).content_hash != first.content_hash
    with pytest.raises(ConfigError, match="cannot be read") as missing:
        load_rulebook(str(tmp_path / "none.yaml"))
    assert ", ".join(SHIPPED_NAMES) in missing.value.fix


def test_the_longest_name_wins() -> None:
    rules = load_rulebook("uk").on(date(2026, 3, 5))
    admin, plates = rules.fee("ADMIN FEE", "used"), rules.fee("Delivery, plates", "new")
    assert admin is not None
    assert plates is not None
    assert (admin.key, plates.key) == ("admin", "delivery")
    assert rules.fee("Administrator's tip", "used") is None
    tyre, plain = rules.product("insurance", "Tyre & alloy cover"), rules.product("insurance", "Extended cover")
    assert tyre is not None
    assert plain is not None
    assert (tyre.key, plain.key) == ("tyre", "warranty")


def test_road_tax_of_a_pre_registered_car_is_part_of_its_price() -> None:
    rules = load_rulebook("uk").on(date(2026, 3, 5))
    demo, used = rules.fee("Road tax", "demo"), rules.fee("Road tax", "used")
    assert demo is not None
    assert used is not None
    assert (demo.kind, used.kind) == ("recharge", "government_fee")
