"""What is deployed, for the sample configuration; and that prefect.yaml says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dealbooks.config import Config, load_config
from dealbooks.demo.setup import write_setup
from flows.deployments import PlannedDeployment, books_of, planned

ROOT = Path(__file__).parents[2]
CONFIG = "dealbooks.yaml"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load_config(write_setup(tmp_path_factory.mktemp("sample")))


@pytest.fixture(scope="module")
def in_yaml() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    flows = {"deal_sync": "deal-sync", "period_close": "period-close", "drift_watch": "drift-watch"}
    found = {}
    for item in content["deployments"]:
        flow = item["entrypoint"].split(":")[1]
        found[f"{flows.get(flow, flow.replace('_', '-'))}/{item['name']}"] = item
    return found


def test_the_deployments_of_the_sample_are_these(config: Config) -> None:
    assert {plan.full_name: (plan.cron, plan.timezone) for plan in planned(config, CONFIG)} == {
        "deal-sync/northgate_drop": ("*/15 0,3-23 * * *", "Europe/London"),
        "deal-sync/suncoast_drop": ("*/15 0,3-23 * * *", "America/New_York"),
        "period-close/northgate": ("0 6 2 * *", "Europe/London"),
        "period-close/suncoast": ("0 6 2 * *", "America/New_York"),
        "period-close/all-books": ("", ""),
        "drift-watch/northgate": ("40 0,3-23 * * *", "Europe/London"),
        "drift-watch/suncoast": ("40 0,3-23 * * *", "America/New_York"),
        "quarantine-fix/correct": ("", ""),
        "quarantine-review/review": ("", ""),
    }


def test_prefect_yaml_has_no_deployment_more_or_less(config: Config, in_yaml: dict[str, Any]) -> None:
    assert set(in_yaml) == {plan.full_name for plan in planned(config, CONFIG)}


def test_prefect_yaml_says_the_same_of_each(config: Config, in_yaml: dict[str, Any]) -> None:
    for plan in planned(config, CONFIG):
        assert _as_yaml(plan) == {key: in_yaml[plan.full_name].get(key) for key in _as_yaml(plan)}, plan.full_name


def _as_yaml(plan: PlannedDeployment) -> dict[str, Any]:
    return {
        "description": plan.description,
        "parameters": plan.parameters,
        "tags": list(plan.tags),
        "schedules": [{"cron": plan.cron, "timezone": plan.timezone}] if plan.cron else None,
        "concurrency_limit": {
            "limit": plan.limit,
            "collision_strategy": "CANCEL_NEW" if plan.skip_when_busy else "ENQUEUE",
        },
        "work_pool": {"name": "dealbooks", "job_variables": {}},
    }


def test_nothing_starts_while_clocks_change(config: Config) -> None:
    for plan in planned(config, CONFIG):
        if plan.cron:
            assert not {1, 2} & _hours(plan.cron.split()[1]), plan.full_name


def _hours(field: str) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_parameters_name_things_and_hold_no_deal(config: Config) -> None:
    for plan in planned(config, CONFIG):
        assert set(plan.parameters) <= {"config", "source", "book"}


def test_the_worker_is_told_which_folder_to_run_in() -> None:
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    step = content["pull"][0]["prefect.deployments.steps.set_working_directory"]
    assert step == {"directory": "{{ $DEALBOOKS_HOME }}"}


def test_a_source_of_two_books_names_each_once(config: Config) -> None:
    both = {"LEEDS": "northgate", "YORK": "northgate", "TAMPA": "suncoast"}
    source = config.sources["northgate_drop"].model_copy(update={"books": both})
    wide = config.model_copy(update={"sources": {"northgate_drop": source}})
    assert books_of(wide, "northgate_drop") == ["northgate", "suncoast"]
    assert planned(wide, CONFIG)[0].tags == ("dealbooks", "source:northgate_drop", "book:northgate", "book:suncoast")
