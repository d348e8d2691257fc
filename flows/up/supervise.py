"""Starts the Prefect server and what serves the flows, watches them, and stops all of it again.

This process imports no Prefect: it is up at once, and a fault in one of the others ends here, in words.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dealbooks.config import find_config, load_config
from dealbooks.errors import DealbooksError, StopConnection, UsageError
from flows.up.environment import api_url, child_environment, ui_url
from flows.up.fava import fava_command
from flows.up.process import Child, stop_all

_SERVER_SECONDS = 180.0  # the first start makes the database: about 20 s on two busy cores
_READY_SECONDS = 180.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.25
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Running:
    children: list[Child] = field(default_factory=list)
    ready: dict[str, Any] = field(default_factory=dict)
    ledgers_url: str = ""


def up(
    config_path: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 4200,
    home: Path | None = None,
    open_browser: bool = False,
    ledgers: bool = True,
    console: Console | None = None,
) -> int:
    """Run everything until Ctrl-C or SIGTERM; gives 0 when it was stopped so.

    `home` keeps Prefect's own database and logs, by default `prefect` in the configuration's `var` folder; `ledgers`
    also starts Fava, read only, when it is installed. Must be called in the main thread: it takes the signals.

    Raises:
        UsageError: the port is taken, the address is not of this machine, or another `up` runs in this folder.
        ConfigError: the configuration is wrong.
        StopConnection: one of the programs did not start, or ended by itself; the message ends with its log.
    """
    out = console or Console()
    path = find_config(config_path).absolute()
    config = load_config(path)
    base = (home or config.path(config.var) / "prefect").absolute()
    _check_address(host, port)
    base.mkdir(parents=True, exist_ok=True)
    with _only_one(base, ui_url(host, port)), _signals() as asked:
        running = _Running()
        try:
            _start(running, path, asked, host=host, port=port, home=base, ledgers=ledgers, out=out)
            out.print(_panel(running, host, port, base))
            if open_browser:
                webbrowser.open(ui_url(host, port))
            _watch(running, asked)
        except _StopAsked:
            out.print("Asked to stop before everything was up.")
        finally:
            out.print("Stopping ...")
            killed = stop_all(running.children, _STOP_SECONDS)
            told = f" {', '.join(killed)} did not stop in time and was ended." if killed else ""
            out.print(f"All stopped.{told} What was under way goes on at the next start; nothing is posted twice.")
    return 0


class _StopAsked(Exception):
    """Somebody pressed Ctrl-C, or the system asks us to end, while we were starting."""


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """Ctrl-C, SIGTERM and a closed terminal are noted, and acted on between two steps: no child is ever lost."""
    asked = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        asked.set()

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(
    running: _Running,
    path: Path,
    asked: threading.Event,
    *,
    host: str,
    port: int,
    home: Path,
    ledgers: bool,
    out: Console,
) -> None:
    environment = child_environment(os.environ, host=host, port=port, home=home)
    logs = home / "logs"
    out.print("Starting the Prefect server ...")
    server = Child.start(
        "the Prefect server",
        [sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", str(port)],
        environment=environment,
        log=logs / "server.log",
        folder=home,
    )
    running.children.append(server)
    _wait_healthy(server, api_url(host, port), asked)
    out.print("Setting up blocks, deployments and schedules ...")
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        try:
            runs = Child.start(
                "what runs the flows",
                [sys.executable, "-m", "flows.up.serve", "--config", str(path), "--ready-fd", str(write_end)],
                environment=environment,
                log=logs / "flows.log",
                folder=path.parent,
                keep_open=[write_end],
            )
        finally:
            os.close(write_end)
        running.children.append(runs)
        running.ready = _wait_ready(runs, pipe.fileno(), asked)
    if ledgers and running.ready["ledgers"]:
        _start_fava(running, environment, host=host, port=port, logs=logs)


def _start_fava(running: _Running, environment: dict[str, str], *, host: str, port: int, logs: Path) -> None:
    free = next((number for number in range(port + 1, min(port + 20, 65536)) if _is_free(host, number)), None)
    if free is None:
        return
    command = fava_command(list(running.ready["ledgers"].values()), host=host, port=free)
    if command is None:
        return
    # The load cache does not notice a new file of an include pattern, and it is a pickle.
    quiet = environment | {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"}
    running.children.append(Child.start("Fava", command, environment=quiet, log=logs / "fava.log", folder=logs))
    running.ledgers_url = ui_url(host, free)


def _wait_healthy(server: Child, api: str, asked: threading.Event) -> None:
    """Until the server says that it is well. Raises StopConnection."""
    deadline = time.monotonic() + _SERVER_SECONDS
    with httpx.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            if server.wait(_LOOK_SECONDS):
                raise _died(server)
            if asked.is_set():
                raise _StopAsked
            with contextlib.suppress(httpx.TransportError):
                if client.get(f"{api}/health").status_code == 200:
                    return
    raise StopConnection(
        f"The Prefect server did not answer within {_SERVER_SECONDS:.0f} seconds. The end of {server.log}:\n"
        f"{server.tail()}",
        fix="If the machine was busy, try again; otherwise the log says what is wrong.",
    )


def _wait_ready(runs: Child, pipe: int, asked: threading.Event) -> dict[str, Any]:
    """What the serving process has set up. Raises DealbooksError."""
    deadline = time.monotonic() + _READY_SECONDS
    data = b""
    while True:
        readable, _, _ = select.select([pipe], [], [], _LOOK_SECONDS)
        if asked.is_set():
            raise _StopAsked
        if not readable and time.monotonic() < deadline:
            continue
        if not readable:
            raise StopConnection(
                f"The deployments were not in place within {_READY_SECONDS:.0f} seconds. The end of {runs.log}:\n"
                f"{runs.tail()}",
                fix="If the machine was busy, try again; otherwise the log says what is wrong.",
            )
        part = os.read(pipe, 65536)
        if not part:
            break
        data += part
    if not data:
        runs.wait(5)
        raise _died(runs)
    message: dict[str, Any] = json.loads(data)
    if "error" in message:
        raise _ToldError(message["error"], fix=message["fix"], exit_code=message["exit_code"])
    return message


class _ToldError(DealbooksError):
    """An error that the serving process told us."""

    def __init__(self, message: str, *, fix: str, exit_code: int) -> None:
        super().__init__(message, fix=fix)
        self.exit_code = exit_code


def _watch(running: _Running, asked: threading.Event) -> None:
    """Until somebody asks us to stop. Raises StopConnection when one of the programs ends by itself."""
    while not asked.wait(_LOOK_SECONDS):
        for child in running.children:
            if child.ended and child.title != "Fava":
                raise _died(child)


def _died(child: Child) -> StopConnection:
    return StopConnection(
        f"{child.title[0].upper()}{child.title[1:]} ended by itself (code {child.process.returncode}). "
        f"The end of {child.log}:\n{child.tail()}",
        fix="Mend what the log names, then start again; what was under way goes on then.",
    )


def _check_address(host: str, port: int) -> None:
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError(
            f"{host} is not an address of this machine alone, and the Prefect server asks nobody for a password.",
            fix="Leave --host at 127.0.0.1, and put a proxy with a login in front of it for others.",
        )
    if not _is_free(host, port):
        raise UsageError(
            f"Another program already uses port {port} on {host}.",
            fix=f"Stop it (is 'dealbooks up' running already?), or choose another: dealbooks up --port {port + 100}.",
        )


def _is_free(host: str, port: int) -> bool:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _only_one(home: Path, url: str) -> Iterator[None]:
    """One `up` a folder: two servers on one SQLite database would lock each other out. Raises UsageError."""
    lock = home / "up.lock"
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise UsageError(
                f"'dealbooks up' already runs with {home}, at {file.read().strip() or 'an unknown address'}.",
                fix="Use that one, or stop it first.",
            ) from error
        file.truncate(0)
        file.write(url)
        file.flush()
        yield


def _panel(running: _Running, host: str, port: int, home: Path) -> Panel:
    plans = Table(show_header=True, box=None, padding=(0, 2, 0, 0))
    plans.add_column("deployment", no_wrap=True)
    plans.add_column("runs")
    for plan in running.ready["deployments"]:
        plans.add_row(f"{plan['flow']}/{plan['name']}", _when(plan))
    places = Table.grid(padding=(0, 2))
    places.add_row("Prefect UI", Text(ui_url(host, port), style="bold"))
    if running.ledgers_url:
        places.add_row("Ledgers (Fava)", Text(running.ledgers_url, style="bold"))
    places.add_row("Logs", str(home / "logs"))
    why = Text(
        "Runs are served from here, which starts them about twice as fast as a worker would. "
        "Start one in the UI under Deployments. Ctrl-C stops everything.",
        style="dim",
    )
    return Panel(Group(places, Text(), plans, Text(), why), title="Dealbooks is up", expand=False)


def _when(plan: dict[str, Any]) -> str:
    if not plan["cron"]:
        return "when a person starts it"
    from flows.deployments import CLOSE_CRON, SYNC_CRON

    words = {
        SYNC_CRON: "every 15 minutes, but not between 01:00 and 03:00",
        CLOSE_CRON: "on the 2nd of each month at 06:00",
    }
    return f"{words.get(plan['cron'], plan['cron'])}, {plan['timezone']} time"
