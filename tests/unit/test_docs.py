"""The manual says what is true: its links lead somewhere, its commands and states exist, its examples load and work."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from cli_support import BOOK, FIRST, SECOND, Cli, make_cli

from blocks.sources.csv_files.layout import Layout
from dealbooks.cli.app import app
from dealbooks.config import SourceConfig
from dealbooks.determine.rulebook import SHIPPED, Rulebook, parse_rulebook
from dealbooks.mapping import FieldMap
from dealbooks.outbox.states import MOVES, EffectState
from dealbooks.pipeline.states import DEAL_STATES
from dealbooks.starter import write_starter

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"<!-- example: ([^>]+?) -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(dealbooks [^`\n]+)`")
_TYPED = re.compile(r"^\$ (?:cd \S+ && )?(dealbooks .*)$", re.MULTILINE)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# -- links ---------------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = [target.partition("#")[0] for target in _LINK.findall(page.read_text(encoding="utf-8"))]
        ahead += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert [_name(page) for page in PAGES if page not in reached] == []


# -- commands ------------------------------------------------------------------------------------------------------


def _commands(click_command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, click_command
    for name, command in getattr(click_command, "commands", {}).items():
        yield from _commands(command, (*words, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _wrong_in(line: str) -> str:
    """What a line of the manual names that the program does not have; empty when all is there."""
    words = shlex.split(line.partition(" #")[0])[1:]
    for pipe in ("|", "&&", ";", "<"):
        words = words[: words.index(pipe)] if pipe in words else words
    path: tuple[str, ...] = ()
    rest = list(words)
    while rest and getattr(COMMANDS[path], "commands", None):
        if rest[0].startswith("-") or not re.fullmatch(r"[a-z-]+", rest[0]):
            break
        path = (*path, rest.pop(0))
        if path not in COMMANDS:
            return f"no command {' '.join(path)}"
    options = {name for known in ((), path) for one in COMMANDS[known].params for name in one.opts + one.secondary_opts}
    options |= {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in options]
    return f"{' '.join(path) or 'dealbooks'} has no {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = [*_INLINE.findall(text), *_TYPED.findall(text)]
    assert [f"{line}: {wrong}" for line in lines if (wrong := _wrong_in(line))] == []


def test_the_check_of_commands_finds_what_is_not_there() -> None:
    assert _wrong_in("dealbooks quarantine mend") == "no command quarantine mend"
    assert _wrong_in("dealbooks sync --everything") == "sync has no --everything"
    assert _wrong_in("dealbooks close BOOK 2026-09 --sign X") == ""


# -- states --------------------------------------------------------------------------------------------------------


def _table(page: Path, heading: str) -> dict[str, list[str]]:
    """The first table under a heading: the word in the first column -> the other cells."""
    _, _, after = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    rows = re.findall(r"^\| `([a-z_]+)` \|(.*)\|$", after.partition("\n## ")[0], re.MULTILINE)
    return {word: [cell.strip() for cell in cells.split("|")] for word, cells in rows}


def test_every_state_of_a_deal_is_explained() -> None:
    explained = _table(DOCS / "concepts.md", "## The states of a deal")
    assert set(explained) == set(DEAL_STATES)
    assert all(cells[0] for cells in explained.values())


def test_every_state_of_an_effect_and_every_move_is_told() -> None:
    explained = _table(DOCS / "concepts.md", "## The states of an effect")
    assert set(explained) == {state.value for state in EffectState}
    for state, cells in explained.items():
        told = set() if cells[1] == "-" else set(cells[1].split(", "))
        assert told == {move.value for move in MOVES[EffectState(state)]}, state


# -- examples ------------------------------------------------------------------------------------------------------


def _examples() -> dict[str, str]:
    return {name: body for name, _, body in _EXAMPLE.findall((DOCS / "field-maps.md").read_text(encoding="utf-8"))}


EXAMPLES = _examples()


def test_every_yaml_example_of_the_page_is_tried_here() -> None:
    text = (DOCS / "field-maps.md").read_text(encoding="utf-8")
    tried = [name for name, kind, _ in _EXAMPLE.findall(text) if kind == "yaml"]
    assert len(re.findall(r"^```yaml$", text, re.MULTILINE)) == len(tried)
    assert tried == ["layout meridian", "map meridian", "rulebook uk", "source drop"]


def _laid_over(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A mapping with the sections of another in the place of its own."""
    merged = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def _rulebook() -> tuple[str, Rulebook]:
    shipped = yaml.safe_load((SHIPPED / "uk.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(_laid_over(shipped, yaml.safe_load(EXAMPLES["rulebook uk"])), sort_keys=False)
    return text, parse_rulebook(text, "docs/field-maps.md")


def test_the_rules_of_the_example_follow_one_another() -> None:
    _, rules = _rulebook()
    first, second = rules.commissions.plans
    assert first.to is not None and (second.from_ - first.to).days == 1
    assert (str(first.rate), str(second.rate)) == ("0.10", "0.12")


def test_the_source_of_the_example_is_one() -> None:
    config = SourceConfig.model_validate(yaml.safe_load(EXAMPLES["source drop"])["sources"]["drop"])
    assert config.platform == "csv_files" and config.map == "maps/meridian.yaml"


def _house(folder: Path) -> tuple[Cli, Path]:
    """A new house, configured as the page says; and the example's file."""
    write_starter(folder, "uk")
    (folder / "layouts" / "meridian.yaml").write_text(EXAMPLES["layout meridian"], encoding="utf-8")
    (folder / "maps" / "meridian.yaml").write_text(EXAMPLES["map meridian"], encoding="utf-8")
    (folder / "rules" / "uk.yaml").write_text(_rulebook()[0], encoding="utf-8")
    config = folder / "dealbooks.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text[: text.index("sources:")] + EXAMPLES["source drop"], encoding="utf-8")
    sample = folder / "SoldUnits_20260714.csv"
    sample.write_text(EXAMPLES[f"file {sample.name}"], encoding="utf-8")
    return Cli(folder), sample


def test_the_worked_example_works(tmp_path: Path) -> None:
    assert Layout.load(_write(tmp_path / "l.yaml", EXAMPLES["layout meridian"])).layout == "meridian/1"
    assert FieldMap.parse(EXAMPLES["map meridian"], "docs/field-maps.md").name == "meridian/1"
    cli, sample = _house(tmp_path / "house")
    result = cli.run("map", "check", "drop", "--sample", str(sample))
    assert result.exit_code == 0, result.output
    told = EXAMPLES["output of map check, shortened"].splitlines()
    assert told[0] == f"$ dealbooks map check drop --sample {sample.name}"
    said = result.stdout.splitlines()
    assert [line for line in told[1:] if line not in said] == []


def test_the_mistake_of_the_example_is_told_so(tmp_path: Path) -> None:
    cli, sample = _house(tmp_path)
    layout = tmp_path / "layouts" / "meridian.yaml"
    layout.write_text(layout.read_text(encoding="utf-8").replace("header: 2", "header: 3"), encoding="utf-8")
    result = cli.run("map", "check", "drop", "--sample", str(sample))
    assert result.exit_code == 3
    told = re.search(r"^Problem: SoldUnits.*$", (DOCS / "field-maps.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert told is not None
    assert told.group().removesuffix(", ...") in result.stderr


def test_what_the_example_does_not_say_is_filled_by_the_rules_that_are_named(tmp_path: Path) -> None:
    cli, sample = _house(tmp_path)
    record = cli.json("map", "check", "drop", "--sample", str(sample))
    assert record["fits"]
    assert not any(row["field"].endswith(("tax_code", "trade_ins[0].stock_no")) for row in record["rows"])
    text = (DOCS / "field-maps.md").read_text(encoding="utf-8")
    rules = re.findall(r"^(lines\[2\]\.kind|trade_ins\[0\]\.stock_no) +(rulebook uk: .+)$", text, re.MULTILINE)
    _, book = _rulebook()
    whys = {rule.why for _, some in book.sections() for rule in some}
    assert len(rules) == 2
    assert [why for _, why in rules if why not in whys] == []


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# -- what is cited, and the version ----------------------------------------------------------------------------------


def test_every_sheet_that_is_cited_is_explained() -> None:
    cited: set[str] = set()
    for folder in ("dealbooks", "blocks", "expectations", "tasks", "flows"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".yaml"):
                cited |= set(re.findall(r"(?<![\w/.-])[a-z][a-z_-]+\.md\b", path.read_text(encoding="utf-8")))
    sheets = cited - {page.name for page in DOCS.rglob("*.md")} - {"report.md"}
    explained = (DOCS / "references.md").read_text(encoding="utf-8")
    assert sheets
    assert sorted(name for name in sheets if f"`{name}`" not in explained) == []


def test_the_changelog_has_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    found = re.findall(r"^## (\d+\.\d+\.\d+)\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found[:1] == [version]


def test_the_store_copies_as_the_manual_says(tmp_path: Path) -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    command = re.search(r'\$ \.venv/bin/python -c "(import sqlite3; .*)"$', text, re.MULTILINE)
    assert command is not None
    cli, _ = _house(tmp_path)
    before = cli.json("status")
    (tmp_path / "backup").mkdir()
    code = command.group(1).replace("'var/", f"'{tmp_path}/var/").replace("'backup/", f"'{tmp_path}/backup/")
    subprocess.run([sys.executable, "-c", code], check=True)
    config = tmp_path / "dealbooks.yaml"
    moved = config.read_text(encoding="utf-8").replace("sqlite:///var/", "sqlite:///backup/")
    config.write_text(moved, encoding="utf-8")
    assert json.dumps(cli.json("status")) == json.dumps(before)


# -- what operations.md says of restoring and of held files ------------------------------------------------------------


@pytest.mark.long
def test_an_older_store_beside_the_ledger_finds_what_stands_there(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    store, kept = cli.folder / "var" / "dealbooks.db", tmp_path / "kept.db"
    cli.drop(FIRST)
    assert cli.run("sync").exit_code == 0
    shutil.copy(store, kept)  # no process has it open, so that a plain copy is whole
    cli.drop(SECOND)
    assert cli.run("sync").exit_code == 3  # one of its deals goes to quarantine
    before, files = cli.json("status")["books"][0], _entries(cli)
    balance = cli.json("export", "trial-balance", BOOK, "2026-07")
    for path in store.parent.glob("dealbooks.db*"):
        path.unlink()
    shutil.copy(kept, store)
    assert any("cut off" in one["message"] for one in cli.json("audit", "verify", code=1)["breaks"])
    refused = cli.json("sync", code=3)
    assert "restored from an older copy" in " ".join(refused["failures"])
    assert _entries(cli) == files, "nothing is planned or posted until a person has settled it"
    next((cli.folder / "var" / "books").rglob("audit-head.json")).rename(tmp_path / "audit-head.json")
    cli.run("sync")
    after = cli.json("status")["books"][0]
    assert (after["deals"], after["effects"]) == (before["deals"], before["effects"])
    assert _entries(cli) == files
    assert cli.json("export", "trial-balance", BOOK, "2026-07") == balance


def _entries(cli: Cli) -> dict[str, bytes]:
    """The files of the ledger, as they are."""
    return {path.name: path.read_bytes() for path in (cli.folder / "var" / "books").rglob("ledger/*/*.beancount")}


@pytest.mark.long
def test_a_held_file_is_judged_again_when_it_is_dropped_with_a_newer_time(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house")
    cli.drop_changed(FIRST, "deal_number,", "dealnr,", FIRST)
    file, layout = cli.folder / "inbox" / FIRST, cli.folder / "layouts" / "completed_sale.yaml"
    assert cli.json("sync", code=3)["extracted"][0]["files"][0]["state"] == "held"
    layout.write_text(layout.read_text(encoding="utf-8").replace("[deal no,", "[dealnr, deal no,"), encoding="utf-8")
    assert cli.json("sync")["extracted"][0]["files"] == []  # the same place, size and time counts as seen
    seen = file.stat()
    os.utime(file, (seen.st_atime + 1, seen.st_mtime + 1))
    assert cli.json("sync")["extracted"][0]["files"][0]["state"] == "taken"
    assert cli.json("status")["books"][0]["deals"] == {"posted": 3}
