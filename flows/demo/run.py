"""The demo itself: write each month's files, run the flows, reconcile, and say what came out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prefect.client.schemas.objects import State

from dealbooks.cli import output
from dealbooks.config import load_config
from dealbooks.demo import WAVES, write_demo
from dealbooks.house import House
from dealbooks.periods import Period
from flows.deal_sync import deal_sync
from flows.demo.first_close import close_first_month
from flows.demo.summary import next_steps, summarise
from flows.period_close import period_close


def run(folder: Path) -> int:
    """See `flows.demo.run_demo`."""
    return asyncio.run(_run(folder.absolute()))


async def _run(folder: Path) -> int:
    failed: list[str] = []
    demo = None
    for wave in WAVES:
        demo = write_demo(folder, through=wave)
        output.say(f"Files up to {wave:%d %B %Y}: deal sync ...")
        failed += _told(await deal_sync(config=str(demo.config), return_state=True), "deal sync")
    assert demo is not None
    config = load_config(demo.config)
    for book in config.books:
        for wave in WAVES:
            period = str(Period.of(wave))
            state = await period_close(config=str(demo.config), book=book, period=period, return_state=True)
            output.say(f"  {state.message}")
    with House.open(config, actor="demo") as house:
        failed += summarise(house, demo)
    failed += await close_first_month(folder)
    next_steps(demo.config)
    for line in failed:
        output.say(f"NOT AS IT MUST BE: {line}")
    return 1 if failed else 0


def _told(state: State, what: str) -> list[str]:
    """The end of a run in words; an error when it failed."""
    output.say(f"  {state.message}")
    return [f"{what} failed: {state.message}"] if state.is_failed() or state.is_crashed() else []
