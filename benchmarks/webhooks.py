"""A sender of webhooks at an even rate over a few connections, which notes what was acknowledged and how fast."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.process import ROOT
from dealbooks.config_told import HookConfig
from gateway.schemes import SCHEMES

HOOK: Mapping[str, object] = {"scheme": "signed", "secrets": ["gateway-secret-01"], "per_minute": 1_000_000}
_CONNECTIONS = 16
_CONFIG = HookConfig.model_validate(HOOK)


@dataclass
class Sent:
    """What became of the events."""

    acknowledged: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    refused: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def serve(app: str, port: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """uvicorn with an application, as the gateway is run."""
    command = [
        sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port), "--no-access-log",
        "--log-level", "warning",
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})


def running(process: subprocess.Popen[bytes]) -> Callable[[], bool]:
    """Whether a process has not ended, as `wait_ready` asks."""
    return lambda: process.poll() is None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_ready(port: int, runs: Callable[[], bool], *, page: str = "/readyz") -> None:
    """Until the application says that it is ready.

    Raises:
        RuntimeError: it has ended.
    """
    import httpx

    while runs():
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}{page}").status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("the application ended before it was ready")


async def send(port: int, count: int, rate: float, sent: Sent, *, prefix: str = "e") -> None:
    """Send events at an even rate, whatever the answers take; until all are answered or the application is gone."""
    numbers = iter(range(count))
    began = time.perf_counter()

    async def one_connection() -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for number in numbers:
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                key = f"{prefix}{number}"
                request = _request(key)
                sent.tried.add(key)
                at = time.perf_counter()
                writer.write(request)
                status = await _status(reader)
                sent.seconds.append(time.perf_counter() - at)
                if 200 <= status < 300:
                    sent.acknowledged.add(key)
                else:
                    sent.refused[status] = sent.refused.get(status, 0) + 1
            writer.close()

    await asyncio.gather(*(one_connection() for _ in range(_CONNECTIONS)))


def _request(key: str) -> bytes:
    """A whole request about a deal, signed now; its body has about 400 bytes."""
    body = json.dumps({"type": "deal.updated", "id": key, "data": {"deal_id": key, "filler": "x" * 300}}).encode()
    headers = SCHEMES["signed"].sign(body, _CONFIG, _CONFIG.secrets[0], datetime.now(UTC))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = "POST /hooks/signed HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n{lines}\r\n".encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])
