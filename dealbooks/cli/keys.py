"""`keys`: personal keys by which people sign a close."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Personal keys by which people sign a close.")
    group.callback()(_group)
    group.command("new")(new)
    app.add_typer(group, name="keys")


def _group() -> None:
    """Personal keys by which people sign a close."""


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is: the name that signs.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; by default NAME.key in this folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a signing key for a person.

    The private half goes into a file that only you can read: it belongs to one person, and nowhere into the
    configuration. The public half is one line, for signers: in dealbooks.yaml, and for auditors.
    """
    from dealbooks.closing.keys import new_key
    from dealbooks.errors import UsageError

    name = " ".join(name.split())
    if not name:
        raise UsageError("A key belongs to a person.", fix="Give the name: dealbooks keys new 'Ann Lee'.")
    file = out or Path(f"{'-'.join(name.lower().split('/')[-1].split())}.key")
    public = new_key(file).public
    public_file = file.with_suffix(".pub")
    public_file.write_text(public + "\n", encoding="utf-8")
    if as_json:
        output.say_json({"name": name, "file": str(file), "public": public, "public_file": str(public_file)})
        return
    output.say(f"The private key is {file}. Keep it to yourself, with a copy where you keep other secrets.")
    output.say("Have this line entered in dealbooks.yaml, under 'signers:', by whoever keeps that file:")
    output.say(f"  {name}: {{key: '{public}'}}")
    output.say(f"{public_file} holds the same line, for an auditor: dealbooks verify PACK --key '{name}={public_file}'")
