"""docs/cli.md, made from the application itself: `python -m dealbooks.cli.reference`. A test holds them together."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from dealbooks.cli import faults
from dealbooks.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"

_HEAD = """\
# The command line

Made from the program by `python -m dealbooks.cli.reference`; do not edit.

`--config FILE` and `--debug` may stand anywhere in the line. The configuration is `--config FILE`, else the environment
variable `DEALBOOKS_CONFIG`, else `./dealbooks.yaml`.

On a terminal, tables are drawn and amounts grouped. Through a pipe, a table is its headings and rows, one a line, with
tabs between cells, amounts plain and no colour; progress is shown only when stderr is a terminal. `--json` prints one
JSON document on stdout, amounts as text. An error is a block of words on stderr; with `--json` it is the object
`{"error": {"kind": ..., "message": ..., "fix": ..., "exit_code": ...}}`, on stderr too.

## Exit codes

| code | meaning |
|---|---|
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, in the order of the help."""
    yield from _walk("dealbooks", typer.main.get_command(app))


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD + "".join(f"| {code} | {words} |\n" for code, words in exit_codes())]
    parts += [_section(name, command) for name, command in commands()]
    return "\n".join(parts)


def exit_codes() -> list[tuple[str, str]]:
    """Code and meaning, as `dealbooks.cli.faults` states them."""
    lines = [line.split(maxsplit=1) for line in (faults.__doc__ or "").splitlines() if line[:1].isdigit()]
    return [(code, words) for code, words in lines]


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    if getattr(command, "invoke_without_command", False):
        yield name, command
    for own, child in inside.items():
        yield from _walk(f"{name} {own}", child)


def _section(name: str, command: Any) -> str:
    words = [f"## {name}", "", f"    {name} {_usage(command)}".rstrip(), "", (command.help or "").strip(), ""]
    rows = [row for row in (_row(one) for one in command.params) if row]
    if rows:
        words += ["| argument or option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(words)


def _usage(command: Any) -> str:
    arguments = [_metavar(one) for one in command.params if one.param_type_name == "argument"]
    needed = [
        f"{one.opts[0]} {_value(one)}" for one in command.params if one.param_type_name == "option" and one.required
    ]
    return " ".join(["[OPTIONS]", *needed, *arguments])


def _row(one: Any) -> str:
    words = (one.help or "").replace("|", "\\|")
    if one.param_type_name == "argument":
        return f"| `{_metavar(one)}` | {words} |"
    names = "/".join([*one.opts, *one.secondary_opts])
    shown = names if one.is_flag else f"{names} {_value(one)}"
    default = one.default
    more = f" Default: `{default}`." if default not in (None, "", False, True) and not callable(default) else ""
    return f"| `{shown}` | {words}{more} |"


def _metavar(one: Any) -> str:
    name = one.metavar or one.name.strip("_").upper()
    return name if one.required or name.startswith("[") else f"[{name}]"


def _value(one: Any) -> str:
    return str(one.metavar or "TEXT")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
