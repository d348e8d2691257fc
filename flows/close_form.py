"""The form by which a person signs a close in the Prefect UI.

Prefect keeps what is typed here, and shows it to everybody who may see the run: a name, a decision and notes, never a
customer's data, and never a key. Who signs with a key does it by `dealbooks close --sign NAME --key FILE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from prefect.input import RunInput
from pydantic import BaseModel, Field

from dealbooks.pipeline.signoff import Shown

_MOST_ROWS = 100


class Decision(StrEnum):
    """What to do with a month that was shown."""

    SIGN = "sign it and close the month"
    AGAIN = "read the ledger again and show it anew"
    LATER = "leave this book as it is, and end"
    DECLINE = "do not close it as it was shown"


class AcceptedOne(BaseModel):
    """An exception that is accepted; without a note it is not."""

    exception: str = Field(title="Exception", description="Its reference, or its class.")
    about: str = Field(default="", title="About")
    note: str = Field(default="", title="Why it is accepted", max_length=500)


class SignOff(RunInput):
    """The form that a close shows when it waits for a signature."""

    who: str = Field(
        title="Who signs", min_length=2, max_length=100, description="Your name; it is on the certificate."
    )
    decision: Decision = Field(default=Decision.LATER, title="Decision")
    note: str = Field(default="", title="Note for the certificate", max_length=500)
    accepted: list[AcceptedOne] = Field(
        default_factory=list,
        title="Accepted exceptions",
        description="Write a note beside each that you accept. One without a note still stands in the way.",
    )

    @property
    def notes(self) -> dict[str, str]:
        """Accepted exceptions with their notes."""
        return {one.exception: one.note.strip() for one in self.accepted if one.note.strip()}


def form(shown: Shown, told: Sequence[str] = ()) -> type[SignOff]:
    """The form for what was shown of a book; `told` says why it is shown again. What a person must know stands with the
    first field: Prefect's window gives the text above a long form no height."""
    open_now = [one for one in shown.obstacles if one["acceptable"] and one["id"] not in shown.accepted]
    more = len(open_now) - _MOST_ROWS
    who = SignOff.model_fields["who"]
    lines = [
        *(f"**{text}**" for text in told),
        f"**{shown.book}, {shown.period}**: {'both sides agree' if shown.statement['agreed'] else 'with exceptions'}.",
        f"The report is {shown.page} (statement {shown.sha256[:16]}).",
        _in_the_way(len(open_now)),
        *([f"{more} more are not listed here; accept them by their class."] if more > 0 else []),
        *(f"Signed by {one['name']}, {one['at'][:16]} UTC." for one in shown.signatures),
    ]
    if shown.statement["four_eyes"]:
        lines.append(
            f"This book is signed by two people with a key each: `dealbooks close {shown.book} {shown.period} --sign "
            "NAME --key FILE`. When both have, choose “read the ledger again”: the run ends with the month closed."
        )
    lines.append(f"**{who.description}**")
    rows = [AcceptedOne(**_row(one)) for one in open_now[:_MOST_ROWS]]
    accepted = SignOff.model_fields["accepted"]
    return SignOff.with_initial_data(
        description=f"Close of {shown.book}, {shown.period}",
        who=Field(title=who.title, min_length=2, max_length=100, description="\n\n".join(lines)),
        accepted=Field(default=rows, title=accepted.title, description=accepted.description),
    )


def _in_the_way(count: int) -> str:
    if count == 1:
        return "1 exception stands in the way until you accept it, with a note."
    return f"{count or 'No'} exceptions stand in the way{' until you accept them, with a note each' if count else ''}."


def _row(one: Mapping[str, Any]) -> dict[str, str]:
    """An exception without what may name a person: class, deal number, and the cars or accounts."""
    deal = f"deal {one['deal']}" if one["deal"] else ""
    return {"exception": one["id"], "about": ", ".join(filter(None, (one["code"], deal, one.get("about", ""))))}
