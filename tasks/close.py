"""The steps of a close as Prefect tasks: show what there is to sign, sign it, decline it."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import task

from dealbooks.closing.signers import identify
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.pack import close_with_pack
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.periods import find
from dealbooks.pipeline.signoff import Shown, answered, decline, waiting
from tasks.work import READ_AGAIN, UNKEPT, in_house


@task(
    name="show-for-signing",
    task_run_name="show {book} {period}",
    description="Reconcile a month of a book with its ledger, and keep what people are to sign, with its draft pack.",
    **UNKEPT,
    **READ_AGAIN,
)
async def show_for_signing(config: str, book: str, period: str, run: str) -> CloseResult:
    """Read a month (`2026-03`) of a book, and keep it as shown by this flow run. Raises DealbooksError."""
    return await in_house(config, "prefect", lambda house: close_with_pack(house, book, period, run=run))


@task(
    name="sign",
    task_run_name="sign {book} {period}",
    description="Read the ledger again; if it says what was shown, sign the month, and lock it.",
    **UNKEPT,
)
async def sign(
    config: str, book: str, period: str, run: str, who: str, note: str, accepted: Mapping[str, str]
) -> CloseResult:
    """Sign a month by a name that was typed; `accepted` are exceptions with a note each. Raises DealbooksError."""

    def work(house: House) -> CloseResult:
        signer = identify(house.config.signers, who)
        accept = [f"{one}={why}" for one, why in accepted.items()]
        return close_with_pack(house, book, period, sign=signer, note=note, accept=accept, run=run)

    return await in_house(config, "prefect", work)


@task(
    name="decline",
    task_run_name="decline {book} {period}",
    description="Keep that a person would not sign a month as it was shown.",
    **UNKEPT,
)
async def decline_shown(config: str, book: str, period: str, who: str, note: str) -> None:
    """Keep that a month was not signed. Raises DealbooksError."""

    def work(house: House) -> None:
        with house.store.read() as conn:
            shown = waiting(conn, book, Period.parse(period))
        if shown is None:
            raise UsageError(f"Nothing of {period} of {book} waits for a signature.", fix="Start the close again.")
        decline(house.store, house.actor, shown, identify(house.config.signers, who), note)

    await in_house(config, "prefect", work)


async def shown_by(config: str, book: str, period: str, run: str) -> tuple[PeriodState, Shown | None]:
    """Where a month stands, and what of it waits for signatures, if this flow run has shown it. Raises
    DealbooksError."""

    def work(house: House) -> tuple[PeriodState, Shown | None]:
        month = Period.parse(period)
        house.book(book)
        with house.store.read() as conn:
            shown = waiting(conn, book, month)
            state = find(conn, book, month).state
        return state, shown if shown is not None and shown.run == run else None

    return await in_house(config, "prefect", work)


async def dealt_with(config: str, shown: Shown) -> None:
    """Keep that an answer of the form was dealt with, so that a run that begins again does not act on it again. Raises
    DealbooksError."""
    await in_house(config, "prefect", lambda house: answered(house.store, house.actor, shown))
