"""Correct deals in quarantine from the Prefect UI: one by its number, or all of them in turn with a form for each.

The form is typed and checked (`Correction`, `Answer`); what it says is kept with the deal as an override, sealed in the
audit chain.
"""

from __future__ import annotations

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.flow_runs import apause_flow_run
from prefect.states import Completed, Failed

from dealbooks.errors import DealbooksError
from dealbooks.plural import counted
from flows.quarantine_form import Answer, Choice, Correction, Step
from tasks.load import load
from tasks.quarantine import WaitingDeal, check_again, correct, waiting_in_quarantine
from tasks.transform import transform
from tasks.work import open_config, run_log


def _fix_name() -> str:
    given = runtime.flow_run.parameters.get("correction")
    deal = given.get("deal") if isinstance(given, dict) else getattr(given, "deal", "")
    return f"quarantine-fix {deal}"


@flow(name="quarantine-fix", flow_run_name=_fix_name, persist_result=False)
async def quarantine_fix(correction: Correction, config: str = "") -> State:
    """Correct one field of a deal in quarantine, check it again, and post it when it is right now.

    Args:
        correction: What is wrong, what is right, who says so and why.
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
    """
    try:
        message = await _apply(config, correction)
    except DealbooksError as error:
        return Failed(message=error.words)
    return Completed(message=message)


@flow(name="quarantine-review", flow_run_name="quarantine-review {book}", persist_result=False)
async def quarantine_review(book: str, who: str, config: str = "", wait_minutes: int = 60) -> State:
    """Go through the deals of a book that wait in quarantine; the run pauses with a form for each of them.

    Args:
        book: Whose deals.
        who: Your name: it is kept with each correction.
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        wait_minutes: How long each form waits for you.
    """
    told: list[str] = []
    try:
        open_config(config)
        for deal in await waiting_in_quarantine(config, book):
            form = _form(deal)
            answer = await apause_flow_run(
                wait_for_input=form, timeout=wait_minutes * 60, poll_interval=2, key=str(deal.number)
            )
            if answer.choice is Choice.STOP:
                break
            if answer.choice is Choice.LATER:
                continue
            told.append(await _apply(config, answer.as_correction(str(deal.number), who)))
            run_log().info(told[-1])
    except DealbooksError as error:
        return Failed(message=error.words)
    return Completed(message=f"{counted(len(told), 'deal was', 'deals were')} worked on. {' '.join(told)}".strip())


def _form(deal: WaitingDeal) -> type[Answer]:
    """The form for one deal, headed by what is wrong with it."""
    reasons = "\n".join(f"- {reason}" for reason in deal.reasons)
    return Answer.with_initial_data(
        description=f"**Deal {deal.deal_number}** ({deal.place}), in quarantine since {deal.since}\n\n{reasons}\n\n"
        f"See the values with `dealbooks quarantine show {deal.number}`."
    )


async def _apply(config: str, correction: Correction) -> str:
    """Correct and check one deal; when it is accepted, post it. What came of it, in words. Raises DealbooksError."""
    deal, who, why = correction.deal, correction.who, correction.why
    if correction.step is Step.CORRECT:
        checked = await correct(config, deal, correction.path, correction.value, who=who, why=why)
    else:
        checked = await check_again(config, deal, who=who, why=why)
    if not checked.accepted:
        return f"Deal {deal} stays in quarantine; 'dealbooks quarantine show {deal}' says why."
    posted = 0
    for book in checked.books:
        with tags(f"book:{book}"):
            await transform(config, book)
            posted += (await load(config, book)).posted
    return f"Deal {deal} is accepted; {posted} postings went to {', '.join(checked.books)}."
