"""The form by which a person corrects a deal in the Prefect UI."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dealbooks.errors import UsageError
from flows.quarantine_fix import quarantine_fix
from flows.quarantine_form import OTHER, Answer, Choice, Correction, DealField, Step, deal_fields

FILLED: dict[str, Any] = {"deal": "A-1", "value": "15000.00", "who": "Pat", "why": "the purchase invoice"}


def test_the_ui_offers_the_fields_as_a_list() -> None:
    schema = quarantine_fix.parameters.model_dump()["definitions"]
    assert "vehicle.cost" in schema["DealField"]["enum"]
    assert schema["Correction"]["properties"]["deal"]["title"] == "Deal"
    assert set(schema["Correction"]["required"]) == {"deal", "who", "why"}


def test_no_field_of_a_person_is_offered() -> None:
    assert not [path for path in deal_fields() if path.startswith(("customer", "co_buyer", "bill_to", "references"))]


@pytest.mark.parametrize("path", ["customer.name", "customer_name", "Buyer.phone", "email", "address1", "last_name"])
def test_a_field_of_a_person_is_refused_when_typed(path: str) -> None:
    with pytest.raises(ValidationError, match="dealbooks quarantine fix"):
        Correction.model_validate(FILLED | {"other_field": path})


def test_a_field_from_the_list_or_one_that_is_typed() -> None:
    assert Correction.model_validate(FILLED | {"field": "vehicle.cost"}).path == "vehicle.cost"
    assert Correction.model_validate(FILLED | {"other_field": "lines[0].unit_price"}).path == "lines[0].unit_price"


@pytest.mark.parametrize("missing", [{"value": ""}, {"who": ""}, {"why": " "}, {"deal": ""}, {"field": OTHER}])
def test_a_correction_needs_all_its_parts(missing: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Correction.model_validate(FILLED | missing)


def test_checking_again_needs_no_value() -> None:
    assert Correction.model_validate(FILLED | {"value": "", "step": Step.RELEASE.value}).step is Step.RELEASE


def test_the_answer_of_a_review_is_the_same_correction() -> None:
    answer = Answer(choice=Choice.CORRECT, field=DealField("vehicle.cost"), value="15000.00", why=FILLED["why"])
    expected = Correction.model_validate(FILLED | {"field": "vehicle.cost"})
    assert answer.as_correction("A-1", "Pat") == expected


def test_an_answer_that_is_not_complete_is_told_in_words() -> None:
    with pytest.raises(UsageError, match="write the right value"):
        Answer(choice=Choice.CORRECT, why="the purchase invoice").as_correction("A-1", "Pat")


def test_every_name_of_the_form_is_a_field_of_the_deal() -> None:
    assert {str(field) for field in DealField} == {*deal_fields(), OTHER}
