"""The drift watch as Prefect tasks: look, and tell people."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import httpx
from prefect import task
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block

from dealbooks.errors import ConfigError, StopConnection
from dealbooks.pipeline import drift, drift_found
from dealbooks.pipeline.drift_found import DriftRow
from tasks.work import READ_AGAIN, UNKEPT, in_house

MOST = 20  # lines of one message


@task(
    name="look-for-drift",
    task_run_name="look for drift {book}",
    description="See what changed in a book's ledger since the last look, and keep what does not agree. Only reads it.",
    **UNKEPT,
    **READ_AGAIN,
)
async def look(config: str, book: str, *, whole: bool = False) -> drift.Watched:
    """One look. Raises DealbooksError."""
    return await in_house(config, "prefect", lambda house: drift.watch(house, book, whole=whole))


async def untold(config: str, book: str) -> list[DriftRow]:
    """What people were not told of. Raises DealbooksError."""
    return await in_house(config, "prefect", lambda house: drift_found.untold(house, book))


async def mark_told(config: str, book: str, told: Sequence[DriftRow]) -> None:
    """People were told. Raises DealbooksError."""
    await in_house(config, "prefect", lambda house: drift_found.mark_told(house, book, told))


@task(
    name="notify",
    task_run_name="notify {block} of {book}",
    description="Tell people what was found, by a notification block of Prefect.",
    **UNKEPT,
    **READ_AGAIN,
)
async def notify(block: str, book: str, subject: str, body: str) -> None:
    """Send a message by a block (`slack-webhook/controller`). Its answer is not shown: it may hold the address.

    Raises:
        ConfigError: there is no such block, or it cannot notify.
        StopConnection: the message was not taken.
    """
    loaded = await _loaded(block)
    failed = StopConnection(
        f"The message about {book} could not be sent by the block {block}.",
        fix="Try the block in the Prefect UI; what it was to tell is told by the next run.",
    )
    try:
        with loaded.raise_on_failure():
            sent = loaded.notify(body, subject)  # a coroutine here, of every block that Prefect ships
            if inspect.isawaitable(sent):
                await sent
    except Exception:  # noqa: BLE001 - what a block raises may quote the address, which is a secret
        raise failed from None


async def _loaded(name: str) -> NotificationBlock:
    try:
        loaded = await Block.aload(name)
    except (ValueError, RuntimeError):
        raise ConfigError(
            f"Prefect has no block {name}.",
            fix="Make it in the Prefect UI under Blocks, or correct notify: in dealbooks.yaml.",
        ) from None
    except httpx.HTTPError:
        raise StopConnection(
            f"The block {name} is kept in Prefect, which does not answer.", fix="It is tried again by the next run."
        ) from None
    if not isinstance(loaded, NotificationBlock):
        raise ConfigError(
            f"The block {name} sends no notifications.",
            fix="Name a notification block (Slack, Teams, e-mail, ...) under notify: in dealbooks.yaml.",
        )
    return loaded


def message(book: str, found: Sequence[DriftRow]) -> tuple[str, str]:
    """Subject and text: which documents, of which class, by how much; no names of people, no texts of the ledger."""
    count = len(found)
    closed = sum(one.finding.closed for one in found)
    subject = f"{book}: {count} {'change' if count == 1 else 'changes'} in the ledger"
    lines = [one.finding.told for one in found[:MOST]]
    if closed:
        lines.insert(0, f"{closed} of them in a month that is closed.")
    if count > MOST:
        lines.append(f"... and {count - MOST} more.")
    return subject, "\n".join([*lines, f"See: dealbooks drift {book}"])
