"""The demo as a new user runs it, twice: everything comes out as it must, and the second run posts nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dealbooks.cli", "demo", "--folder", str(folder)],
        cwd=folder.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=500,
    )  # fmt: skip


def _books(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "books").rglob("*.beancount")
    }


@pytest.mark.long
@pytest.mark.prefect
def test_the_demo_posts_everything_once(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = _demo(folder)
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    assert "In quarantine: 8 deals wait" in first.stdout
    assert "bean-check northgate: no errors" in first.stdout
    assert "bean-check suncoast: no errors" in first.stdout
    assert "after 6 things were done by hand" in first.stdout
    assert "NOT FOUND" not in first.stdout
    books = _books(folder)
    assert len(books) > 500

    second = _demo(folder)
    assert second.returncode == 0, second.stdout[-3000:] + second.stderr[-3000:]
    assert second.stdout.count("nothing new to post") == 3
    assert _books(folder) == books
