"""Quarantine as Prefect tasks: what waits there, a person's correction, and checking a deal again."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import task

from dealbooks.catalogue import CATALOGUE
from dealbooks.findings import Finding
from dealbooks.pipeline import quarantine
from dealbooks.pipeline.validate import ValidateResult
from tasks.work import UNKEPT, in_house


@dataclass(frozen=True, slots=True)
class WaitingDeal:
    """A deal in quarantine as Prefect may show it: no values, since they may be a customer's."""

    number: int
    book: str
    deal_number: str
    place: str
    since: str
    reasons: tuple[str, ...]


def reason(found: Finding) -> str:
    """A finding without its value: the rule, what it is called, and the field."""
    title = CATALOGUE[found.code].title if found.code in CATALOGUE else "see dealbooks quarantine show"
    return f"{found.code} {title} ({found.field})" if found.field else f"{found.code} {title}"


@task(
    name="quarantine",
    task_run_name="list quarantine",
    description="List the deals that wait in quarantine. Only reads.",
    **UNKEPT,
)
async def waiting_in_quarantine(config: str, book: str | None = None) -> list[WaitingDeal]:
    """The deals that wait, of one book or of all, newest first. Raises DealbooksError."""
    rows = await in_house(config, "prefect", lambda house: quarantine.waiting(house, book=book))
    return [
        WaitingDeal(
            row.id, row.book, row.deal_number, row.place, row.opened_at, tuple(reason(one) for one in row.errors)
        )
        for row in reversed(rows)
    ]


@task(
    name="correct",
    task_run_name="correct {field} of {deal}",
    description="Keep a person's correction of one field, with who and why, and check the deal again.",
    **UNKEPT,
)
async def correct(config: str, deal: str, field: str, value: str, *, who: str, why: str) -> ValidateResult:
    """Correct one field of a deal in quarantine; what became of it. Raises UsageError for a deal that is not there."""
    return await in_house(config, who, lambda house: quarantine.fix(house, deal, field, value, who=who, why=why))


@task(
    name="release",
    task_run_name="check {deal} again",
    description="Check a deal of the quarantine again as it is, after something else was mended.",
    **UNKEPT,
)
async def check_again(config: str, deal: str, *, who: str, why: str) -> ValidateResult:
    """Check a deal again; what became of it. Raises UsageError for a deal that is not there."""
    return await in_house(config, who, lambda house: quarantine.release(house, deal, who=who, why=why))
