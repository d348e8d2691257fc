"""`init`, `demo`, `up` and `intake`: to begin, to see it work, and to run it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("demo")(demo)
    app.command("up")(up)
    app.command("intake")(intake)


def init(
    folder: Annotated[Path, typer.Argument(help="Where; by default here.", show_default=False)] = Path(),
    rules: Annotated[str, typer.Option("--rules", help="Rulebook to start from, such as uk, us-fl or ca-on.")] = "uk",
    ledger: Annotated[
        str, typer.Option("--ledger", help="Where the books are kept: beancount, quickbooks, xero or odoo.")
    ] = "beancount",
    force: Annotated[Switch, typer.Option("--force", help="Overwrite what is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a configuration that works.

    A commented dealbooks.yaml, and the chart, rulebook, map and layout to edit."""
    from dealbooks.starter import write_starter

    written = write_starter(folder, rules, ledger=ledger, force=force)
    if as_json:
        output.say_json([str(path) for path in written])
        return
    for path in written:
        output.say(str(path))
    output.say("Edit them, then run 'dealbooks doctor'. 'dealbooks plan' shows what would be posted.")


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo leaves its work.")] = Path("var/demo"),
) -> int:
    """See it work, on sample deals of two dealer groups.

    A quarter of each, with the embedded store and the embedded ledger; everything is left in the folder."""
    from importlib import import_module

    return int(import_module("flows.demo").run_demo(folder))


def up(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address of this machine to answer on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port of the Prefect server and its UI.")] = 4200,
    gateway_port: Annotated[
        int, typer.Option("--gateway-port", help="Port of the gateway, which takes webhooks.")
    ] = 4280,
    browser: Annotated[Switch, typer.Option("--open", help="Open the UI in a browser.")] = False,
    ledgers: Annotated[
        Switch, typer.Option("--ledgers/--no-ledgers", help="Also show Beancount ledgers in Fava, read only.")
    ] = True,
) -> int:
    """Run everything, scheduled, with a web page to watch it.

    A Prefect server with everything of dealbooks.yaml on it, the gateway that takes webhooks, and the fast lane that
    carries what they tell into the books within seconds, until Ctrl-C."""
    from importlib import import_module

    run = import_module("flows.up").up
    config = Session.of(context).config_file
    ports = {"port": port, "gateway_port": gateway_port}
    return int(run(config, host=host, **ports, open_browser=browser, ledgers=ledgers))


def intake(context: typer.Context) -> int:
    """Carry what webhooks tell into the books within seconds.

    Takes what the gateway stored, reads those deals at their source, and checks and posts them, until Ctrl-C. `up` runs
    it too. Each batch is a run in the Prefect UI, where PREFECT_API_URL says where its server is."""
    from importlib import import_module

    return int(import_module("flows.intake").serve(Session.of(context).config_file))
