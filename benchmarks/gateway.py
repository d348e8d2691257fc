"""Webhook to durable acknowledgement, beside a bare Starlette handler that stores nothing, in the same run.

`python -m benchmarks.gateway FOLDER [SECONDS]`: the two take turns, so that a busy machine hits both alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.webhooks import HOOK, Sent, free_port, send, serve, wait_ready
from benchmarks.webhooks import running as alive
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.store import Store
from dealbooks.store.tables import events

RATE, FAST = 100, 500  # webhooks a second
_TURNS = 4
MOST_P99 = 0.025


def bare() -> Starlette:
    """An application that takes a body and answers."""

    async def take(request: Request) -> Response:
        await request.body()
        return Response(b'{"status":"accepted"}', 202, media_type="application/json")

    async def ready(_request: Request) -> Response:
        return Response(b"ok")

    return Starlette(routes=[Route("/hooks/signed", take, methods=["POST"]), Route("/readyz", ready)])


def measure(folder: Path, seconds: int = 20) -> dict[str, Any]:
    """Latencies in seconds and processor time a call, of both, at 100/s and at 500/s."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dealbooks.yaml"
    hooks = json.dumps({"signed": dict(HOOK)})
    config.write_text(f"store: sqlite:///store.db\nbooks: {{}}\nsources: {{}}\nhooks: {hooks}\n", encoding="utf-8")
    with House.open(load_config(config)):
        pass
    found: dict[str, Any] = {"rate": RATE, "seconds": seconds, "disk": _disk(folder / "appended", seconds)}
    applications = {
        "gateway": ("gateway.app:create_app", {"DEALBOOKS_CONFIG": str(config)}),
        "bare": ("benchmarks.gateway:bare", {}),
    }
    running: dict[str, tuple[int, subprocess.Popen[bytes]]] = {}
    try:
        for name, (application, environment) in applications.items():
            port = free_port()
            running[name] = (port, serve(application, port, environment))
            wait_ready(port, alive(running[name][1]))
        acknowledged = _warm(running)
        for rate, key in ((RATE, "at_100"), (FAST, "at_500")):
            found[key], more = _turns(running, rate, seconds)
            acknowledged += more
    finally:
        for _, process in running.values():
            process.terminate()
            process.wait()
    store = Store(f"sqlite:///{folder / 'store.db'}")
    with store.read() as conn:
        stored = len(conn.execute(events.select()).all())
    store.close()
    if stored != acknowledged:
        raise SystemExit(f"{acknowledged} webhooks were acknowledged, and {stored} are in the store")
    return found | {"acknowledged": acknowledged}


def _disk(file: Path, seconds: int) -> dict[str, float]:
    """What the disk itself takes to keep 4 KiB, 100 times a second: the floor of any durable answer."""
    times: list[float] = []
    with file.open("wb", buffering=0) as out:
        began = time.perf_counter()
        for number in range(RATE * seconds):
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            at = time.perf_counter()
            out.write(b"x" * 4096)
            os.fsync(out.fileno())
            times.append(time.perf_counter() - at)
    times.sort()
    return {"p50": round(times[len(times) // 2], 5), "p99": round(times[len(times) * 99 // 100], 5)}


def _warm(running: dict[str, tuple[int, subprocess.Popen[bytes]]]) -> int:
    counts = {}
    for name, (port, _) in running.items():
        sent = Sent()
        asyncio.run(send(port, 2 * RATE, RATE, sent, prefix="warm"))
        counts[name] = len(sent.acknowledged)
    return counts["gateway"]


def _turns(
    running: dict[str, tuple[int, subprocess.Popen[bytes]]], rate: int, seconds: int
) -> tuple[dict[str, dict[str, float]], int]:
    """What each took over all turns; and how many calls the gateway acknowledged."""
    sent = {name: Sent() for name in running}
    cpu = dict.fromkeys(running, 0.0)
    for turn in range(_TURNS):
        for name, (port, process) in running.items():
            before = _processor(process.pid)
            asyncio.run(send(port, rate * seconds // _TURNS, rate, sent[name], prefix=f"{rate}-{turn}-"))
            cpu[name] += _processor(process.pid) - before
    return {name: _figures(one, cpu[name]) for name, one in sent.items()}, len(sent["gateway"].acknowledged)


def _figures(sent: Sent, cpu: float) -> dict[str, float]:
    times = sorted(sent.seconds)
    return {
        "calls": len(times),
        "refused": sum(sent.refused.values()),
        "p50": round(times[len(times) // 2], 5),
        "p99": round(times[len(times) * 99 // 100], 5),
        "worst": round(times[-1], 5),
        "processor_a_call": round(cpu / len(times), 6),
    }


def _processor(pid: int) -> float:
    """Seconds of processor time that a process has used (Linux; elsewhere 0)."""
    path = Path(f"/proc/{pid}/stat")
    if not path.is_file():
        return 0.0
    fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    print(f"\nwebhook to durable acknowledgement (aim at {RATE}/s: p99 under {MOST_P99 * 1000:.0f} ms)")
    disk = found["disk"]
    print(f"  {RATE}/s the disk p50 {disk['p50'] * 1000:6.1f} ms  p99 {disk['p99'] * 1000:6.1f} ms  (4 KiB and fsync)")
    for key, rate in (("at_100", RATE), ("at_500", FAST)):
        for name, one in found[key].items():
            print(
                f"  {rate}/s {name:<8} p50 {one['p50'] * 1000:6.1f} ms  p99 {one['p99'] * 1000:6.1f} ms"
                f"  worst {one['worst'] * 1000:6.1f} ms  processor {one['processor_a_call'] * 1000:.2f} ms a call"
            )


def main() -> None:
    """Measure, print the figures, and last as JSON."""
    found = measure(Path(sys.argv[1]), *(int(one) for one in sys.argv[2:3]))
    show(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
