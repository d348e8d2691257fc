"""Transform as a Prefect task: the accepted deals of a book become balanced entries, planned for its ledger."""

from __future__ import annotations

from prefect import task

from dealbooks.house import House
from dealbooks.pipeline.facts import link_facts
from dealbooks.pipeline.transform import TransformResult
from dealbooks.pipeline.transform import transform as transform_book
from tasks.rooms import room_name
from tasks.work import UNKEPT, LogProgress, in_house, run_log


@task(
    name="transform",
    task_run_name="plan {book}",
    description="Turn the accepted deals of a book into balanced entries, planned for its ledger.",
    **UNKEPT,
)
async def transform(config: str, book: str) -> TransformResult:
    """Plan everything of a book that may be posted now. Raises DealbooksError."""
    progress = LogProgress(run_log())

    def work(house: House) -> TransformResult:
        link_facts(house, book)
        return transform_book(house, book, progress=progress)

    return await in_house(config, "prefect", work, room=room_name("book", book))
