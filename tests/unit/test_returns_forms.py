"""Forms, periods and ledger rules as data; taxed deposits and chargebacks in a return."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from returns_support import amounts, assert_tied, case, returned

from dealbooks.book import Book, Policies
from dealbooks.determine.rulebook import SHIPPED as RULEBOOKS
from dealbooks.errors import ConfigError, UsageError
from dealbooks.posting import case_expected
from dealbooks.returns import Form, Span, choose_form, known_ledgers, ledger_rules, load_form, shipped_forms
from dealbooks.yamlfile import read_yaml

D = Decimal


@pytest.mark.parametrize(
    ("text", "first", "last", "label"),
    [
        ("2026-09", date(2026, 9, 1), date(2026, 9, 30), "2026-09"),
        ("2026-q1", date(2026, 1, 1), date(2026, 3, 31), "2026-Q1"),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        ("2028", date(2028, 1, 1), date(2028, 12, 31), "2028"),
        ("2025-12..2026-02", date(2025, 12, 1), date(2026, 2, 28), "2025-12..2026-02"),
    ],
)
def test_a_period_is_read_as_people_write_it(text: str, first: date, last: date, label: str) -> None:
    span = Span.parse(text)
    assert (span.first, span.last, str(span)) == (first, last, label)
    assert first in span
    assert last in span
    assert date(2030, 1, 1) not in span


@pytest.mark.parametrize("text", ["2026-Q5", "July", "2026-13", "2026-04..2026-02", "2020-01..2026-01", "26", "..", ""])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Span.parse(text)
    assert "2026-02..2026-04" in caught.value.fix


@pytest.mark.parametrize("name", shipped_forms())
def test_a_shipped_form_can_be_read_and_places_every_treatment_of_its_codes(name: str) -> None:
    form = load_form(name)
    assert form.form == name
    if form.summary == "by_code":
        return
    fed = {one for rule in form.boxes for feed in rule.feeds for one in feed.treatments}
    sold = {"standard", "zero", "export", "intra_eu", "exempt"} & {code.treatment for code in form.codes}
    by_role_alone = name == "ca-gst34"
    assert by_role_alone or sold <= fed | set(form.leave_out)
    assert form.payable is not None


@pytest.mark.parametrize("name", sorted(one.stem for one in RULEBOOKS.glob("*.yaml")))
def test_every_tax_code_of_a_shipped_rulebook_is_known_to_its_form(name: str) -> None:
    prefix = name.split("-")[0]
    today = date(2026, 11, 23)
    book = read_yaml(RULEBOOKS / f"{name}.yaml")
    codes = set(_codes(book, today))
    if {one["regime"] for one in book["tax"]["jurisdictions"]} == {"none"}:
        assert codes == set(), "a country without VAT has no tax codes"
        return
    form = _form_of(prefix, name)
    assert codes, "a rulebook without tax codes"
    assert {code for code in codes if form.code_on(code, today) is None} == set()


def _form_of(prefix: str, name: str) -> Form:
    named = {"uk": "uk-vat100", "us": "us-sales-tax", "au": "au-bas", "nz": "nz-gst101", "ca": "ca-gst34"}
    if prefix in named:
        return load_form(named[prefix])
    country = name.split("-")[-1]
    found = [one for one in shipped_forms() if one.split("-")[0] == country]
    assert len(found) == 1, f"no return form for rulebook {name}"
    return load_form(found[0])


def _codes(data: Any, today: date) -> Iterator[str]:
    if isinstance(data, list):
        for one in data:
            yield from _codes(one, today)
    if not isinstance(data, dict):
        return
    if data.get("from", today) > today or data.get("to", today) < today:
        return
    for key, value in data.items():
        if key.endswith("tax_code") and isinstance(value, str):
            yield value
        elif key == "rates":
            yield from value
        elif key == "code" and "rate" in data:
            yield value
        else:
            yield from _codes(value, today)


def test_the_form_of_a_book_is_chosen_by_regime_currency_and_country() -> None:
    assert choose_form("uk", "GBP", ()).form == "uk-vat100"
    assert choose_form("eu", "EUR", ("EU-IC", "FR-S")).form == "fr-ca3"
    assert choose_form("gulf", "SAR", ()).form == "sa-vat"
    with pytest.raises(UsageError, match=r"Several returns fit: de-ustva, fr-ca3, ie-vat3"):
        choose_form("eu", "EUR", ("EU-IC",))


def test_a_form_with_a_box_that_does_not_stand_before_it_is_refused(tmp_path: Path) -> None:
    text = (Path(load_form.__globals__["SHIPPED"]) / "uk-vat100.yaml").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(text.replace('add: ["1", "2"]', 'add: ["1", "22"]'), encoding="utf-8")
    with pytest.raises(ConfigError, match="box 3 uses 22"):
        load_form(own)
    own.write_text(text.replace("title: Total VAT due", "titel: Total VAT due"), encoding="utf-8")
    with pytest.raises(ConfigError, match="titel"):
        load_form(own)
    with pytest.raises(ConfigError, match="no return form nothing"):
        load_form("nothing")


def test_a_code_answers_only_in_its_time() -> None:
    form = load_form("de-ustva")
    assert form.code_on("DE-S", date(2020, 8, 1)) is None
    assert form.code_on("DE-S", date(2021, 1, 1)) is not None


def test_ledger_rules_name_only_forms_that_exist() -> None:
    assert set(known_ledgers()) == {"quickbooks", "xero", "odoo", "beancount"}
    for name in known_ledgers():
        rules = ledger_rules(name)
        assert rules is not None
        assert set(rules.forms) <= set(shipped_forms())
    assert ledger_rules("netsuite") is None


def _book(deal: dict[str, Any], *starts: int) -> Book:
    policies = Policies(vat_period_starts=starts)
    return Book("case", deal["legal_entity"], deal["base_currency"], "uk", policies=policies)


def test_a_deposit_of_an_earlier_vat_period_enters_the_return_of_that_period() -> None:
    data = case("G09")
    deposit = {**data["deal"]["deposits"][0], "date": "2026-02-27"}
    data["deal"]["deposits"] = [deposit]
    data["expected"] = case_expected(data["deal"], book=_book(data["deal"], *range(1, 13)))
    february, march = (returned("uk-vat100", month, data) for month in ("2026-02", "2026-03"))
    tax = (D(deposit["amount"]) / 6).quantize(D("0.01"))
    assert february.box("1").amount == tax
    # The value behind the tax is tax x 5: 1/6 of the deposit is tax.
    assert february.box("6").exact == tax * 5
    # March takes back what February paid, and both together are the sale of 10,500.00 and 52,499.99.
    assert march.box("1").amount == D("10500.00") - tax
    assert march.box("6").exact == D("52499.99") - tax * 5
    assert_tied(february)
    assert_tied(march)


def test_a_commission_that_was_charged_back_lowers_the_period_of_the_chargeback() -> None:
    data = case("G15")
    data["deal"]["chargebacks"] = [{"chargeback_id": "C1", "amount": "660.00", "date": "2026-04-10"}]
    data["expected"] = case_expected(data["deal"])
    april = returned("au-bas", "2026-04", data)
    # Half of the financier's commission of 1,320, of it 1/11 GST: 60.00.
    assert amounts(april) == {"G1": D(-660), "1A": D(-60), "NET": D(-60)}
    assert_tied(april)


def test_an_exempt_commission_charged_back_lowers_box_6_without_vat() -> None:
    data = case("G13")
    data["deal"]["chargebacks"] = [{"chargeback_id": "C1", "amount": "300.00", "date": "2026-05-10"}]
    data["expected"] = case_expected(data["deal"])
    may = returned("uk-vat100", "2026-05", data)
    assert amounts(may) == {"6": D(-300)}
    assert_tied(may)


_FORMS = {
    "USD": "us-sales-tax", "GBP": "uk-vat100", "AUD": "au-bas", "EUR": "de-ustva", "CAD": "ca-gst34",
    "NZD": "nz-gst101", "JPY": "jp-consumption",
}  # fmt: skip


@pytest.mark.parametrize("number", [n for n in range(1, 25) if n != 22])
def test_every_golden_case_ties_to_its_tax_accounts(number: int) -> None:
    data = case(f"G{number:02d}")
    made = returned(_FORMS[data["deal"]["base_currency"]], "2026", data)
    assert_tied(made)
    balances = {
        role: D(amount)
        for entity, found in data["expected"].get("closing_balances_base", data["expected"]["closing_balances"]).items()
        for role, amount in found.items()
        if entity.startswith(data["deal"]["legal_entity"])
    }
    for tie in made.ties:
        assert tie.placed == -balances.get(tie.role, D(0)), tie.role
