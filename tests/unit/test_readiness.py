"""When a deal may be posted, and on which day its sale is booked."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dealbooks.config import PostWhen
from dealbooks.deal import Dates, Deal, LifecycleEvent, Payment
from dealbooks.readiness import NOTHING_TOLD, Told, booked_on, cannot_be, missing_for

CASE = next((Path(__file__).parents[1] / "golden" / "cases").glob("G02-*.json"))
TODAY = date(2026, 10, 1)
SOLD = Deal.model_validate(json.loads(CASE.read_text(encoding="utf-8"))["deal"])
CONTRACT, DELIVERY, SIGNED, INVOICED = (date(2026, 9, day) for day in (10, 12, 15, 18))


def deal(**changes: Any) -> Deal:
    """A completed sale, delivered on the 12th, with nothing left to pay."""
    own: dict[str, Any] = {
        "dates": Dates(contract=CONTRACT, delivery=DELIVERY), "lifecycle": (), "balance_due": Decimal(0),
        "deposits": (), "references": {}, "status": "completed",
        "payments": (Payment(receipt_id="P1", amount=Decimal(10), method="card", date=date(2026, 9, 20)),),
    }  # fmt: skip
    return SOLD.model_copy(update=own | changes)


@pytest.mark.parametrize(
    ("when", "told", "changes", "missing"),
    [
        ({"all": ["completed"]}, NOTHING_TOLD, {}, []),
        ({"all": ["completed"]}, NOTHING_TOLD, {"status": "contracted"}, ["the deal is completed"]),
        ({"all": ["signed", "invoiced"]}, NOTHING_TOLD, {}, ["the customer has signed", "it is invoiced"]),
        ({"all": ["signed", "invoiced"]}, Told(SIGNED, INVOICED), {}, []),
        ({"all": ["signed"]}, NOTHING_TOLD, {"references": {"signed_on": "2026-09-15T10:00:00Z"}}, []),
        ({"all": ["signed"]}, NOTHING_TOLD, {"references": {"signed_on": "no"}}, ["the customer has signed"]),
        ({"any": ["signed", "invoiced"]}, Told(invoiced=INVOICED), {}, []),
        ({"any": ["signed", "invoiced"]}, NOTHING_TOLD, {}, ["the customer has signed or it is invoiced"]),
        ({"all": ["paid_in_full"]}, NOTHING_TOLD, {"balance_due": Decimal("0.01")}, []),
        ({"all": ["paid_in_full"]}, NOTHING_TOLD, {"balance_due": Decimal(-3)}, []),
        ({"all": ["paid_in_full"]}, NOTHING_TOLD, {"balance_due": Decimal(1)}, ["the customer has paid in full"]),
        ({"all": ["delivered"]}, NOTHING_TOLD, {"dates": Dates(contract=CONTRACT)}, ["the car is delivered"]),
        ({"all": ["delivered"]}, NOTHING_TOLD, {"dates": Dates(delivery=date(2026, 10, 1))}, []),
        ({"all": ["delivered"]}, NOTHING_TOLD, {"dates": Dates(delivery=date(2026, 10, 2))}, ["the car is delivered"]),
        ({}, NOTHING_TOLD, {}, []),
        ({"date": "delivery"}, NOTHING_TOLD, {"status": "contracted"}, ["the deal is completed"]),
        ({"all": [], "date": "delivery"}, NOTHING_TOLD, {"status": "contracted"}, []),
    ],
)
def test_what_is_missing(when: dict[str, Any], told: Told, changes: dict[str, Any], missing: list[str]) -> None:
    assert missing_for(deal(**changes), PostWhen.model_validate(when), told, today=TODAY) == missing


def test_a_deal_that_was_taken_back_waits_for_no_signature() -> None:
    gone = deal(lifecycle=(LifecycleEvent(at=SIGNED, event="unwound"),), balance_due=Decimal(5))
    assert missing_for(gone, PostWhen(all=("completed", "signed", "paid_in_full")), today=TODAY) == []
    draft = gone.model_copy(update={"status": "draft"})
    assert missing_for(draft, PostWhen(all=("completed", "signed")), today=TODAY) == ["the deal is completed"]


@pytest.mark.parametrize(
    ("when", "told", "day"),
    [
        ({"all": ["completed"]}, Told(SIGNED, INVOICED), None),
        ({"all": ["completed"], "date": "delivery"}, NOTHING_TOLD, DELIVERY),
        ({"all": ["signed"], "date": "signed"}, Told(SIGNED), SIGNED),
        ({"any": ["signed", "delivered"], "date": "signed"}, NOTHING_TOLD, None),
        ({"all": ["invoiced"], "date": "invoiced"}, Told(SIGNED, INVOICED), INVOICED),
        ({"all": ["completed"], "date": "ready"}, Told(SIGNED), DELIVERY),
        ({"all": ["completed", "signed"], "date": "ready"}, Told(SIGNED), SIGNED),
        ({"all": ["signed", "paid_in_full"], "date": "ready"}, Told(SIGNED), date(2026, 9, 20)),
        ({"any": ["signed", "invoiced"], "date": "ready"}, Told(SIGNED, INVOICED), SIGNED),
        ({"all": ["signed"], "any": ["invoiced"], "date": "ready"}, Told(SIGNED, INVOICED), INVOICED),
        ({"date": "ready"}, Told(SIGNED), DELIVERY),
    ],
)
def test_the_day_of_the_sale(when: dict[str, Any], told: Told, day: date | None) -> None:
    assert booked_on(deal(), PostWhen.model_validate(when), told, today=TODAY) == day


def test_a_completion_has_the_day_that_the_deal_says() -> None:
    done = deal(lifecycle=(LifecycleEvent(at=date(2026, 9, 14), event="completed"),))
    assert booked_on(done, PostWhen(all=("completed",), date="ready"), today=TODAY) == date(2026, 9, 14)


@pytest.mark.parametrize("by", ["signed", "invoiced"])
def test_a_day_must_be_one_of_the_conditions(by: str) -> None:
    with pytest.raises(ValidationError, match=f"date: {by} needs {by} among"):
        PostWhen.model_validate({"all": ["completed"], "date": by})


@pytest.mark.parametrize(
    ("day", "post_from", "wrong"),
    [
        (SIGNED, None, False),
        (date(2026, 10, 2), None, False),
        (date(2026, 10, 3), None, True),
        (date(2199, 1, 1), None, True),
        (date(2025, 9, 12), None, False),
        (date(2024, 9, 12), None, True),
        (date(2026, 8, 31), date(2026, 9, 1), True),
        (date(2026, 8, 31), date(2026, 9, 20), False),  # the stated day is before go-live too
    ],
)
def test_a_day_that_cannot_be(day: date, post_from: date | None, wrong: bool) -> None:
    assert cannot_be(day, deal(), today=TODAY, post_from=post_from) is wrong
