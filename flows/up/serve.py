"""What runs the flows under `dealbooks up`: prepares the Prefect server, then serves every deployment.

Serving, not a worker: what is served starts about twice as fast as through a process worker (3.0 s against 6.7 to 7.0 s
for a tiny flow: both start a new Python process, but the worker prepares a workspace first).

    python -m flows.up.serve --config FILE [--ready-fd N]

writes one line of JSON to N when everything is in place, or when it cannot be, and serves until SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.automations import Automation
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, State, StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.exceptions import ObjectAlreadyExists
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType

from blocks.register import LEDGER_BLOCKS, SOURCE_BLOCKS, register
from dealbooks.config import Config, load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from flows.deal_sync import deal_sync
from flows.deployments import WORK_POOL, PlannedDeployment, planned
from flows.drift_watch import drift_watch
from flows.period_close import period_close
from flows.quarantine_fix import quarantine_fix, quarantine_review

FLOWS: Mapping[str, Flow[..., Any]] = {
    flow.name: flow for flow in (deal_sync, period_close, drift_watch, quarantine_fix, quarantine_review)
}
ZOMBIES = "Crash zombie flows"
_AT_ONCE = 4  # runs side by side; each is a process of some 300 MB
_STOPPED = "'dealbooks up' was stopped while this ran. The next run goes on where it stopped; nothing is posted twice."
_UNDER_WAY = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)

_log = logging.getLogger("dealbooks.up")


class _Server(Runner):
    """A runner that ends in order on SIGTERM: Prefect's own handler calls a coroutine without awaiting it (3.8.8), and
    leaves the runs that are under way to themselves."""

    def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
        """Stop the runs, pause the schedules, end."""
        loop = self._loop
        if loop is not None and self.started:
            loop.call_soon_threadsafe(lambda: loop.create_task(self.astop()))


def block_name(name: str) -> str:
    """A name of the configuration as a block document may be called."""
    return name.replace("_", "-")


async def save_blocks(config: Config) -> list[str]:
    """Keep each connection of the configuration as a block document, so that flows of your own can load it; their
    references. A connection that already names a block is left alone."""
    saved = []
    for book, settings in config.books.items():
        ledger = LEDGER_BLOCKS.get(settings.ledger.platform)
        if ledger is not None and settings.ledger.block is None:
            known = {k: v for k, v in (settings.ledger.model_extra or {}).items() if k in ledger.model_fields}
            await ledger(**known).asave(block_name(book), overwrite=True)
            saved.append(f"{ledger.get_block_type_slug()}/{block_name(book)}")
    for name, source in config.sources.items():
        drop = SOURCE_BLOCKS.get(source.platform)
        if drop is not None and source.block is None:
            known = {k: v for k, v in source.settings.items() if k in drop.model_fields}
            await drop(**known).asave(block_name(name), overwrite=True)
            saved.append(f"{drop.get_block_type_slug()}/{block_name(name)}")
    return saved


async def make_work_pool(client: PrefectClient) -> None:
    """The process work pool that prefect.yaml deploys to; nothing polls it under `dealbooks up`."""
    try:
        await client.create_work_pool(
            WorkPoolCreate(name=WORK_POOL, type="process", description="Dealbooks runs, one process each.")
        )
    except ObjectAlreadyExists:
        return


def zombie_automation() -> Automation:
    """Marks a run as crashed when its process has died: no heartbeat (every 180 s) nor end for 9 minutes.

    The open-source server has no such automation of its own (PrefectHQ/prefect #16746). What was posted is never
    judged by a run's state; this only frees its concurrency slot and tells the truth in the UI.
    """
    return Automation(
        name=ZOMBIES,
        description="A run whose process died stays 'Running' for ever otherwise. Nothing is posted or undone by this.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=540),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message="The process of this run died. The next run goes on where it stopped; nothing is posted twice.",
            )
        ],
    )


async def make_automation(client: PrefectClient) -> None:
    """Create the automation once."""
    if not await client.read_automations_by_name(ZOMBIES):
        await zombie_automation().acreate()


async def end_leftovers(client: PrefectClient) -> int:
    """End the runs that an earlier `up` left: those it did not see the end of, and those that fell due while nothing
    ran (the next run catches up to now, so they would only repeat it). How many there were."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["dealbooks"]))
    ended = 0
    for run in await _runs(client, ours, *_UNDER_WAY):
        state: State[Any] = Crashed(message=_STOPPED)
        await client.set_flow_run_state(run.id, state, force=True)
        ended += 1
    now = datetime.now(UTC)
    for run in await _runs(client, ours, StateType.SCHEDULED):
        if run.auto_scheduled and run.next_scheduled_start_time and run.next_scheduled_start_time < now:
            await client.delete_flow_run(run.id)
            ended += 1
    return ended


async def _runs(client: PrefectClient, deployments: DeploymentFilter, *states: StateType) -> list[Any]:
    found = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))))
    return list(await client.read_flow_runs(flow_run_filter=found, deployment_filter=deployments, limit=200))


