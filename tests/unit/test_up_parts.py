"""The parts of `dealbooks up` that need no server: addresses, the lock, children that never outlive us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealbooks.config import Config, load_config
from dealbooks.demo.setup import write_setup
from dealbooks.errors import ConfigError, StopConnection, UsageError
from flows.period_close import last_month
from flows.up.environment import api_url, child_environment, ui_url
from flows.up.process import Child, descendants, stop_all
from flows.up.supervise import _only_one, _wait_ready, up

# A program that starts another one in a session of its own, says so, and ignores polite requests to end.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(inner.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load_config(write_setup(tmp_path_factory.mktemp("sample")))


def _child(tmp_path: Path, code: str) -> Child:
    return Child.start(
        "the test", [sys.executable, "-c", code], environment=os.environ, log=tmp_path / "log", folder=tmp_path
    )


def _wait_for_log(child: Child) -> str:
    deadline = time.monotonic() + 30
    while not child.tail() and time.monotonic() < deadline:
        child.wait(0.05)
    return child.tail()


def test_a_child_that_ends_when_asked_is_not_killed(tmp_path: Path) -> None:
    child = _child(tmp_path, "import time; print('on', flush=True); time.sleep(600)")
    assert _wait_for_log(child) == "on"
    assert stop_all([child], grace=30) == []
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    child = _child(tmp_path, STUBBORN)
    inner = int(_wait_for_log(child))
    assert inner in {process.pid for process in descendants(os.getpid())}
    assert stop_all([child], grace=0.2) == ["the test"]
    assert inner not in {process.pid for process in descendants(1)}
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of a parent's death on Linux only")
def test_a_child_ends_even_when_we_are_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom flows.up.process import Child\n"
        f"child = Child.start('x', [sys.executable, '-c', 'import time; time.sleep(600)'], environment=os.environ,"
        f" log=Path({str(tmp_path / 'log')!r}), folder=Path('.'))\n"
        "print(child.process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while _runs(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    path = write_setup(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"already uses port {port}") as caught:
            up(path, port=port)
    assert "--port" in caught.value.fix
    assert not (tmp_path / "prefect").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.com", "::"])
def test_the_server_answers_this_machine_alone(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="password"):
        up(write_setup(tmp_path), host=host, port=4999)


def test_a_configuration_that_is_wrong_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        up(tmp_path / "none.yaml", port=4999)


def test_two_cannot_run_in_one_folder(tmp_path: Path) -> None:
    told = pytest.raises(UsageError, match=r"already runs .* at http://127\.0\.0\.1:4200")
    with _only_one(tmp_path, "http://127.0.0.1:4200"), told, _only_one(tmp_path, "other"):
        pass
    with _only_one(tmp_path, "http://127.0.0.1:4300"):
        assert (tmp_path / "up.lock").read_text() == "http://127.0.0.1:4300"


def test_what_the_serving_process_could_not_do_is_told_with_its_log(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    child = _child(tmp_path, "raise SystemExit('the words of the log')")
    os.close(write_end)
    try:
        with pytest.raises(StopConnection, match="the words of the log"):
            _wait_ready(child, read_end, threading.Event())
    finally:
        os.close(read_end)
        stop_all([child], grace=1)


def test_the_settings_of_another_prefect_do_not_reach_ours() -> None:
    base = {"PATH": "/bin", "PREFECT_API_KEY": "cloud", "PREFECT_PROFILE": "cloud", "PREFECT_API_URL": "https://else"}
    made = child_environment(base, host="127.0.0.1", port=4300, home=Path("/var/prefect"))
    assert made["PREFECT_API_URL"] == "http://127.0.0.1:4300/api"
    assert made["PREFECT_SERVER_UI_API_URL"] == "/api"
    assert made["PREFECT_HOME"] == "/var/prefect"
    assert made["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert {"PREFECT_API_KEY", "PREFECT_PROFILE"}.isdisjoint(made)


def test_addresses_with_brackets_for_ipv6() -> None:
    assert ui_url("::1", 4200) == "http://[::1]:4200"
    assert api_url("127.0.0.1", 4200) == "http://127.0.0.1:4200/api"


def test_last_month_is_that_of_the_book(config: Config) -> None:
    new_year = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)  # still 31 December in New York
    assert last_month(config, "northgate", new_year) == "2025-12"
    assert last_month(config, "suncoast", new_year) == "2025-11"
    with pytest.raises(UsageError, match="no book called"):
        last_month(config, "elsewhere", new_year)
