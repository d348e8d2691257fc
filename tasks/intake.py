"""The fast lane's own stages as Prefect tasks: take what the gateway stored, and read those deals again.

No retries here: what could not be done is done again after a while, in a batch of its own (dealbooks.pipeline.agenda).
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect import task

from dealbooks.pipeline import events, payments, signatures
from dealbooks.pipeline.events import TakenEvents
from dealbooks.pipeline.intake import disputed_since
from dealbooks.pipeline.payments import TakenPayments
from dealbooks.pipeline.signatures import TakenSignatures
from dealbooks.pipeline.sweep import Reread, take_some
from tasks.rooms import room_name
from tasks.work import UNKEPT, in_house

EVENTS_ROOM, PAYMENTS_ROOM, SIGNATURES_ROOM = "events", "payments", "signatures"
MOST_EVENTS = 500


@task(
    name="take-events",
    task_run_name="take events",
    description="Match what the gateway stored with deals; what must be read again at its source.",
    **UNKEPT,
)
async def take_events(config: str) -> TakenEvents:
    """Take a batch of events. Raises DealbooksError."""
    return await in_house(
        config, "prefect", lambda house: events.take_events(house, limit=MOST_EVENTS), room=EVENTS_ROOM
    )


@task(
    name="read-again",
    task_run_name="read deals of {source}",
    description="Read the deals that were told about, as they are now at their source.",
    **UNKEPT,
)
async def read_again(config: str, source: str, keys: Sequence[str]) -> Reread:
    """Read some deals of a source into the inbox. Raises DealbooksError (LeaseLost: another process reads it)."""
    return await in_house(
        config, "prefect", lambda house: take_some(house, source, keys), room=room_name("source", source)
    )


@task(
    name="take-payments",
    task_run_name="read payments",
    description="Read the payments that were told about at their providers, with our own credentials.",
    **UNKEPT,
)
async def take_payments(config: str) -> TakenPayments:
    """Read the payments of matched events that were not read yet. Raises DealbooksError."""
    return await in_house(
        config, "prefect", lambda house: payments.take_payments(house, limit=MOST_EVENTS), room=PAYMENTS_ROOM
    )


@task(
    name="take-signatures",
    task_run_name="read contracts",
    description="Read the contracts that were told to be signed at their providers, with our own credentials.",
    **UNKEPT,
)
async def take_signatures(config: str) -> TakenSignatures:
    """Read the contracts of events that wait to be confirmed. Raises DealbooksError."""
    return await in_house(
        config, "prefect", lambda house: signatures.take_signatures(house, limit=MOST_EVENTS), room=SIGNATURES_ROOM
    )


async def disputed(config: str, book: str, since: str) -> list[str]:
    """Numbers of the deals whose postings the ledger shows otherwise since then. Raises DealbooksError."""
    return await in_house(
        config, "prefect", lambda house: disputed_since(house.store, book, since), room=room_name("book", book)
    )
