"""A close that is killed at every commit and at every file: it goes on, and never is there half of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from close_support import september

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("close_worker.py")
FILES = ["certificate-report.json", "certificate-report.md", "certificate.json", "certificate.txt", "pack"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    template = september(tmp_path_factory.mktemp("template"))
    path = os.pathsep.join(str(ROOT / one) for one in ("", "tests", "tests/faults"))
    done = subprocess.run(
        [sys.executable, str(WORKER), str(template), str(tmp_path_factory.mktemp("kills"))],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=1400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_close_killed_at_any_step_goes_on_to_one_certificate(told: dict[str, Any]) -> None:
    assert {one["killed"] for one in told.values()} == {-9}
    assert len(told) > 14, sorted(told)
    for step, one in told.items():
        assert one["then"]["broken"] == one["end"]["broken"] == [], step
        assert one["then"]["state"] != "locked" or one["then"]["proven"], f"{step}: locked, and not proven"
        assert one["again"] == 0, step
        assert one["end"]["state"] == "locked", step
        assert one["end"]["proven"], step
        assert one["end"]["signatures"] == 1, step
        assert [state for state in one["end"]["signoffs"] if state == "closed"] == ["closed"], step
        assert one["end"]["files"] == FILES, step
