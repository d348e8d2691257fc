"""`dealbooks up` as a person uses it: started, asked to run something, stopped with Ctrl-C, started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from dealbooks.demo import write_demo
from flows.up.process import descendants

pytestmark = [pytest.mark.prefect, pytest.mark.long]

ROOT = Path(__file__).parents[2]
START = """
import sys
from pathlib import Path
from rich.console import Console
from flows.up import up
sys.exit(up(Path(sys.argv[1]), port=int(sys.argv[2]), console=Console(width=160)))
"""
WAIT = 120.0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first days of the demo's drops."""
    return write_demo(tmp_path_factory.mktemp("demo"), through=date(2026, 7, 12)).config


@pytest.fixture(scope="module")
def port() -> int:
    """A free port, with a free one beside it for Fava."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@contextmanager
def running(config: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`up`, until it says that it is up; what it printed. Killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(config), str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process, _printed(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _printed(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("╰"):
            return "".join(lines)
    raise AssertionError("up ended by itself:\n" + "".join(lines))


def run_to_end(api: str, deployment: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Start a run through the API, as the UI does; its state when it is over."""

    async def go() -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=api, timeout=30, trust_env=False) as client:
            found = (await client.get(f"/deployments/name/{deployment}")).raise_for_status().json()
            body = {"parameters": found["parameters"] | parameters, "state": {"type": "SCHEDULED"}}
            made = await client.post(f"/deployments/{found['id']}/create_flow_run", json=body)
            while made.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # Prefect's SQLite is locked for a moment
                await asyncio.sleep(0.5)
                made = await client.post(f"/deployments/{found['id']}/create_flow_run", json=body)
            run_id = made.raise_for_status().json()["id"]
            while True:
                answer = await client.get(f"/flow_runs/{run_id}")
                if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    await asyncio.sleep(0.5)
                    continue
                state: dict[str, Any] = answer.raise_for_status().json()["state"]
                if state["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                    return state
                await asyncio.sleep(0.5)

    return asyncio.run(asyncio.wait_for(go(), WAIT))


def schedules(api: str) -> dict[str, bool]:
    """Deployment -> whether its schedule is on."""
    found = httpx.post(f"{api}/deployments/filter", json={}, timeout=30, trust_env=False).raise_for_status().json()
    return {one["name"]: one["schedules"][0]["active"] for one in found if one["schedules"]}


def stop(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Ask it to end, as a terminal or the system does; what it said."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=WAIT)
    return said


def alive(pids: set[int]) -> set[int]:
    """Which of these processes still run."""
    return {pid for pid in pids if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_up_runs_real_work_and_leaves_nothing_behind(config: Path, port: int) -> None:
    api = f"http://127.0.0.1:{port}/api"
    ledger = config.parent / "books" / "northgate"
    with running(config, port) as (process, printed):
        assert f"http://127.0.0.1:{port}" in printed
        assert "deal-sync/northgate_drop" in printed
        assert set(schedules(api).values()) == {True}
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=30, trust_env=False).status_code == 200
        settings = httpx.get(f"http://127.0.0.1:{port}/ui-settings", timeout=30, trust_env=False).json()
        assert settings["api_url"] == "/api"

        state = run_to_end(api, "deal-sync/northgate_drop", {})
        assert (state["type"], state["name"]) == ("COMPLETED", "Quarantined"), state
        posted = [path for path in ledger.glob("ledger/*/*.beancount") if path.stem != "none"]
        assert len(posted) > 100

        names = {one["name"] for one in httpx.post(f"{api}/automations/filter", json={}, trust_env=False).json()}
        assert "Crash zombie flows" in names
        documents = httpx.post(f"{api}/block_documents/filter", json={}, trust_env=False).json()
        assert {one["name"] for one in documents} == {"northgate", "suncoast", "northgate-drop", "suncoast-drop"}
        assert httpx.get(f"{api}/work_pools/dealbooks", trust_env=False).status_code == 200

        second = subprocess.run(
            [sys.executable, "-c", START, str(config), str(port)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert f"already uses port {port}" in second.stderr

        children = {child.pid for child in descendants(process.pid)}
        assert len(children) >= 2
        said = stop(process, signal.SIGINT)
        assert process.returncode == 0, said
        assert "All stopped." in said
        assert alive(children) == set()


def test_up_again_goes_on_with_what_is_there(config: Path, port: int) -> None:
    api = f"http://127.0.0.1:{port}/api"
    with running(config, port) as (process, _):
        assert set(schedules(api).values()) == {True}
        state = run_to_end(api, "deal-sync/northgate_drop", {})
        assert (state["name"], state["message"]) == ("Completed", "nothing new to post")
        state = run_to_end(
            api,
            "quarantine-fix/correct",
            {
                "correction": {
                    "deal": "NG-79001",
                    "field": "vehicle.cost",
                    "value": "9000",
                    "who": "Pat",
                    "why": "paper",
                }
            },
        )
        assert state["type"] == "COMPLETED", state
        children = {child.pid for child in descendants(process.pid)}
        said = stop(process, signal.SIGTERM)
        assert process.returncode == 0, said
        assert alive(children) == set()


def test_a_wrong_configuration_ends_it_in_words(config: Path, port: int, tmp_path: Path) -> None:
    broken = tmp_path / "dealbooks.yaml"
    text = config.read_text(encoding="utf-8").replace("chart: uk", "chart: charts/none.yaml")
    broken.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", START, str(broken), str(port)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=WAIT, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode != 0
    assert "none.yaml" in done.stderr
    assert "All stopped." in done.stdout
    assert json.dumps(done.stderr).count("Traceback") == 1
