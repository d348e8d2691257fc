"""Starts the gateway, the Prefect server, what serves the flows and the fast lane, watches them, and stops all of it
again.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from dealbooks.config import Config, find_config, load_config
from dealbooks.errors import DealbooksError, StopConnection, UsageError
from dealbooks.house import House
from flows.up.environment import api_url, child_environment, gateway_environment, ui_url
from flows.up.fava import fava_command
from flows.up.panel import panel
from flows.up.process import Child
from flows.up.programs import Programs

_SERVER_SECONDS = 180.0  # the first start makes the database: about 20 s on two busy cores
_READY_SECONDS = 180.0
_STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.25
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Running:
    programs: Programs
    config: Config
    ready: dict[str, Any] = field(default_factory=dict)
    gateway_url: str = ""
    ledgers_url: str = ""


def up(
    config_path: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 4200,
    gateway_port: int = 4280,
    home: Path | None = None,
    open_browser: bool = False,
    ledgers: bool = True,
    console: Console | None = None,
) -> int:
    """Run everything until Ctrl-C or SIGTERM; gives 0 when it was stopped so.

    `home` keeps Prefect's own database and logs, by default `prefect` in the configuration's `var` folder; `ledgers`
    also starts Fava, read only, when it is installed. The gateway answers on this machine too; the fast lane runs when
    webhooks are set. A program that dies is started again, with a word. Must be called in the main thread: it takes
    the signals.

    Raises:
        UsageError: a port is taken, the address is not of this machine, or another `up` runs in this folder.
        ConfigError: the configuration is wrong.
        StopConnection: one of the programs did not start, or ends by itself again and again; the message ends with
            its log.
    """
    out = console or Console()
    path = find_config(config_path).absolute()
    config = load_config(path)
    base = (home or config.path(config.var) / "prefect").absolute()
    _check_address(host, port, "--port")
    _check_address(host, gateway_port, "--gateway-port")
    base.mkdir(parents=True, exist_ok=True)
    with _only_one(base, ui_url(host, port)), _signals() as asked:
        running = _Running(Programs(out.print), config, gateway_url=ui_url(host, gateway_port))
        try:
            _start_gateway(running, path, asked, host=host, port=gateway_port, logs=base / "logs", out=out)
            _start(running, path, asked, host=host, port=port, home=base, ledgers=ledgers, out=out)
            out.print(
                panel(
                    config,
                    {"Prefect UI": ui_url(host, port), "Ledgers (Fava)": running.ledgers_url},
                    running.ready["deployments"],
                    gateway=running.gateway_url,
                    logs=base / "logs",
                )
            )
            if open_browser:
                webbrowser.open(ui_url(host, port))
            _watch(running, asked)
        except _StopAsked:
            out.print("Asked to stop before everything was up.")
        finally:
            out.print("Stopping ...")
            killed = running.programs.stop(_STOP_SECONDS)
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


def _start_gateway(
    running: _Running, path: Path, asked: threading.Event, *, host: str, port: int, logs: Path, out: Console
) -> None:
    """First of all: what platforms tell is kept from then on, whatever else is up."""
    out.print("Starting the gateway ...")
    with House.open(running.config, actor="up"):  # the store is made, or checked
        pass
    command = [
        sys.executable, "-m", "uvicorn", "--factory", "gateway.app:create_app", "--host", host, "--port", str(port),
        "--no-access-log", "--timeout-graceful-shutdown", "5",
    ]  # fmt: skip
    environment = gateway_environment(os.environ, path)

    def start() -> Child:
        return Child.start("the gateway", command, environment=environment, log=logs / "gateway.log", folder=logs)

    _wait_well(running.programs.run(start), f"{running.gateway_url}/healthz", asked)


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

    def program(title: str, log: str, folder: Path, *command: str, keep_open: Sequence[int] = ()) -> Child:
        return Child.start(
            title,
            [sys.executable, "-m", *command],
            environment=environment,
            log=logs / log,
            folder=folder,
            keep_open=keep_open,
        )

    def server() -> Child:
        given = ("prefect", "server", "start", "--host", host, "--port", str(port))
        return program("the Prefect server", "server.log", home, *given)

    def intake() -> Child:
        return program("the fast lane", "intake.log", path.parent, "flows.intake", "--config", str(path))

    def flows(ready: int | None = None) -> Child:
        told = () if ready is None else ("--ready-fd", str(ready))
        kept = () if ready is None else (ready,)
        given = ("flows.up.serve", "--config", str(path), *told)
        return program("what runs the flows", "flows.log", path.parent, *given, keep_open=kept)

    out.print("Starting the Prefect server ...")
    _wait_well(running.programs.run(server), f"{api_url(host, port)}/health", asked)
    if running.config.hooks:
        running.programs.run(intake)
    out.print("Setting up blocks, deployments and schedules ...")
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        try:
            runs = running.programs.run(lambda: flows(write_end), again=flows)
        finally:
            os.close(write_end)
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
    log = logs / "fava.log"
    running.programs.run(lambda: Child.start("Fava", command, environment=quiet, log=log, folder=logs), optional=True)
    running.ledgers_url = ui_url(host, free)


def _wait_well(child: Child, url: str, asked: threading.Event) -> None:
    """Until a program says that it is well. Raises StopConnection."""
    deadline = time.monotonic() + _SERVER_SECONDS
    with httpx.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            if child.wait(_LOOK_SECONDS):
                raise _died(child)
            if asked.is_set():
                raise _StopAsked
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).status_code == 200:
                    return
    raise StopConnection(
        f"{child.title[0].upper()}{child.title[1:]} did not answer within {_SERVER_SECONDS:.0f} seconds. The end of "
        f"{child.log}:\n{child.tail()}",
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
    """Until somebody asks us to stop. Raises StopConnection when one of the programs ends again and again."""
    while not asked.wait(_LOOK_SECONDS):
        dead = running.programs.look()
        if dead is not None:
            raise _died(dead)


def _died(child: Child) -> StopConnection:
    return StopConnection(
        f"{child.title[0].upper()}{child.title[1:]} ended by itself (code {child.process.returncode}). "
        f"The end of {child.log}:\n{child.tail()}",
        fix="Mend what the log names, then start again; what was under way goes on then.",
    )


def _check_address(host: str, port: int, option: str) -> None:
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
            fix=f"Stop it (is 'dealbooks up' running already?), or choose another: dealbooks up {option} {port + 100}.",
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
