"""Load as a Prefect task: send what is planned for one book to its ledger, and read each posting back.

No retries here: attempts and the next time belong to each posting in the outbox, and a run that dies is taken up by
the next one.
"""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from dealbooks.outbox import DrainResult
from dealbooks.pipeline.load import load as load_book
from tasks.rooms import room_name
from tasks.work import LogProgress, in_house, run_log


@task(
    name="load",
    task_run_name="post to {book}",
    description="Send what is planned for a book to its ledger, each posting once, and read it back.",
    cache_policy=NO_CACHE,
    persist_result=False,
)
async def load(config: str, book: str) -> DrainResult:
    """Drain the outbox of one book. Raises DealbooksError (LeaseLost: another process posts to this ledger now)."""
    progress = LogProgress(run_log())
    return await in_house(
        config, "prefect", lambda house: load_book(house, book, progress=progress), room=room_name("book", book)
    )
