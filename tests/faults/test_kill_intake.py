"""The fast lane killed anywhere between an event and its posting: started again, everything is posted once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).parent / "intake_worker.py"


def _kills(folder: Path, step: int) -> list[dict[str, Any]]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    done = subprocess.run(
        [sys.executable, str(WORKER), str(folder), str(step)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _all_posted_once(found: list[dict[str, Any]], least: int) -> None:
    assert len(found) > least
    assert found[-1]["ended"] == 0
    assert {one["ended"] for one in found[:-1]} == {-signal.SIGKILL}
    calm = found[-1]
    for one in found:
        assert one["again"] == 0, one
        assert one["posted"] == ["N-1", "N-2", "N-3"], one
        assert one["records"] == one["entries"] == calm["records"], one
        assert one["inbox"] == {"accepted": 3}, one
        assert one["breaks"] == 0, one


def test_killed_at_some_commits(tmp_path: Path) -> None:
    _all_posted_once(_kills(tmp_path, 60), 2)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_killed_before_and_after_commits(tmp_path: Path) -> None:
    """Every fifteenth of about 130 points, which are before and after every commit; KILL_EVERY=1 is the full size."""
    step = int(os.environ.get("KILL_EVERY", "15"))
    _all_posted_once(_kills(tmp_path, step), 50 // step)
