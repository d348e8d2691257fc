"""For tests of the kits: running their JavaScript, and what the gateway makes of what they send."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dealbooks.config_told import HookConfig
from dealbooks.events import Hint
from gateway.schemes import SCHEMES

Node = Callable[[str, dict[str, Any]], dict[str, Any]]
_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def kits() -> Path:
    """The folder of the kits."""
    return _HERE.parents[1] / "kits"


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs a script of this folder in Node: it reads its task on stdin and writes what happened on stdout, as JSON."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not installed, so the kits in JavaScript are not tested.")

    def run(script: str, task: dict[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            [program, str(_HERE / script)],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


@pytest.fixture(scope="session")
def taken() -> Callable[[HookConfig, Mapping[str, str], bytes, datetime], Hint]:
    """Verifies and reads one delivery as the gateway does, and gives its only hint."""

    def take(hook: HookConfig, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:
        scheme = SCHEMES[hook.scheme]
        small = {name.lower(): value for name, value in headers.items()}
        scheme.verify(small, body, hook, now)
        parsed = scheme.parse(small, body, hook)
        assert (parsed.ignored, parsed.unreadable) == (0, 0)
        (hint,) = parsed.hints
        return hint

    return take
