"""What `dealbooks up` says about webhooks: where each platform is to send them, and how to try that."""

from __future__ import annotations

from dealbooks.cli.hooks import LOCAL
from dealbooks.config import Config
from gateway.schemes import SCHEMES

PUBLIC = "https://YOUR-GATEWAY"


def addresses(config: Config) -> list[tuple[str, str, str]]:
    """(name, scheme, where to send it) of each webhook. The secret that ends some addresses is not shown."""
    found: list[tuple[str, str, str]] = []
    for name, hook in config.hooks.items():
        tail = "/<SECRET>" if SCHEMES[hook.scheme].by_address and hook.secrets else ""
        found.append((name, hook.scheme, hook.url or f"{PUBLIC}/hooks/{name}{tail}"))
    return found


def trial(name: str, address: str) -> str:
    """The command that tries a webhook out at a gateway of this machine."""
    return f"dealbooks hooks send {name} --sample" + ("" if address == LOCAL else f" --to {address}")
