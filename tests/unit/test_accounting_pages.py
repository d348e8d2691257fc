"""The accounting pages say what the engine computes and what the rulebooks hold."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from accounting_pages import PAGES, case_data, filled

from dealbooks.catalogue import CATALOGUE
from dealbooks.charts import load_chart, shipped_charts
from dealbooks.determine.rulebook import SHIPPED, load_rulebook
from dealbooks.findings import Severity

REGIONS = ("us", "uk", "au", "eu", "ca", "nz", "jp", "gulf")
EVERY = sorted(PAGES.glob("*.md"))
_TABLE = re.compile(r"^<!-- [a-z]+: [^>]+ -->\n(?:\|[^\n]*\n)*", re.MULTILINE)
_MARK = re.compile(r"^<!-- ([a-z]+): ([^>]+) -->$", re.MULTILINE)
_FIGURE = re.compile(r"(?<![\d.,])\d{1,3}(?:,?\d{3})*\.\d{2,3}(?![\d.])")
_CODE = re.compile(r"`([A-Z]{2}-[A-Z0-9-]+)`")
_ROLE = re.compile(
    r"`((?:receivable|payable|sales|income|tax|cost_of_sales|inventory|cash|asset|expense|liability)\.[a-z_]+)`"
)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _own_words(page: Path) -> str:
    """The page without the tables that are made."""
    return _TABLE.sub("", _text(page))


def _marks(page: Path, kind: str) -> list[list[str]]:
    return [asked.split() for found, asked in _MARK.findall(_text(page)) if found == kind]


def _rulebooks(region: str) -> list[str]:
    return sorted(one.stem for one in SHIPPED.glob("*.yaml") if load_rulebook(one.stem).regime == region)


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_figure_of_the_tables_is_what_the_engine_computes(page: Path) -> None:
    assert filled(_text(page)) == _text(page), "run: PYTHONPATH=.:tests python tests/accounting_pages.py"


def test_a_wrong_figure_is_found() -> None:
    text = _text(PAGES / "uk.md")
    assert "| 407.33 |" in text
    assert filled(text.replace("| 407.33 |", "| 407.34 |")) == text


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_amount_in_the_words_stands_in_a_table_or_in_the_case(page: Path) -> None:
    known = "".join(_TABLE.findall(_text(page)))
    known += "".join(json.dumps(case_data(one[0])) for one in _marks(page, "worked"))
    amounts = {Decimal(one) for one in re.findall(r"\d+\.\d+", known)}
    told = [one for one in _FIGURE.findall(_own_words(page)) if Decimal(one.replace(",", "")) not in amounts]
    assert told == []


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_its_page_with_all_that_is_asked(region: str) -> None:
    page = PAGES / f"{region}.md"
    headings = re.findall(r"^## (.+)$", _text(page), re.MULTILINE)
    for wanted in ("What is posted", "What must be configured", "Not covered"):
        assert wanted in headings
    assert any(one.lower().startswith(("worked deal", "a worked deal")) for one in headings)
    assert _marks(page, "worked")
    assert {asked[0] for asked in _marks(page, "accounts")} == {region}
    shown = _marks(page, "rules") + _marks(page, "recalled")
    assert {name for asked in shown for name in asked} >= set(_rulebooks(region))
    (counted,) = _marks(page, "recalled")
    assert sorted(counted) == _rulebooks(region)


def test_every_chart_and_rulebook_has_a_page() -> None:
    assert set(shipped_charts()) == set(REGIONS)
    assert {load_rulebook(one.stem).regime for one in SHIPPED.glob("*.yaml")} == set(REGIONS)
    assert {page.stem for page in EVERY} == {*REGIONS, "README"}


@pytest.mark.parametrize("region", REGIONS)
def test_every_tax_code_that_a_page_names_is_in_a_rulebook_of_the_region(region: str) -> None:
    rules = "".join((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8") for name in _rulebooks(region))
    made_by_the_engine = {"AU-LCT"}
    held = set(re.findall(r"[A-Z]{2}-[A-Z0-9-]+", rules)) | made_by_the_engine
    assert [code for code in _CODE.findall(_own_words(PAGES / f"{region}.md")) if code not in held] == []


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_check_role_and_section_that_a_page_names_exists(page: Path) -> None:
    words = _own_words(page)
    assert [code for code in re.findall(r"\b[A-Z]\d{3}\b", words) if code not in CATALOGUE] == []
    known = {role for name in shipped_charts() for role in load_chart(name).roles}
    known |= {section for section, _ in load_rulebook("uk").sections()}
    assert [name for name in _ROLE.findall(words) if name not in known] == []


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_what_is_said_to_hold_a_deal_holds_it_and_a_warning_does_not(page: Path) -> None:
    told = re.findall(r"(held|warning) \(([A-Z]\d{3}(?:, [A-Z]\d{3})*)\)", _own_words(page))
    said = [(word, code) for word, codes in told for code in codes.split(", ")]
    wanted = {"held": Severity.ERROR, "warning": Severity.WARNING}
    assert [(word, code) for word, code in said if CATALOGUE[code].severity != wanted[word]] == []
