"""Extract as a Prefect task: read what a source has that we have not seen, and stage it."""

from __future__ import annotations

from datetime import date

from prefect import task

from dealbooks.pipeline.extract import ExtractResult
from dealbooks.pipeline.extract import extract as extract_source
from tasks.rooms import room_name
from tasks.work import READ_AGAIN, UNKEPT, LogProgress, in_house, run_log


@task(
    name="extract",
    task_run_name="read {source}",
    description="Read what a source has that was not seen before, and stage it. Reading again changes nothing.",
    **UNKEPT,
    **READ_AGAIN,
)
async def extract(config: str, source: str, since: date | None = None) -> ExtractResult:
    """Stage what is new at a source; the batches made of it. Raises DealbooksError."""
    progress = LogProgress(run_log())
    return await in_house(
        config,
        "prefect",
        lambda house: extract_source(house, source, since=since, progress=progress),
        room=room_name("source", source),
    )
