"""What `dealbooks up` prints when everything is up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dealbooks.config import Config
from flows.up.webhooks import PUBLIC, addresses, trial

_WHY = (
    "Runs are served from here, which starts them about twice as fast as a worker would. "
    "Start one in the UI under Deployments. Ctrl-C stops everything."
)


def panel(
    config: Config,
    pages: Mapping[str, str],
    deployments: Sequence[Mapping[str, Any]],
    *,
    gateway: str,
    logs: Path,
) -> Panel:
    """Where everything is, what runs when, and where to send webhooks. `pages` without an address are left out."""
    plans = Table(show_header=True, box=None, padding=(0, 2, 0, 0))
    plans.add_column("deployment", no_wrap=True)
    plans.add_column("runs")
    for plan in deployments:
        plans.add_row(f"{plan['flow']}/{plan['name']}", _when(plan))
    places = Table.grid(padding=(0, 2))
    for title, address in {**pages, "Gateway": gateway}.items():
        if address:
            places.add_row(title, Text(address, style="bold"))
    places.add_row("Logs", str(logs))
    parts = (places, Text(), plans, Text(), _webhooks(config, gateway), Text(), Text(_WHY, style="dim"))
    return Panel(Group(*parts), title="Dealbooks is up", expand=False)


def _webhooks(config: Config, gateway: str) -> Group | Text:
    """Where to send webhooks, and how to try one."""
    found = addresses(config)
    if not found:
        return Text(
            "No webhooks are set: sources are read on their schedules alone. Add some under hooks: in dealbooks.yaml, "
            "then start this again (docs/fast-lane.md)."
        )
    table = Table(show_header=True, box=None, padding=(0, 2, 0, 0))
    table.add_column("webhook", no_wrap=True)
    table.add_column("kind")
    table.add_column("send it to", overflow="fold")
    for row in found:
        table.add_row(*row)
    told = f"{PUBLIC} is the public name that leads to {gateway}. Try one out:\n    {trial(found[0][0], gateway)}"
    return Group(table, Text(told))


def _when(plan: Mapping[str, Any]) -> str:
    if not plan["cron"]:
        return "when a person starts it"
    from flows.deployments import CLOSE_CRON, DRIFT_CRON, SYNC_CRON

    words = {
        SYNC_CRON: "every 15 minutes, but not between 01:00 and 03:00",
        DRIFT_CRON: "every hour at 40 minutes past, but not between 01:00 and 03:00",
        CLOSE_CRON: "on the 2nd of each month at 06:00",
    }
    return f"{words.get(plan['cron'], plan['cron'])}, {plan['timezone']} time"
