"""The form that a close shows in Prefect: what must be read stands with its first field, and names no person."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from dealbooks.pipeline.obstacles import Obstacle, about_of
from dealbooks.pipeline.signoff import Shown
from dealbooks.reconcile import ReconException, Severity
from dealbooks.reconcile.model import Delta
from flows.close_form import form

STATEMENT = {"agreed": False, "four_eyes": False, "book": "northgate"}


def shown(*found: Obstacle) -> Shown:
    seen = {"obstacles": [{**one.as_json(), "about": one.about} for one in found], "closing": {}, "files": {}}
    return Shown("id", "northgate", "2026-07", 1, STATEMENT, seen, "packs/report.html", "", 0, "2026-08-02T09:00:00Z")


def found(code: str, subject: str, *, cars: tuple[str, ...] = (), accounts: tuple[str, ...] = ()) -> ReconException:
    return ReconException(
        code=code, severity=Severity.HIGH, what="Sam Booth typed this.", where="", ours="", theirs="",
        difference=Decimal(1), currency="GBP", cause="", cure="", subject=subject, stock_nos=cars,
        deltas=tuple(Delta(one, "GBP", Decimal(1)) for one in accounts),
    )  # fmt: skip


def test_what_must_be_read_stands_with_the_first_field() -> None:
    one = Obstacle("59f0851e11", "unexplained_ledger_entry", "Typed by Sam Booth.", "", True)
    asked = form(shown(one), ("Something changed since this was shown, so the signature does not count.",))
    first, *_ = asked.model_json_schema()["properties"].items()
    assert first[0] == "who"
    text = first[1]["description"]
    for part in ("the signature does not count", "northgate, 2026-07", "packs/report.html", "1 exception stands"):
        assert part in text
    assert "Booth" not in text
    with pytest.raises(ValidationError, match="at least 2"):
        asked(who="A")


def test_an_exception_without_a_deal_is_told_by_its_car_its_list_or_its_accounts() -> None:
    cases = (
        (found("sold_in_stock", " UL0195", cars=("UL0195",)), "stock number UL0195"),
        (found("list_difference", "stock UL0195"), "stock list, UL0195"),
        (found("list_difference", "payroll Ann Lee"), "payroll list"),
        (found("unexplained_ledger_entry", "J-1", accounts=("1002 Stock", "1200 Bank")), "1002 Stock, 1200 Bank"),
    )
    for exception, words in cases:
        assert about_of(exception) == words
        row = form(shown(Obstacle("a", exception.code, "", "", True, about=words))).model_fields["accepted"].default[0]
        assert row.about == f"{exception.code}, {words}"
    old = shown(Obstacle("a", "unpaid", "", "", True, deal="NG-1"))
    old.seen["obstacles"][0].pop("about")
    assert form(old).model_fields["accepted"].default[0].about == "unpaid, deal NG-1"
