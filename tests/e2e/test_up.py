"""`dealbooks up` as a person uses it: started, asked to run something, stopped with Ctrl-C, started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from benchmarks.webhooks import free_port
from dealbooks.config import load_config
from dealbooks.demo import write_demo
from dealbooks.house import House
from dealbooks.store.tables import events
from flows.up.process import descendants

pytestmark = [pytest.mark.prefect, pytest.mark.long]

ROOT = Path(__file__).parents[2]
START = """
import sys
from pathlib import Path
from rich.console import Console
from flows.up import up
ports = {"port": int(sys.argv[2]), "gateway_port": int(sys.argv[3])}
sys.exit(up(Path(sys.argv[1]), **ports, console=Console(width=160)))
"""
WAIT = 120.0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first days of the demo's drops, and a webhook."""
    path = write_demo(tmp_path_factory.mktemp("demo"), through=date(2026, 7, 12)).config
    hooks = {"esign": {"scheme": "signed", "secrets": ["gateway-secret-01"]}}
    path.write_text(f"{path.read_text(encoding='utf-8')}\nhooks: {json.dumps(hooks)}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def port() -> int:
    """A free port, with a free one beside it for Fava."""
    return free_port()


@pytest.fixture(scope="module")
def gateway() -> int:
    """A free port."""
    return free_port()


@contextmanager
def running(config: Path, port: int, gateway: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`up`, until it says that it is up; what it printed. Killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(config), str(port), str(gateway)],
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


def test_up_runs_real_work_and_leaves_nothing_behind(config: Path, port: int, gateway: int) -> None:
    api = f"http://127.0.0.1:{port}/api"
    ledger = config.parent / "books" / "northgate"
    with running(config, port, gateway) as (process, printed):
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
            [sys.executable, "-c", START, str(config), str(port), str(gateway)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert f"already uses port {port}" in second.stderr

        children = {child.pid for child in descendants(process.pid)}
        assert len(children) >= 2
        said = stop(process, signal.SIGINT)
        assert process.returncode == 0, said
        assert "All stopped." in said
        assert alive(children) == set()


def test_what_a_webhook_tells_is_a_run_in_the_ui_and_a_dead_gateway_comes_back(
    config: Path, port: int, gateway: int
) -> None:
    api, address = f"http://127.0.0.1:{port}/api", f"http://127.0.0.1:{gateway}"
    with running(config, port, gateway) as (process, printed):
        assert f"dealbooks hooks send esign --sample --to {address}" in printed
        assert "https://YOUR-GATEWAY/hooks/esign" in printed
        cli = [sys.executable, "-m", "dealbooks.cli", "--config", str(config)]
        tried = subprocess.run(
            [*cli, "hooks", "send", "esign", "--sample", "--to", address],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert tried.returncode == 0, tried.stderr
        before = httpx.get(f"{address}/metrics", timeout=30, trust_env=False).text
        os.kill(_pid_of(process.pid, "gateway.app:create_app"), signal.SIGKILL)
        _until(lambda: _answers(f"{address}/readyz") and _metrics(address) != before)

        body = json.dumps({"type": "document.signed", "id": "s1", "data": {"deal_ref": "no-such-deal"}}).encode()
        file = config.parent / "signed.json"
        file.write_bytes(body)
        told = subprocess.run(
            [*cli, "hooks", "send", "esign", "--file", str(file), "--to", address],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        _until(lambda: _events(config) == {"s1": "waiting", "sample": "sample"})
        _until(lambda: "COMPLETED" in _intake_runs(api))
        children = {child.pid for child in descendants(process.pid)}
        said = stop(process, signal.SIGINT)
        assert process.returncode == 0, said
        assert "The gateway ended by itself (code -9); it is started again now." in said
        assert alive(children) == set()


def _until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=30, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _metrics(address: str) -> str:
    return httpx.get(f"{address}/metrics", timeout=30, trust_env=False).text


def _pid_of(pid: int, part: str) -> int:
    """The program under a process whose command has this part."""
    (found,) = (
        child.pid
        for child in descendants(pid)
        if part in Path(f"/proc/{child.pid}/cmdline").read_text(encoding="utf-8").split("\0")
    )
    return found


def _events(config: Path) -> dict[str, str]:
    """State of each event; that of the sample by the word."""
    with House.open(load_config(config)) as house, house.store.read() as conn:
        rows = conn.execute(select(events.c.dedupe_key, events.c.state)).all()
    return {"sample" if row.state == "sample" else "s1" if row.dedupe_key.endswith("s1") else row.dedupe_key: row.state
            for row in rows}  # fmt: skip


def _intake_runs(api: str) -> list[str]:
    """States of the runs of the fast lane."""
    chosen = {"flows": {"name": {"any_": ["inbox-intake"]}}}
    answer = httpx.post(f"{api}/flow_runs/filter", json=chosen, timeout=30, trust_env=False)
    return [run["state"]["type"] for run in answer.json()] if answer.status_code == 200 else []


def test_up_again_goes_on_with_what_is_there(config: Path, port: int, gateway: int) -> None:
    api = f"http://127.0.0.1:{port}/api"
    with running(config, port, gateway) as (process, _):
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


def test_a_wrong_configuration_ends_it_in_words(config: Path, port: int, gateway: int, tmp_path: Path) -> None:
    broken = tmp_path / "dealbooks.yaml"
    text = config.read_text(encoding="utf-8").replace("chart: uk", "chart: charts/none.yaml")
    broken.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", START, str(broken), str(port), str(gateway)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=WAIT, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode != 0
    assert "none.yaml" in done.stderr
    assert "All stopped." in done.stdout
    assert json.dumps(done.stderr).count("Traceback") == 1
