"""The demo over a folder of another version: refused at once, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from dealbooks.config import load_config
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.starter import write_starter
from flows.demo import run_demo


def test_a_demo_of_an_older_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    write_starter(folder, "uk")
    with (
        House.open(load_config(folder / "dealbooks.yaml")) as house,
        house.store.transaction("test", "older") as tx,
    ):
        tx.conn.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    with pytest.raises(UsageError, match="has schema 0007") as refused:
        run_demo(folder)
    assert f"Remove the folder {folder}" in refused.value.fix
    assert not (folder / "prefect").exists()
