"""The application as a whole: nothing heavy is loaded, every command is explained, errors are words and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_support import Cli, make_cli
from typer.testing import CliRunner

from dealbooks import config_reference
from dealbooks.cli import faults, output, reference
from dealbooks.cli.app import app, hoisted
from dealbooks.cli.reference import commands
from dealbooks.errors import BrokenInvariant, DealbooksError, StopBatch, StopConnection, UsageError
from dealbooks.pipeline import status as status_module

HEAVY = ("prefect", "pandas", "numpy", "great_expectations", "sqlalchemy", "pydantic", "rich", "yaml", "httpx")
# They print no data: a report for a person, and a server that runs until it is stopped.
WITHOUT_JSON = {"dealbooks demo", "dealbooks up", "dealbooks intake", "dealbooks connect", "dealbooks sandbox"}
COMMANDS = dict(commands())


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return make_cli(tmp_path / "house")


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys, dealbooks.cli\n"
        f"sys.argv = ['dealbooks', *{arguments!r}]\n"
        "try:\n    dealbooks.cli.main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert _python(code).stdout.endswith("LOADED []\n")


def test_drain_runs_without_the_orchestrator(cli: Cli) -> None:
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('prefect', 'pandas', 'numpy', 'great_expectations'):\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Block())\n"
        "import dealbooks.cli\n"
        "sys.argv = ['dealbooks', 'drain', '--json']\n"
        "dealbooks.cli.main()"
    )
    done = _python(code, DEALBOOKS_CONFIG=str(cli.config))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["loaded"][0]["book"] == "northgate"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_explained(name: str) -> None:
    command = COMMANDS[name]
    assert len(command.help or "") > 20
    assert [one.name for one in command.params if not one.help and one.name != "help"] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_prints_data_prints_json(name: str) -> None:
    options = {option for one in COMMANDS[name].params for option in one.opts}
    assert ("--json" in options) == (name not in WITHOUT_JSON)


def test_the_commands_are_these() -> None:
    assert {name.removeprefix("dealbooks ") for name in COMMANDS} == {
        "init", "demo", "up", "intake", "connect", "go-live", "pause", "resume", "sync", "issue-again",
        "accept-difference",
        "drain", "plan", "status", "trace",
        "reconcile", "close", "reopen", "export", "ledgers", "sandbox", "sources", "doctor", "quarantine list",
        "quarantine show", "quarantine fix", "quarantine release", "quarantine retry", "quarantine export",
        "quarantine import", "audit verify", "map check", "pack", "verify",
        "hooks list", "hooks send", "events", "events show", "events attach", "events ignore",
        "event add", "event settle", "event withdraw", "bank import", "bank list", "bank show",
        "bank withdraw", "bank accept",
        "lists import", "lists show", "keys new", "drift", "exceptions",
    }  # fmt: skip


def test_docs_are_what_the_program_says() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page()
    assert config_reference.PAGE.read_text(encoding="utf-8") == config_reference.page()


def test_exit_codes_are_documented() -> None:
    codes = {int(code) for code, _ in reference.exit_codes()}
    assert codes == {0, faults.FAULT, faults.USAGE, faults.NOT_ALL, faults.STOPPED}
    assert {
        error.exit_code for error in (DealbooksError, UsageError, StopBatch, StopConnection, BrokenInvariant)
    } <= codes


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("dealbooks ")


def test_global_options_may_stand_anywhere() -> None:
    assert hoisted(["status", "--config", "x.yaml", "--json"]) == ["--config", "x.yaml", "status", "--json"]
    assert hoisted(["plan", "--debug", "--config=y"]) == ["--debug", "--config=y", "plan"]
    assert hoisted(["trace", "--", "--debug"]) == ["trace", "--", "--debug"]


def test_no_configuration_is_told_in_words(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["status", "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == faults.USAGE
    assert result.stdout == ""
    assert "There is no configuration" in result.stderr
    assert "What to do: Run 'dealbooks init'" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_is_json_on_stderr(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["status", "--json", "--config", str(tmp_path / "none.yaml")])
    assert result.stdout == ""
    error = json.loads(result.stderr)["error"]
    assert (error["kind"], error["exit_code"]) == ("ConfigError", result.exit_code)
    assert error["fix"]


@pytest.mark.parametrize("arguments", [["bogus"], ["status", "--bogus"], ["trace"], ["quarantine", "fix", "1"]])
def test_a_line_that_cannot_be_read(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == faults.USAGE
    assert json.loads(result.stderr)["error"]["kind"] == "UsageError"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StopConnection("The ledger is away.", fix="Wait."), faults.NOT_ALL),
        (BrokenInvariant("It does not balance."), faults.FAULT),
        (KeyboardInterrupt(), faults.STOPPED),
    ],
)
def test_exit_code_of_an_error(cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    def fail(_house: Any) -> None:
        raise error

    monkeypatch.setattr(status_module, "status", fail)
    result = cli.run("status")
    assert result.exit_code == code
    assert result.stderr.startswith("Problem: ")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["status", "--debug", "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == faults.USAGE
    assert "Traceback" in result.stderr


def test_a_fault_of_ours_is_told_in_words(cli: Cli) -> None:
    code = (
        "import sys, dealbooks.cli, dealbooks.pipeline.status as s\n"
        "def fail(house):\n    raise ValueError('secret detail\\nmore')\n"
        "s.status = fail\n"
        f"sys.argv = ['dealbooks', 'status', '--config', {str(cli.config)!r}]\n"
        "dealbooks.cli.main()"
    )
    done = _python(code)
    assert done.returncode == faults.FAULT
    assert "This is a fault of Dealbooks (ValueError: secret detail)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_table_in_a_pipe_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["a", output.Column("b", amount=True)], [("x\ty\x1b[31m", "1234.50"), (None, "")], title="T")
    assert capsys.readouterr().out == "T\na\tb\nx y [31m\t1234.50\n\t\n"


def test_amounts_are_grouped_for_the_eye() -> None:
    assert output.grouped("1234567.80") == "1,234,567.80"
    assert output.grouped("-100000") == "-100,000"
