"""The pages of the kits: short, and what they say about dealbooks.yaml is a configuration that is accepted."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from gateway_support import ADDRESS_SECRET, WHSEC

from dealbooks.config_told import HookConfig
from gateway.schemes import SCHEMES

KITS = {
    "salesforce": {"salesforce": "salesforce"},
    "hubspot": {"hubspot": "hubspot", "hubspot-code": "standard"},
    "odoo": {"odoo": "odoo"},
    "google_sheets": {"sheet": "standard"},
}
FILLED = {"standard": WHSEC, "hubspot": "hubspot-client-secret-01"}
# Where the address of the gateway stands that somebody who installs the kit sees.
ADDRESSES = {
    "salesforce": "1-message/workflows/Opportunity.workflow",
    "hubspot": "custom_code_action.js",
    "odoo": "README.md",
    "google_sheets": "README.md",
}


def _hooks(page: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for block in re.findall(r"(?:^ {7}.*\n)+", page, re.MULTILINE):
        text = textwrap.dedent(block)
        if text.startswith("hooks:"):
            found |= yaml.safe_load(text)["hooks"]
    return found


@pytest.mark.parametrize("kit", KITS)
def test_the_hooks_of_a_page_are_accepted(kits: Path, kit: str) -> None:
    hooks = _hooks((kits / kit / "README.md").read_text(encoding="utf-8"))
    assert {name: one["scheme"] for name, one in hooks.items()} == KITS[kit]
    for one in hooks.values():
        filled = one | {"secrets": [FILLED.get(one["scheme"], ADDRESS_SECRET)]}
        assert HookConfig.model_validate(filled).source == kit


@pytest.mark.parametrize("kit", KITS)
def test_the_address_of_a_kit_is_that_of_its_hook(kits: Path, kit: str) -> None:
    text = (kits / kit / ADDRESSES[kit]).read_text(encoding="utf-8")
    found = {
        (name, bool(tail)) for name, tail in re.findall(r"https://gateway\.example/hooks/([a-z-]+)(/SECRET)?", text)
    }
    assert found
    for name, secret in found:
        assert SCHEMES[KITS[kit][name]].by_address is secret


@pytest.mark.parametrize("kit", KITS)
def test_a_page_is_one_screen(kits: Path, kit: str) -> None:
    lines = (kits / kit / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 132
    index = (kits / "README.md").read_text(encoding="utf-8")
    assert f"({kit}/README.md)" in index
