"""For tests of the gateway: one hook of every scheme, and bodies and headers as their senders make them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dealbooks.config import Config, load_config
from dealbooks.config_told import HookConfig
from dealbooks.store import Store
from dealbooks.store.db import read_rows
from dealbooks.store.tables import events
from gateway.schemes import SCHEMES

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ORGANISATION = "00D5e000000AbCdEAK"
ADDRESS_SECRET = "9f2c7e41-9f2c7e41-9f2c7e41"
HOOKS: dict[str, dict[str, Any]] = {
    "standard": {"secrets": [WHSEC]},
    "signed": {"secrets": ["gateway-secret-01"]},
    "hubspot": {"secrets": ["hubspot-client-secret-01"], "url": "https://gateway.example.test/hooks/hubspot"},
    "salesforce": {"secrets": [ADDRESS_SECRET], "organization_id": ORGANISATION},
    "odoo": {"secrets": [ADDRESS_SECRET]},
    "docusign": {"secrets": ["connect-test-key"]},
    "adobe_sign": {"secrets": [ADDRESS_SECRET], "client_id": "CBJCHBCAABAAo-client"},
    "dropbox_sign": {"secrets": ["dbx-test-api-key"]},
    "stripe": {"secrets": ["whsec_test_stripe"]},
    "gocardless": {"secrets": ["gocardless-secret"]},
}


def hook(scheme: str, **changes: Any) -> HookConfig:
    """The hook of a scheme."""
    return HookConfig.model_validate({"scheme": scheme} | HOOKS[scheme] | changes)


def house(folder: Path, *, store: str = "sqlite:///store.db", **changes: dict[str, Any]) -> Config:
    """A configuration with a hook of every scheme, named like it; `changes` by name."""
    path = folder / "dealbooks.yaml"
    path.write_text(f"store: {store}\nbooks: {{}}\nsources: {{}}\n", encoding="utf-8")
    hooks = {name: hook(name, **changes.get(name, {})) for name in HOOKS}
    return load_config(path).model_copy(update={"hooks": hooks})


def address(scheme: str) -> str:
    """Where the sender of a scheme posts."""
    return f"/hooks/{scheme}" + (f"/{ADDRESS_SECRET}" if SCHEMES[scheme].by_address else "")


def made(
    scheme: str, body: bytes | None = None, *, now: datetime = NOW, secret: str = ""
) -> tuple[dict[str, str], bytes]:
    """Headers and body as the sender makes them; by default the scheme's sample."""
    config, way = hook(scheme), SCHEMES[scheme]
    sent = way.sample(config, now) if body is None else body
    return {"Content-Type": way.content_type} | way.sign(sent, config, secret or config.secrets[0], now), sent


def small(headers: dict[str, str]) -> dict[str, str]:
    """Headers as the schemes get them."""
    return {name.lower(): value for name, value in headers.items()}


def stored(store: Store) -> list[dict[str, Any]]:
    """All events, in order."""
    with store.read() as conn:
        return read_rows(conn, events.select().order_by(events.c.id))
