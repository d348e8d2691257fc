"""automations.yaml: Prefect takes it, and it waits for events that are told."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import yaml
from prefect.events.schemas.automations import AutomationCore, EventTrigger

from flows import reports

FILE = Path(__file__).parents[2] / "automations.yaml"
TOLD = {
    reports.BATCH_DONE, reports.BATCH_QUARANTINED, reports.DEAL_QUARANTINED, reports.DEAL_DISPUTED, reports.DRIFT_FOUND,
    "prefect.flow-run.Failed", "prefect.flow-run.Crashed",
}  # fmt: skip


def _ready() -> list[dict[str, Any]]:
    text = FILE.read_text(encoding="utf-8").replace("NOTIFY", str(uuid.uuid4()))
    found: list[dict[str, Any]] = yaml.safe_load(text)["automations"]
    return found


def test_prefect_takes_each_of_them() -> None:
    made = [AutomationCore.model_validate(one) for one in _ready()]
    assert len(made) == 4
    for one in made:
        assert isinstance(one.trigger, EventTrigger)
        assert set(one.trigger.expect) <= TOLD


def test_the_manual_tells_of_every_event_of_ours() -> None:
    page = (FILE.parent / "docs" / "fast-lane.md").read_text(encoding="utf-8")
    for event in TOLD:
        assert event in page or event.startswith("prefect.")
