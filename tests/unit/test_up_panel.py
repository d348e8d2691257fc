"""What `dealbooks up` prints: where to send webhooks, and how to try one."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from dealbooks.config import Config, load_config
from dealbooks.config_told import HookConfig
from dealbooks.demo.setup import write_setup
from flows.up.panel import panel

SECRET = "9f2c7e41-9f2c7e41-9f2c7e41"


def _config(tmp_path: Path, **hooks: dict[str, Any]) -> Config:
    made = {name: HookConfig.model_validate(one) for name, one in hooks.items()}
    return load_config(write_setup(tmp_path)).model_copy(update={"hooks": made})


def _printed(config: Config, gateway: str) -> str:
    out = StringIO()
    pages = {"Prefect UI": "http://127.0.0.1:4200", "Ledgers (Fava)": ""}
    Console(file=out, width=200).print(panel(config, pages, [], gateway=gateway, logs=Path("logs")))
    return out.getvalue()


def test_each_webhook_has_its_address_and_no_secret_is_shown(tmp_path: Path) -> None:
    config = _config(
        tmp_path,
        shop={"scheme": "odoo", "secrets": [SECRET]},
        crm={"scheme": "hubspot", "secrets": [SECRET], "url": "https://hooks.northgate.example/hooks/crm"},
    )
    said = _printed(config, "http://127.0.0.1:4280")
    assert "https://YOUR-GATEWAY/hooks/shop/<SECRET>" in said
    assert "https://hooks.northgate.example/hooks/crm" in said
    assert SECRET not in said
    assert "dealbooks hooks send shop --sample " in said
    assert "Fava" not in said


def test_another_port_is_named_in_the_trial(tmp_path: Path) -> None:
    said = _printed(_config(tmp_path, esign={"scheme": "signed", "secrets": [SECRET]}), "http://127.0.0.1:4999")
    assert "dealbooks hooks send esign --sample --to http://127.0.0.1:4999" in said


def test_without_webhooks_it_says_what_that_means(tmp_path: Path) -> None:
    said = _printed(_config(tmp_path), "http://127.0.0.1:4280")
    assert "No webhooks are set" in said
    assert "docs/fast-lane.md" in said
    assert "http://127.0.0.1:4280" in said
