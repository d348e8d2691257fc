"""The application: global options, its commands, and the one place where an error becomes words and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from dealbooks.cli import (
    audit,
    bank,
    batch,
    connect,
    deciding,
    doctor,
    drift,
    event_add,
    events,
    exceptions,
    export,
    hooks,
    keys,
    lists,
    maps,
    pack,
    periods,
    planning,
    platforms,
    quarantine,
    sandbox,
    setup,
    standing,
    status,
    tracing,
)
from dealbooks.cli.faults import FAULT, STOPPED, show, show_error, show_unexpected
from dealbooks.cli.session import Session, Switch
from dealbooks.errors import DealbooksError

_WITH_VALUE, _ALONE = "--config", "--debug"


class RootGroup(TyperGroup):
    """Takes the global options anywhere in the line, and tells every error in words."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001 - the signature is typer's
        windows_expand_args: bool = True,  # noqa: FBT001
        **extra: Any,
    ) -> NoReturn:
        """Run a command and end the process with its exit code."""
        given = hoisted(sys.argv[1:] if args is None else args)
        as_json, debug = "--json" in given, _ALONE in given
        try:
            code = super().main(given, "dealbooks", complete_var, False, windows_expand_args, **extra)
        except DealbooksError as error:
            code = show_error(error, as_json=as_json, debug=debug)
        except typer.TyperException as error:
            code = _misused(error, as_json=as_json)
        except (typer.Abort, KeyboardInterrupt):
            code = STOPPED
        if code == STOPPED:
            show("Stopped", "Stopped.", "Nothing half-done remains: run it again to go on.", STOPPED, as_json=as_json)
        sys.exit(code if isinstance(code, int) else 0)


def hoisted(args: Sequence[str]) -> list[str]:
    """The line with its global options in front, where typer looks for them."""
    front: list[str] = []
    rest: list[str] = []
    items = iter(args)
    for item in items:
        if item == "--":
            rest += [item, *items]
        elif item == _WITH_VALUE:
            front += [item, *([value] if (value := next(items, None)) is not None else [])]
        elif item == _ALONE or item.startswith(f"{_WITH_VALUE}="):
            front.append(item)
        else:
            rest.append(item)
    return front + rest


def _misused(error: typer.TyperException, *, as_json: bool) -> int:
    """A command line that cannot be read; also one that names no command, which shows the help."""
    words = getattr(error, "format_message", error.__str__)()
    code = int(getattr(error, "exit_code", FAULT))
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(words, err=True)
        return code
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "dealbooks"
    return show("UsageError", words, f"'{path} --help' shows how it is written.", code, as_json=as_json)


app = typer.Typer(
    name="dealbooks",
    cls=RootGroup,
    help="Completed vehicle sales, from where they were closed into the books: once each, and to the cent.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: Switch) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dealbooks {version('dealbooks')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="Configuration; by default DEALBOOKS_CONFIG, or ./dealbooks.yaml."
        ),
    ] = None,
    debug: Annotated[Switch, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        Switch, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Completed vehicle sales, from where they were closed into the books: once each, and to the cent."""
    context.obj = Session(config)


for _module in (
    setup,
    connect,
    batch,
    standing,
    deciding,
    planning,
    status,
    tracing,
    quarantine,
    periods,
    exceptions,
    keys,
    pack,
    drift,
    bank,
    lists,
    audit,
    export,
    platforms,
    sandbox,
    hooks,
    events,
    event_add,
    maps,
    doctor,
):
    _module.register(app)


def main() -> NoReturn:
    """The program `dealbooks`."""
    sys.excepthook = show_unexpected
    sys.exit(typer.main.get_command(app).main())
