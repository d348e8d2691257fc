"""What may be loaded where: the command line, the outbox and the gateway run without Prefect, frames and the
data-quality engine."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("prefect", "pandas", "numpy", "great_expectations")
LIGHT = (
    "dealbooks.cli.app",
    "dealbooks.outbox",
    "blocks.ledgers.beancount",
    "blocks.sources.csv_files",
    "gateway.app",
)
_SCRIPT = """
import importlib, json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {heavy!r}:
            raise ImportError(name + " is not to be loaded here")
sys.meta_path.insert(0, Refuse())
importlib.import_module({module!r})
print(json.dumps(sorted(name for name in {heavy!r} if name in sys.modules)))
"""


@pytest.mark.parametrize("module", [name for name in LIGHT if importlib.util.find_spec(name.split(".")[0])])
def test_it_imports_without_the_heavy_ones(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(heavy=HEAVY, module=module)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == []


def test_every_module_of_the_domain_imports_without_the_heavy_ones() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "dealbooks").rglob("*.py"))
        if "migrations" not in path.parts and path.name != "__main__.py"
    ]
    assert len(names) > 100
    script = _SCRIPT.replace(
        "importlib.import_module({module!r})", "[importlib.import_module(name) for name in {module!r}]"
    )
    done = subprocess.run(
        [sys.executable, "-c", script.format(heavy=HEAVY, module=names)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == []
