"""The fast lane: from a webhook to posted and read back, and where the time goes.

`python -m benchmarks.lane FOLDER [DEALS]`. Everything is real but the platforms: `dealbooks up` with its Prefect
server, gateway and fast lane; a HubSpot sandbox, and a Xero sandbox that answers each call after 200 ms. Each deal is a
used car for a customer who is known: one invoice, one journal, one receipt.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml
from sqlalchemy import select

from benchmarks.process import ROOT, environment
from benchmarks.webhooks import free_port
from dealbooks.charts import load_chart
from dealbooks.config_told import HookConfig
from dealbooks.starter import write_starter
from dealbooks.store import Store
from dealbooks.store.tables import deals, effects, events, exchanges
from flows.up.process import descendants
from gateway.schemes import SCHEMES
from sandbox.hubspot import HubSpotSandbox
from sandbox.hubspot import Settings as HubSpotSettings
from sandbox.kit import Platform
from sandbox.kit.sample import SampleAccount, SampleBooks
from sandbox.kit.server import application
from sandbox.xero.furnish import furnished

if str(ROOT / "tests") not in sys.path:  # cars, and the properties of a dealership's HubSpot account
    sys.path.insert(0, str(ROOT / "tests"))

DEALS, LEDGER_SECONDS, MOST_P95 = 40, 0.2, 3.0
_WARM = 3  # deals before: the first makes the customer, and fills the caches of all programs
SOURCE, HOOK = "crm", "crm"
_PROGRAMS = {"gateway.app": "gateway", "prefect": "Prefect server", "flows.intake": "fast lane"}
_SECRET = "gateway-secret-01"
_WAIT = 60.0
_UP = """
import sys
from pathlib import Path
from rich.console import Console
from flows.up import up
sys.exit(up(Path(sys.argv[1]), port=int(sys.argv[2]), gateway_port=int(sys.argv[3]), ledgers=False,
            console=Console(width=160)))