async def add(runner: Runner, plan: PlannedDeployment) -> None:
    """Deploy a plan (again and again changes nothing), and let the runner serve it.

    Not `Runner.aadd_flow`: that pickles the flow for its process, and names used in annotations alone (`date`) are
    lost. By its module path, the flow is imported there.
    """
    strategy = ConcurrencyLimitStrategy.CANCEL_NEW if plan.skip_when_busy else ConcurrencyLimitStrategy.ENQUEUE
    deployment = await FLOWS[plan.flow].ato_deployment(
        plan.name,
        description=plan.description,
        parameters=plan.parameters,
        tags=list(plan.tags),
        schedule=Cron(plan.cron, timezone=plan.timezone) if plan.cron else None,
        concurrency_limit=ConcurrencyLimitConfig(limit=plan.limit, collision_strategy=strategy),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # Said, not left out: a deployment of this name that `prefect deploy` gave to a work pool is taken from it.
    deployment.work_pool_name = None
    deployment.work_queue_name = None
    await runner.aadd_deployment(deployment)


def prepare_ledgers(config: Config) -> dict[str, str]:
    """Book -> the file that Fava shows, for every book kept in Beancount files; the files are made if need be."""
    found: dict[str, str] = {}
    house = House(config, actor="up")
    for book, settings in config.books.items():
        if settings.ledger.platform != "beancount":
            continue
        ledger: Any = house.ledger(book)
        ledger.prepare()
        found[book] = str(Path(ledger.main).absolute())
    return found


async def serve(path: Path, ready: int | None) -> None:
    """Prepare the server, tell `ready`, and serve until told to stop. Raises DealbooksError."""
    config = load_config(path)
    ledgers = await asyncio.to_thread(prepare_ledgers, config)
    await register()
    saved = await save_blocks(config)
    plans = planned(config, str(path))
    runner = _Server(name="dealbooks", pause_on_shutdown=True, limit=_AT_ONCE)
    async with get_client() as client:
        await make_work_pool(client)
        await make_automation(client)
        ended = await end_leftovers(client)
    for plan in plans:
        await add(runner, plan)
    _log.info("%d deployments are served; %d runs of an earlier time were ended", len(plans), ended)
    _tell(ready, {"deployments": [asdict(plan) for plan in plans], "blocks": saved, "ledgers": ledgers})
    await runner.start()


def _tell(ready: int | None, message: dict[str, Any]) -> None:
    if ready is None:  # started again: nobody waits
        return
    with os.fdopen(ready, "w", encoding="utf-8") as pipe:
        pipe.write(json.dumps(message))


def main() -> int:
    """Entry point of the child process."""
    parser = argparse.ArgumentParser(prog="python -m flows.up.serve")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--ready-fd", type=int)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(serve(given.config, given.ready_fd))
    except DealbooksError as error:
        _log.error("%s", error.words)
        _tell(given.ready_fd, {"error": error.message, "fix": error.fix, "exit_code": error.exit_code})
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
