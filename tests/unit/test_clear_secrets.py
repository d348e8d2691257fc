"""`dealbooks doctor` says which secrets stand in dealbooks.yaml for everybody to read, wherever they stand."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_support import make_cli
from pydantic import BaseModel, SecretStr

from dealbooks import registry
from dealbooks.config import load_config
from dealbooks.doctor_secrets import NAMES, clear_secrets

_PLATFORMS = [
    *registry.SOURCES.values(), *registry.LEDGERS.values(), *registry.PAYMENTS.values(), *registry.SIGNATURES.values(),
]  # fmt: skip


def found(folder: Path, **sections: Any) -> dict[str, str]:
    """Where each clear secret is said to stand: what is wrong there."""
    file = make_cli(folder).config
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, given in sections.items():
        settings[name] = settings.get(name, {}) | given
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return {one.what: one.found for one in clear_secrets(load_config(file))}


BOOKS = {"LEEDS": "northgate"}


def test_of_sources_payments_and_hooks(tmp_path: Path) -> None:
    said = found(
        tmp_path,
        sources={
            "crm": {"platform": "hubspot", "token": "pat-eu1-in-clear", "books": BOOKS},
            "files": {
                "platform": "csv_files", "path": "sftp://x/y", "storage": {"username": "u", "password": "clear"},
                "books": BOOKS,
            },
        },
        hooks={"cards": {"scheme": "stripe", "secrets": ["whsec_in_the_clear"]}},
        payments={"stripe": {"platform": "stripe", "hook": "cards", "api_key": "rk_in_clear"}},
    )  # fmt: skip
    assert said == {
        "source crm": "token stands in dealbooks.yaml for everybody to read",
        "source files": "storage.password stands in dealbooks.yaml for everybody to read",
        "hook cards": "secrets stands in dealbooks.yaml for everybody to read",
        "payments stripe": "api_key stands in dealbooks.yaml for everybody to read",
    }


def test_of_the_store(tmp_path: Path) -> None:
    file = make_cli(tmp_path).config
    text = file.read_text(encoding="utf-8")
    settings = yaml.safe_load(text) | {"store": "postgresql://books:geheim@db/books"}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (one,) = clear_secrets(load_config(file))
    assert (one.what, one.state) == ("store", "warning")
    assert "geheim" not in f"{one.found} {one.fix}"


def test_what_the_environment_holds_is_no_clear_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "pat-eu1-not-in-the-file")
    own = {"platform": "hubspot", "books": BOOKS}
    assert found(
        tmp_path,
        sources={"crm": own | {"token": "${TOKEN}"}, "erp": own | {"block": "hubspot/crm"}},
        hooks={"cards": {"scheme": "stripe", "secrets": ["${TOKEN}"]}},
    ) == {}  # fmt: skip


@pytest.mark.parametrize("platform", _PLATFORMS, ids=lambda one: f"{one.factory.rpartition('.')[0]}")
def test_every_secret_setting_of_a_platform_is_looked_for(platform: registry.Platform) -> None:
    module = import_module(platform.factory.partition(":")[0])
    for one in vars(module).values():
        if isinstance(one, type) and issubclass(one, BaseModel) and one.__name__.endswith("Settings"):
            secret = {name for name, field in one.model_fields.items() if field.annotation is SecretStr}
            assert secret <= NAMES
