"""Golden deals, restated as a file would give them, are determined to what the golden case holds."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.determine import compare_commissions, compare_tax_total, determine, load_rulebook
from dealbooks.draft import Determined
from dealbooks.findings import has_errors
from dealbooks.posting import Posted, case_expected, post_deal
from tests.determine_support import CALIFORNIA, FLORIDA, INDIANA, MICHIGAN, ONTARIO, UK, case, leaves, restated

GOLDEN = [
    ("G01", FLORIDA, "us-fl"),
    ("G02", CALIFORNIA, "us-ca"),
    ("G03", INDIANA, "us-in"),
    ("G04", MICHIGAN, "us-mi"),
    ("G19", ONTARIO, "ca-on"),
    ("G23", MICHIGAN, "us-mi"),
    ("G09", UK, "uk"),
    ("G10", UK, "uk"),
    ("G11", UK, "uk"),
    ("G13", UK, "uk"),
]


def _determined(name: str, book: Book, rules: str) -> Determined:
    return determine(
        restated(name),
        rulebook=load_rulebook(rules),
        book=book,
        source_system="drop",
        locations={},
    )


def _comparable(deal: Deal) -> dict[str, Any]:
    """Everything that decides the posting, with lines in the order of their ids."""
    keys = (
        "deal_id", "deal_type", "sale_class", "department", "location", "legal_entity", "currency", "base_currency",
        "customer", "bill_to", "vehicle", "tax", "trade_ins", "deposits", "payments", "rebates", "finance",
        "commission_plans", "balance_due",
    )  # fmt: skip
    data = {key: getattr(deal, key) for key in keys}
    data["lines"] = sorted((line for line in deal.lines), key=lambda line: line.line_id)
    data["dates"] = (deal.dates.contract, deal.dates.delivery, deal.accounting_date)
    return data


@pytest.mark.parametrize(("name", "book", "rules"), GOLDEN)
def test_restated_golden_deal_is_determined_to_the_golden_deal(name: str, book: Book, rules: str) -> None:
    golden = case(name)["deal"]
    determined = _determined(name, book, rules)
    assert not has_errors(list(determined.findings)), determined.findings
    deal, wanted = Deal.model_validate(determined.deal), Deal.model_validate(golden)
    ours, theirs = _comparable(deal), _comparable(wanted)
    ours["vehicle"] = ours["vehicle"].model_copy(update={"condition": wanted.vehicle.condition})
    for key, value in theirs.items():
        assert ours[key] == value, key


@pytest.mark.parametrize(("name", "book", "rules"), GOLDEN)
def test_restated_golden_deal_posts_as_the_golden_case(name: str, book: Book, rules: str) -> None:
    expected = case(name)["expected"]
    posted = case_expected(dict(_determined(name, book, rules).deal))
    for key in ("taxes", "metrics", "commissions", "closing_balances"):
        assert posted[key] == expected[key], key
    assert posted["invoice"]["gross_total"] == expected["invoice"]["gross_total"]
    assert posted["invoice"]["tax_total_shown"] == expected["invoice"]["tax_total_shown"]
    assert [one["entry_id"] for one in posted["entries"]] == [one["entry_id"] for one in expected["entries"]]


@pytest.mark.parametrize(("name", "book", "rules"), GOLDEN)
def test_provenance_names_every_filled_path_and_no_stated_one(name: str, book: Book, rules: str) -> None:
    draft = restated(name)
    stated = {path: value for path, value in leaves(draft.deal).items() if value is not None}
    determined = _determined(name, book, rules)
    for path, value in leaves(dict(determined.deal)).items():
        covered = any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in determined.provenance)
        assert covered == (path not in stated), path
        if path in stated:
            assert value == stated[path]


def test_the_draft_is_left_as_it_was() -> None:
    draft = restated("G13")
    before = copy.deepcopy(draft)
    determined = determine(draft, rulebook=load_rulebook("uk"), book=UK, source_system="drop", locations={})
    assert draft == before
    determined.deal["tax"]["rates"]["GB-S"] = "9"
    again = determine(draft, rulebook=load_rulebook("uk"), book=UK, source_system="drop", locations={})
    assert again.deal["tax"]["rates"]["GB-S"] == "0.20"


def test_provenance_says_rulebook_section_and_date() -> None:
    provenance = _determined("G10", UK, "uk").provenance
    assert provenance["lines[1].kind"] == "rulebook uk: fees[admin], in force from 2011-01-04"
    assert provenance["tax"] == "rulebook uk: tax.jurisdictions[GB], in force from 2011-01-04"
    assert provenance["contract_total"] == "stated by the source (total)"


def test_a_deposit_before_delivery_is_the_tax_point_of_a_qualifying_car() -> None:
    assert _determined("G13", UK, "uk").deal["dates"]["tax_point"] == "2026-03-16"
    assert "tax_point" not in _determined("G10", UK, "uk").deal["dates"]


def _posted(name: str, book: Book, rules: str) -> tuple[Deal, Posted]:
    deal = Deal.model_validate(_determined(name, book, rules).deal)
    return deal, post_deal(deal, book=book)


def test_commission_of_the_source_is_compared_with_the_plan() -> None:
    deal, posted = _posted("G01", FLORIDA, "us-fl")
    rulebook = load_rulebook("us-fl")
    said = {"commission_amount": Decimal("628.75"), "fi_commission_amount": Decimal("260.69")}
    assert compare_commissions(deal, said, posted, rulebook=rulebook) == []
    said["commission_amount"] = Decimal("700.00")
    (found,) = compare_commissions(deal, said, posted, rulebook=rulebook)
    assert (found.code, found.value) == ("R027", "700.00")
    assert "71.25" in found.message


@pytest.mark.parametrize(
    ("name", "book", "rules", "stated", "codes"),
    [
        ("G01", FLORIDA, "us-fl", "1427.27", []),
        ("G01", FLORIDA, "us-fl", "1427.32", []),
        ("G01", FLORIDA, "us-fl", "1427.33", ["R026"]),
        ("G10", UK, "uk", "20.00", []),
        ("G10", UK, "uk", "427.33", []),
        ("G10", UK, "uk", "407.33", ["R026"]),
    ],
)
def test_tax_total_of_the_source_is_compared_with_or_without_tax_inside_the_margin(
    name: str, book: Book, rules: str, stated: str, codes: list[str]
) -> None:
    deal, posted = _posted(name, book, rules)
    found = compare_tax_total(deal, {"tax_total": Decimal(stated)}, posted)
    assert [one.code for one in found] == codes
