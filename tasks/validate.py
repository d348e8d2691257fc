"""Validate as a Prefect task: the data-quality suite over what was read; what fails waits in quarantine.

Great Expectations is imported by the House when a batch is checked, never with this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from prefect import task

from dealbooks.house import House
from dealbooks.pipeline.sync import SyncResult, take_batches
from dealbooks.pipeline.validate import ValidateResult
from tasks.rooms import room_name
from tasks.work import UNKEPT, LogProgress, in_house, run_log


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of the batches of a source; `failures` are batches that stopped, in words. `refused` are rows of
    events and opening balances that wait in quarantine."""

    batches: tuple[ValidateResult, ...]
    facts: int
    openings: int
    failures: tuple[str, ...]
    refused: int = 0


@task(
    name="validate",
    task_run_name="check what {source} sent",
    description="Check every deal that was read; a deal that fails waits in quarantine, the others go on.",
    **UNKEPT,
)
async def validate(config: str, source: str) -> Checked:
    """Check every batch of a source that waits, oldest first, once each. Raises DealbooksError."""
    progress = LogProgress(run_log())

    def work(house: House) -> Checked:
        result = SyncResult()
        take_batches(house, source, result, progress)
        refused = result.refused_facts + result.refused_openings
        return Checked(tuple(result.validated), result.facts, result.openings, tuple(result.failures), refused)

    return await in_house(config, "prefect", work, room=room_name("source", source))
