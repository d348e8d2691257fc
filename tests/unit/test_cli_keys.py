"""`dealbooks keys new`: what it prints goes under one heading for all who sign."""

from __future__ import annotations

from pathlib import Path

import yaml
from typer.testing import CliRunner

from dealbooks.cli.app import app


def line_of(name: str, file: Path) -> str:
    """What is printed for dealbooks.yaml."""
    done = CliRunner().invoke(app, ["keys", "new", name, "--out", str(file)])
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if line.strip().startswith(f"{name}:")]
    assert "signers:\n" not in done.stdout
    return "\n".join(lines)


def test_lines_of_two_people_stand_under_one_heading(tmp_path: Path) -> None:
    lines = [line_of(name, tmp_path / f"{name[:2]}.key") for name in ("Ann Lee", "Bo Ray")]
    found = yaml.safe_load("\n".join(["signers:", *lines]))
    assert set(found["signers"]) == {"Ann Lee", "Bo Ray"}
    assert (tmp_path / "An.pub").read_text("utf-8").strip() == found["signers"]["Ann Lee"]["key"]
