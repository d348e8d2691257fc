"""The form by which a person corrects a deal in quarantine from the Prefect UI.

Prefect keeps a run's parameters in clear, so what is personal cannot be corrected here: customer fields are not
offered, and refused when typed. `dealbooks quarantine fix` takes those.
"""

from __future__ import annotations

import re
import types
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

from prefect.input import RunInput
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dealbooks.deal import Deal
from dealbooks.deal.parts import Part
from dealbooks.errors import UsageError

# Parts of a deal that name a person, or that the source cannot have got wrong.
_NOT_OFFERED = frozenset({"customer", "co_buyer", "bill_to", "references", "source_system", "deal_id", "deal_version"})
_PERSONAL = re.compile(
    r"^(customer|co_buyer|bill_to|buyer|references)\b|name$|address|e?mail|phone|postal|postcode|tax_number|vat_number",
    re.IGNORECASE,
)
OTHER = "another field (write it below)"


def deal_fields(part: type[BaseModel] = Deal, prefix: str = "") -> list[str]:
    """Every single-valued field of a deal that is not personal, as a path: `vehicle.vin`, `dates.delivery`."""
    found: list[str] = []
    for name, info in part.model_fields.items():
        if not prefix and name in _NOT_OFFERED:
            continue
        inner = _part_in(info.annotation)
        if inner is not None:
            found += deal_fields(inner, f"{prefix}{name}.")
        elif get_origin(info.annotation) not in (tuple, dict, list):
            found.append(f"{prefix}{name}")
    return found


def _part_in(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return next((inner for inner in map(_part_in, get_args(annotation)) if inner is not None), None)
    return None


# The names come from the deal model, where mypy wants them written out.
DealField = StrEnum(  # type: ignore[misc]
    "DealField", {**{path.replace(".", "_"): path for path in deal_fields()}, "another": OTHER}
)


class Step(StrEnum):
    """What to do with the deal."""

    CORRECT = "correct one field, then check the deal again"
    RELEASE = "check the deal again as it is"


class Correction(BaseModel):
    """One correction of one deal that waits in quarantine."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    deal: str = Field(title="Deal", min_length=1, description="Its number, as the quarantine table shows it.")
    step: Step = Field(default=Step.CORRECT, title="What to do", description="Correct a field, or only check again.")
    field: DealField = Field(
        default=DealField("vehicle.vin"),
        title="Field",
        description="Which field is wrong; customer fields are not here.",
    )
    other_field: str = Field(
        default="",
        title="Another field",
        description="A column of the file, or a place in the deal such as lines[0].unit_price.",
    )
    value: str = Field(
        default="",
        title="Right value",
        max_length=500,
        description="Amounts with a decimal point, dates as 2026-03-14. No customer's data: it is kept in Prefect.",
    )
    who: str = Field(
        title="Who", min_length=2, max_length=100, description="Your name: it is kept with the correction."
    )
    why: str = Field(title="Why", min_length=3, max_length=500, description="For the auditor: what the papers say.")

    @field_validator("other_field")
    @classmethod
    def _not_personal(cls, value: str) -> str:
        if _PERSONAL.search(value):
            raise ValueError(
                "a customer's data is corrected with 'dealbooks quarantine fix', so that Prefect keeps none"
            )
        return value

    @model_validator(mode="after")
    def _complete(self) -> Correction:
        if self.step is Step.CORRECT:
            if not self.path:
                raise ValueError("write the field's name under 'Another field'")
            if not self.value:
                raise ValueError("write the right value")
        return self

    @property
    def path(self) -> str:
        """The field that is corrected."""
        chosen = str(self.field)
        return self.other_field if chosen == OTHER or self.other_field else chosen


class Choice(StrEnum):
    """What to do with the deal that the review shows."""

    CORRECT = "correct one field, then check the deal again"
    RELEASE = "check the deal again as it is"
    LATER = "leave it for later"
    STOP = "stop here"


class Answer(RunInput):
    """The form that a review shows for one deal."""

    choice: Choice = Field(default=Choice.LATER, title="What to do")
    field: DealField = Field(default=DealField("vehicle.vin"), title="Field")
    other_field: str = Field(
        default="", title="Another field", description="A column of the file, or a place such as lines[0].unit_price."
    )
    value: str = Field(default="", title="Right value", description="No customer's data: it is kept in Prefect.")
    why: str = Field(default="", title="Why", description="For the auditor: what the papers say.")

    def as_correction(self, deal: str, who: str) -> Correction:
        """The same as a correction. Raises UsageError when the form was not filled as it must be."""
        step = Step.CORRECT if self.choice is Choice.CORRECT else Step.RELEASE
        filled = {"field": self.field, "other_field": self.other_field, "value": self.value}
        try:
            return Correction.model_validate({"deal": deal, "step": step, "who": who, "why": self.why} | filled)
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'form'}: {item['msg'].removeprefix('Value error, ')}"
                for item in error.errors(include_url=False, include_input=False)
            )
            raise UsageError(
                f"The form for deal {deal} is not complete: {told}.", fix="Start the review again."
            ) from None
