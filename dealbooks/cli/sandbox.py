"""`sandbox`: a stand-in of a platform on this machine, to try a connection against."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dealbooks.cli import output

# Platform -> where its stand-in is found, and what a connection to it is set to (the path is added to the address).
_SANDBOXES = {
    "odoo": ("sandbox.odoo:OdooSandbox", ""),
    "quickbooks": ("sandbox.quickbooks:QuickBooksSandbox", "/v3"),
    "xero": ("sandbox.xero:XeroSandbox", "/api.xro/2.0"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox")(sandbox)


def sandbox(
    platform: Annotated[str, typer.Argument(help=f"One of {', '.join(_SANDBOXES)}.")],
    port: Annotated[int, typer.Option("--port", help="Port of this machine; by default any that is free.")] = 0,
) -> None:
    """Serve a stand-in of a ledger on this machine, until Ctrl-C.

    It keeps the platform's rules and limits, and everything in memory: nothing of it remains. Set base_url of the
    ledger's connection to the address that it prints."""
    from importlib import import_module

    from dealbooks.errors import UsageError

    if platform not in _SANDBOXES:
        raise UsageError(f"There is no sandbox of {platform}.", fix=f"Choose one of {', '.join(_SANDBOXES)}.")
    where, path = _SANDBOXES[platform]
    module, _, name = where.partition(":")
    made: Any = getattr(import_module(module), name)()
    server: Any = import_module("sandbox.kit.server").server
    running, bound = server(made, port)
    output.say(f"{platform} answers at http://127.0.0.1:{bound.getsockname()[1]}{path} until Ctrl-C.")
    running.run(sockets=[bound])
