"""The gateway's health pages, and that it stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fastapi.testclient import TestClient

from dealbooks.config import Config, load_config
from dealbooks.house import House
from gateway.app import create_app

ROOT = Path(__file__).parents[2]
_CONFIG = """\
store: sqlite:///store.db
books:
  northgate:
    {legal_entity: NORTHGATE-MOTORS-LTD, name: Northgate, regime: uk, currency: GBP, timezone: Europe/London, chart: uk,
     rules: uk, ledger: {platform: beancount, path: books/northgate}, locations: {LEEDS: {}}}
sources: {}
"""


def _config(folder: Path) -> Config:
    path = folder / "dealbooks.yaml"
    path.write_text(_CONFIG)
    return load_config(path)


def test_ready_only_when_the_store_has_its_schema(tmp_path: Path) -> None:
    config = _config(tmp_path)
    with TestClient(create_app(config)) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        before = client.get("/readyz")
        assert before.status_code == 503
        assert "schema None" in before.json()["reason"]
        with House.open(config):
            pass
        after = client.get("/readyz")
        assert (after.status_code, after.json()["status"]) == (200, "ok")


def test_it_imports_neither_prefect_nor_frames() -> None:
    code = "import gateway.app, sys; print([m for m in ('prefect','pandas','great_expectations') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