"""
_Message = MutableMapping[str, Any]


def measure(folder: Path, count: int = DEALS) -> dict[str, Any]:
    """Seconds of each deal, p50 and p95, and the medians of the parts."""
    folder.mkdir(parents=True, exist_ok=True)
    crm = HubSpotSandbox(HubSpotSettings(custom_properties=_properties(), per_ten_seconds=100_000))
    chart = load_chart("uk", {})
    accounts = [SampleAccount(role, one.number, one.name, one.type) for role, one in chart.roles.items()]
    ledger, _ = furnished(SampleBooks("Northgate Motors Ltd", "GB", "GBP", accounts, ("Leeds", "York")))
    ledger.settings.per_minute = 100_000
    ledger.settings.per_day = 10_000_000
    with _serving(crm, 0.0) as crm_url, _serving(ledger, LEDGER_SECONDS) as ledger_url:
        config = _write(folder, crm, crm_url, ledger_url, ledger.books.tenant)
        with _up(config, folder) as (gateway, api, pid):
            return _measured(folder, crm, gateway, api, count, pid)


def _measured(folder: Path, crm: HubSpotSandbox, gateway: str, api: str, count: int, pid: int) -> dict[str, Any]:
    store = Store(f"sqlite:///{folder / 'store.db'}")
    customer = str(crm.hand.make("contacts", firstname="Harriet", lastname="Thackray", email="h@example.test"))
    sent: dict[str, tuple[datetime, datetime]] = {}
    used: dict[str, float] = {}
    try:
        for number in range(count + _WARM):
            if number == _WARM:
                used = _processor(pid)
            key = _sell(crm, number + 1, customer)
            before = datetime.now(UTC)
            _tell(gateway, key)
            sent[key] = (before, datetime.now(UTC))
            _until_posted(store, number + 1)
        found = [_deal(store, number + 1, key, *sent[key]) for number, key in enumerate(sent)][_WARM:]
        used = {name: round((now - used[name]) / count, 3) for name, now in _processor(pid).items() if name in used}
        runs = _runs(api)
    finally:
        store.close()
    totals = sorted(one["seconds"] for one in found)
    parts = _parts(found, runs)
    return {
        "deals": count,
        "ledger_seconds": LEDGER_SECONDS,
        "p50": _share(totals, 0.50),
        "p95": _share(totals, 0.95),
        "worst": totals[-1],
        "ledger_calls": sorted(len(one["calls"]) for one in found)[count // 2],
        "processor_a_deal": used,
        "parts": parts,
    }


def _share(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3)


def _properties() -> Mapping[str, Mapping[str, str]]:
    from hubspot_support import custom_properties

    return custom_properties()


def _sell(crm: HubSpotSandbox, number: int, customer: str) -> str:
    """A sale of a used car under the margin scheme, paid by bank transfer; its id."""
    from pipeline_support import vin_of

    price = "10000.00"
    key = crm.hand.make(
        "deals", dealname=f"Octavia {number}", dealstage="closedwon", pipeline="default",
        closedate="2026-09-10T10:30:00.000Z", deal_currency_code="GBP", deal_no=f"L-{number}", vin=vin_of(number),
        stock_no=f"U{number}", year="2022", make="Skoda", model="Octavia", condition="used", vehicle_cost="8000.00",
        stock_book_price="8000.00", tax_acquisition="margin", vat_scheme="margin", deal_type="cash",
        delivery_date="2026-09-11", payment_date="2026-09-11", store="LEEDS", bank_transfer_paid=price, amount=price,
    )  # fmt: skip
    crm.hand.link(key, customer)
    crm.hand.add_line(key, name="Skoda Octavia", hs_sku="CAR", quantity="1", price=price)
    return str(key)


def _tell(gateway: str, key: str) -> None:
    body = json.dumps({"type": "deal.completed", "id": f"e{key}", "data": {"deal_id": key}}).encode()
    hook = HookConfig(scheme="signed", secrets=(_SECRET,))
    headers = SCHEMES["signed"].sign(body, hook, _SECRET, datetime.now(UTC))
    httpx.post(f"{gateway}/hooks/{HOOK}", content=body, headers=headers, timeout=30).raise_for_status()


def _until_posted(store: Store, number: int) -> None:
    """Raises SystemExit when it takes too long."""
    deadline = time.monotonic() + _WAIT
    query = select(deals.c.state).where(deals.c.deal_number == f"L-{number}")
    while time.monotonic() < deadline:
        with store.read() as conn:
            if conn.execute(query).scalar() == "posted":
                return
        time.sleep(0.1)
    raise SystemExit(f"deal L-{number} was not posted within {_WAIT:.0f} s: see the logs of the folder")


def _deal(store: Store, number: int, key: str, before: datetime, answered: datetime) -> dict[str, Any]:
    """When each thing happened to one deal."""
    with store.read() as conn:
        deal_id = conn.execute(select(deals.c.id).where(deals.c.deal_number == f"L-{number}")).scalar_one()
        rows = conn.execute(select(effects).where(effects.c.deal_id == deal_id)).mappings().all()
        event = conn.execute(select(events).where(events.c.dedupe_key.like(f"%e{key}"))).mappings().one()
        posted = max(row["updated_at"] for row in rows)
        own = (exchanges.c.at >= event["received_at"]) & (exchanges.c.at <= posted)
        calls = conn.execute(select(exchanges).where(own).order_by(exchanges.c.at)).mappings().all()
    end = datetime.fromisoformat(posted)
    return {
        "before": before, "answered": answered, "sent": min(datetime.fromisoformat(row["sent_at"]) for row in rows),
        "end": end, "seconds": round((end - before).total_seconds(), 3),
        "effects": {row["name"]: row["state"] for row in rows},
        "calls": [{"what": one["what"], "seconds": float(one["seconds"])} for one in calls],
    }  # fmt: skip


def _runs(api: str) -> list[dict[str, Any]]:
    """The runs of the fast lane with their stages, from Prefect's own server."""
    with httpx.Client(base_url=api, timeout=30, trust_env=False) as client:
        chosen = {"flows": {"name": {"any_": ["inbox-intake"]}}, "sort": "START_TIME_DESC", "limit": 200}
        runs: list[dict[str, Any]] = client.post("/flow_runs/filter", json=chosen).raise_for_status().json()
        ids = [run["id"] for run in runs]
        stages: list[dict[str, Any]] = []
        for start in range(0, len(ids), 20):
            asked = {"flow_runs": {"id": {"any_": ids[start : start + 20]}}, "limit": 200}
            stages += client.post("/task_runs/filter", json=asked).raise_for_status().json()
    for run in runs:
        run["stages"] = [one for one in stages if one["flow_run_id"] == run["id"] and one["end_time"]]
    return runs


def _parts(found: list[dict[str, Any]], runs: list[dict[str, Any]]) -> dict[str, float]:
    """Median seconds of each part of the way."""
    parts: dict[str, list[float]] = {}
    for deal in found:
        run = _run_of(deal, runs)
        if run is None:
            continue
        began = _moment(run["start_time"])
        made = _moment(run["created"])
        took = {
            "gateway": deal["answered"] - deal["before"],
            "until it is noticed": made - deal["answered"],
            "start of the run": began - made,
        }
        inside = began
        for stage in sorted(run["stages"], key=lambda one: str(one["start_time"])):
            start, end = _moment(stage["start_time"]), _moment(stage["end_time"])
            name = stage["name"].split(" ")[0] if not stage["name"].startswith("read") else "read again"
            took[f"{name}"] = end - start
            took["between the stages"] = took.get("between the stages", start - start) + max(
                start - inside, start - start
            )
            inside = max(inside, end)
        for name, value in took.items():
            parts.setdefault(name, []).append(value.total_seconds())
        for call in deal["calls"]:
            parts.setdefault(
                f"  of which {' '.join(call['what'].split()[: 3 if call['what'].startswith('create') else 2])}", []
            ).append(call["seconds"])
    return {name: round(sorted(values)[len(values) // 2], 3) for name, values in parts.items()}


def _run_of(deal: dict[str, Any], runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The run that posted a deal: the last that began before its first posting was sent."""
    before = [run for run in runs if run["start_time"] and _moment(run["start_time"]) <= deal["sent"]]
    return max(before, key=lambda run: str(run["start_time"]), default=None)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# -- what runs -----------------------------------------------------------------------------------------------------


def _write(folder: Path, crm: HubSpotSandbox, crm_url: str, ledger_url: str, tenant: str) -> Path:
    write_starter(folder, "uk", ledger="xero")
    path = folder / "dealbooks.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    (book,) = data["books"]
    data["store"] = "sqlite:///store.db"
    data["books"][book]["source_of_record"] = SOURCE
    data["books"][book]["post_when"] = {"all": ["completed"]}
    data["books"][book]["ledger"] |= {
        "client_id": "sandbox-custom", "client_secret": "sandbox-secret", "grant": "secret", "tenant_id": tenant,
        "base_url": f"{ledger_url}/api.xro/2.0", "token_url": f"{ledger_url}/connect/token", "per_minute": 100_000,
        "per_day": 10_000_000,
    }  # fmt: skip
    data["books"][book]["ledger"].pop("authorize_url", None)
    data["sources"] = {
        SOURCE: {
            "platform": "hubspot", "token": crm.settings.private_token, "base_url": crm_url,
            "timezone": "Europe/London", "kinds": {"CAR": "vehicle"}, "books": {"LEEDS": book, "YORK": book},
        }
    }  # fmt: skip
    data["hooks"] = {HOOK: {"scheme": "signed", "source": SOURCE, "secrets": [_SECRET]}}
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-m", "dealbooks.cli", "--config", str(path), "go-live", book, "--who", "bench"]
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return path


@contextmanager
def _up(config: Path, folder: Path) -> Iterator[tuple[str, str, int]]:
    """`dealbooks up`; addresses of its gateway and of Prefect's API, and its process."""
    port, gateway = free_port(), free_port()
    command = [sys.executable, "-c", _UP, str(config), str(port), str(gateway)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("╰"):
                break
        threading.Thread(target=process.stdout.read, daemon=True).start()
        log = folder / "var" / "prefect" / "logs" / "intake.log"
        while "ready:" not in (log.read_text(encoding="utf-8") if log.exists() else ""):
            if process.poll() is not None:
                raise SystemExit("dealbooks up ended by itself")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{port}/api", process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _processor(pid: int) -> dict[str, float]:
    """Seconds of processor time that each program under a process has used (Linux; elsewhere nothing)."""
    used: dict[str, float] = {}
    for child in descendants(pid) if Path("/proc/self/stat").exists() else ():
        place = Path(f"/proc/{child.pid}")
        command = (place / "cmdline").read_bytes().decode().split("\0")
        name = next(
            (name for part, name in _PROGRAMS.items() if part in command or f"{part}:create_app" in command), ""
        )
        fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        if name:
            ticks = int(fields[11]) + int(fields[12])
            used[name] = used.get(name, 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    return used


@contextmanager
def _serving(platform: Platform, seconds: float) -> Iterator[str]:
    """The sandbox on a port of this machine, each answer after so many seconds, any number of them at a time."""
    inner = application(platform)

    async def late(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await inner(scope, receive, send)

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(late, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def show(found: Mapping[str, Any]) -> None:
    """Print the figures."""
    print(
        f"\nwebhook to posted and read back, a ledger that answers after {found['ledger_seconds'] * 1000:.0f} ms"
        f" (aim: p95 under {MOST_P95:.0f} s): p50 {found['p50']:.2f} s, p95 {found['p95']:.2f} s, worst"
        f" {found['worst']:.2f} s, of {found['deals']} deals"
    )
    used = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["processor_a_deal"].items())
    print(f"  processor time a deal: {used}; {found['ledger_calls']} calls to the ledger")
    for name, seconds in found["parts"].items():
        print(f"  {name:<40} {seconds * 1000:7.0f} ms")


def main() -> None:
    """Measure, print the figures, and last as JSON."""
    os.environ.setdefault("NO_COLOR", "1")
    found = measure(Path(sys.argv[1]).absolute(), *(int(one) for one in sys.argv[2:3]))
    show(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
