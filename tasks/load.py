"""Load as a Prefect task: send what is planned for one book to its ledger, and read each posting back; then tell the
sources that show it to their people how their deals stand.

No retries here: attempts and the next time belong to each posting in the outbox, and a run that dies is taken up by
the next one.
"""

from __future__ import annotations

from prefect import task

from dealbooks.outbox import DrainResult
from dealbooks.pipeline.load import load as load_book
from dealbooks.pipeline.standings import ToldBack
from dealbooks.pipeline.standings import tell_standings as tell_sources
from tasks.rooms import room_name
from tasks.work import UNKEPT, LogProgress, in_house, run_log


@task(
    name="load",
    task_run_name="post to {book}",
    description="Send what is planned for a book to its ledger, each posting once, and read it back.",
    **UNKEPT,
)
async def load(config: str, book: str) -> DrainResult:
    """Drain the outbox of one book. Raises DealbooksError (LeaseLost: another process posts to this ledger now)."""
    progress = LogProgress(run_log())
    return await in_house(
        config, "prefect", lambda house: load_book(house, book, progress=progress), room=room_name("book", book)
    )


@task(
    name="tell-standings",
    task_run_name="tell {source} how its deals stand",
    description="Write back to a source how its deals stand in the books, where its settings ask for it.",
    **UNKEPT,
)
async def tell_standings(config: str, source: str) -> list[ToldBack]:
    """Tell one source how its deals stand. What cannot be written is told in words, and fails nothing."""
    return await in_house(
        config, "prefect", lambda house: tell_sources(house, [source]), room=room_name("source", source)
    )
