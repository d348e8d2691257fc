"""Drift watch: between closes, notice what somebody changed in the ledger, and tell people once."""

from __future__ import annotations

from typing import Any

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from dealbooks.errors import DealbooksError
from dealbooks.pipeline.drift import Watched
from dealbooks.plural import counted
from flows import reports
from tasks import drift
from tasks.work import open_config, run_log


def _run_name() -> str:
    given: dict[str, Any] = runtime.flow_run.parameters
    return f"drift-watch {given.get('book') or 'all books'}"


@flow(name="drift-watch", flow_run_name=_run_name, persist_result=False)
async def drift_watch(config: str, book: str = "", whole: bool = False) -> State:  # noqa: FBT001 - a form's field
    """See what changed in the ledger since the last look. Books fail apart from each other.

    Args:
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        book: Which book; empty means all.
        whole: Read the whole ledger, not only what changed.
    """
    try:
        opened = open_config(config)
    except DealbooksError as error:
        return Failed(message=error.words)
    looks: list[Watched] = []
    failed: list[str] = []
    for name in [book] if book else list(opened.books):
        with tags(f"book:{name}"):
            try:
                found = await drift.look(config, name, whole=whole)
            except DealbooksError as error:
                failed.append(f"{name}: {error.words}")
                continue
            looks.append(found)
            await reports.drift_table(found)
            settings = opened.books[name].notify
            failed += await _tell(config, name, opened.notify if settings is None else settings)
    told = [
        f"{one.book}: {counted(len(one.open), 'finding waits', 'findings wait')} for a person, {len(one.raised)} new"
        for one in looks
    ]
    if failed:
        return Failed(message=" | ".join([*failed, *told]))
    if any(not one.quiet for one in looks):
        return Completed(name="Drift", message=f"{'; '.join(told)}. 'dealbooks drift BOOK' shows them.")
    return Completed(name="Quiet", message="; ".join(told) + ".")


async def _tell(config: str, book: str, blocks: tuple[str, ...]) -> list[str]:
    """An event for each finding that is new, changed or back, and one message by each block; what failed, in words.
    Where a block did not take it, all is told again by the next run."""
    try:
        found = await drift.untold(config, book)
        if not found:
            return []
        reports.tell_drift(book, found)
        subject, body = drift.message(book, found)
        failed = []
        for block in blocks:
            try:
                await drift.notify(block, book, subject, body)
            except DealbooksError as error:
                failed.append(f"{book}: {error.words}")
        if not failed:
            await drift.mark_told(config, book, found)
    except DealbooksError as error:
        return [f"{book}: {error.words}"]
    run_log().info("%s: told of %s findings by %s", book, len(found), ", ".join(blocks) or "events only")
    return failed
