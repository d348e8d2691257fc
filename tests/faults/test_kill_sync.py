"""The whole command killed at ten random moments of a sync of 220 deals, then resumed: nothing lost, nothing twice."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from benchmarks.data import write_backfill
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.store.audit import verify
from dealbooks.store.tables import deals, inbox

ROOT = Path(__file__).parents[2]
DEALS = 220
KILLS = 10


def _start(config: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dealbooks.cli", "--config", str(config), "sync"],
        cwd=config.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _ledger_files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "books").rglob("ledger/*/*.beancount")
    }


def _kill_at(process: subprocess.Popen[str], folder: Path, moments: random.Random, files: int, seconds: float) -> bool:
    """Kill when a share of the ledger's files stands, or when a time has passed; False when it ended before."""
    by_files = moments.random() < 0.6
    wanted = moments.randrange(1, files) if by_files else files * 10
    until = time.monotonic() + (seconds * 20 if by_files else moments.uniform(0.2, 1.0) * seconds)
    books = folder / "books"
    while process.poll() is None:
        there = sum(1 for _ in books.rglob("ledger/*/*.beancount")) if books.exists() else 0
        if there >= wanted or time.monotonic() >= until:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.01)
    return False


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_killed_sync_resumes_to_the_same_books(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    moments = random.Random(seed)
    calm = write_backfill(tmp_path / "calm", DEALS)
    began = time.monotonic()
    undisturbed = _start(calm.config)
    output, _ = undisturbed.communicate(timeout=400)
    seconds = time.monotonic() - began
    assert undisturbed.returncode in (0, 3), f"seed {seed}: {output}"
    books = _ledger_files(calm.folder)
    assert len(books) > 2 * DEALS

    kills = 0
    number = 0
    while kills < KILLS:
        number += 1
        torn = write_backfill(tmp_path / f"torn-{number}", DEALS)
        for _ in range(4):
            kills += _kill_at(_start(torn.config), torn.folder, moments, len(books), seconds)
        last = _start(torn.config)
        output, _ = last.communicate(timeout=400)
        assert last.returncode in (0, 3), f"seed {seed}: {output}"
        assert _ledger_files(torn.folder) == books, f"seed {seed}, run {number}"
        with House.open(load_config(torn.config)) as house, house.store.read() as conn:
            states = dict(
                tuple(row) for row in conn.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state))
            )
            assert sum(states.values()) == DEALS
            assert states.get("new", 0) == 0
            assert {row.state for row in conn.execute(select(deals.c.state).distinct())} <= {"posted"}
        with House.open(load_config(torn.config)) as house:
            assert verify(house.store).breaks == ()
