"""Charts of accounts: what is shipped is complete, and what is wrong is named with its file and role."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dealbooks import charts
from dealbooks.book import Chart
from dealbooks.charts import account_for, load_chart, shipped_charts
from dealbooks.errors import ConfigError

# Roles that a region does not use have no account there.
ABSENT = {
    "us": {"tax.lct"},
    "uk": {"payable.sales_tax", "tax.lct"},
    "eu": {"payable.sales_tax", "tax.lct"},
    "au": {"payable.sales_tax", "tax.margin"},
    "nz": {"payable.sales_tax", "tax.margin", "tax.lct"},
    "ca": {"tax.margin", "tax.lct"},
    "jp": {"payable.sales_tax", "tax.margin", "tax.lct"},
    "gulf": {"payable.sales_tax", "tax.lct"},
}


def test_shipped_charts_have_the_same_roles_but_for_taxes_that_a_region_lacks() -> None:
    assert set(shipped_charts()) == set(ABSENT)
    every = {role for name in ABSENT for role in load_chart(name).roles}
    assert len(every) == 55
    for name, absent in ABSENT.items():
        assert every - set(load_chart(name).roles) == absent


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_a_shipped_chart_says_where_it_is_from_and_uses_no_number_twice(name: str) -> None:
    data = yaml.safe_load(Path(charts.__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
    assert data["name"] == name
    assert data["source"]
    assert data["dated"]
    numbers = [account.number for account in load_chart(name).roles.values()]
    assert len(numbers) == len(set(numbers))


def test_accounts_of_the_role_table() -> None:
    assert load_chart("us").roles["receivable.contracts_in_transit"].number == "1020"
    assert load_chart("uk").roles["tax.margin"].number == "2204"
    assert load_chart("au").roles["tax.lct"].number == "2-1320"
    assert load_chart("us").roles["sales.over_allowance"].type == "contra_income"


def test_overrides_change_single_accounts_and_leave_the_shipped_chart_alone() -> None:
    bank = {"number": "1099", "name": "Barclays", "type": "asset"}
    chart = load_chart("uk", {"tax.output": "2299", "cash.bank": bank, "tax.margin": None, "fx.rounding": 7999})
    assert chart.roles["tax.output"].number == "2299"
    assert chart.roles["tax.output"].name == "Output VAT"
    assert chart.roles["cash.bank"].name == "Barclays"
    assert chart.roles["fx.rounding"].number == "7999"
    assert "tax.margin" not in chart.roles
    assert load_chart("uk").roles["tax.output"].number == "2200"


def test_a_chart_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text('roles:\n  cash.bank: {number: "1", name: Bank, type: asset}\n', encoding="utf-8")
    chart = load_chart(path)
    assert chart.name == "ours"
    assert account_for(chart, "cash.bank", needed_by="a test").number == "1"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("roles:\n  cash.bank: {name: Bank, type: asset}\n", "cash.bank"),
        ('roles:\n  cash.bank: {number: "1", name: Bank, type: money}\n', "cash.bank"),
        ('roles:\n  cash.bank: {number: " ", name: Bank, type: asset}\n', "cash.bank"),
        ("roles:\n  cash.bank: [1]\n", "cash.bank"),
        ('roles:\n  cash.bank: {number: "1", name: Bank, type: asset, iban: x}\n', "iban"),
        ("name: x\n", "roles"),
        ("name: x\nroles: {}\nowner: me\n", "owner"),
        ("roles: [\n", "line 2 cannot be read"),
    ],
)
def test_a_broken_chart_is_named_with_its_file_and_role(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_chart(path)
    assert str(path) in caught.value.message
    assert named in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize("name", ["atlantis", "missing.yaml"])
def test_a_chart_that_is_not_there(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_chart(name)


def test_an_override_of_an_unknown_role_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cash\.bnak"):
        load_chart("uk", {"cash.bnak": "1"})
    with pytest.raises(ConfigError, match=r"tax\.lct"):
        load_chart("uk", {"tax.lct": "1"})


def test_an_unmapped_role_names_the_role_and_who_needs_it() -> None:
    with pytest.raises(ConfigError, match=r"tax\.lct.*sale-v1, part invoice"):
        account_for(Chart(name="x", roles={}), "tax.lct", needed_by="sale-v1, part invoice")
