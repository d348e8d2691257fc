"""How a source is connected, by the manual: what stands in its examples are settings that there are, in few lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from google_sheets_support import key_json, office

from dealbooks import registry
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.starter import write_starter

ROOT = Path(__file__).parents[2]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "sources.md"
_BLOCK = re.compile(r"^```yaml\n(sources:\n.*?)^```$", re.MULTILINE | re.DOTALL)
_FILLED = {"1AbC...": "1AbCdEfGhIjKlMnOpQrStUvWxYz"}  # what nobody takes for a setting as it stands


def _examples() -> list[tuple[str, str, str]]:
    """(page, source, text of its example)."""
    found = []
    for page in (README, PAGE):
        for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            parts = re.split(r"(?m)^(?=  [a-z]+:)", block.removeprefix("sources:\n"))
            found += [(page.name, part.split(":")[0].strip(), part) for part in parts if part.strip()]
    return found


@pytest.mark.parametrize(("page", "name", "text"), _examples(), ids=lambda value: value if "\n" not in value else "")
def test_the_example_of_a_source_is_one(
    page: str, name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in re.findall(r"\$\{([A-Z_]+)\}", text):
        monkeypatch.setenv(variable, "a-secret-of-16-letters")
    for shown, filled in _FILLED.items():
        text = text.replace(shown, filled)
    write_starter(tmp_path, "uk")
    path = tmp_path / "dealbooks.yaml"
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["sources"] = yaml.safe_load(f"sources:\n{text}")["sources"]
    assert list(data["sources"]) == [name]
    data["books"]["northgate"]["source_of_record"] = name
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    if file := data["sources"][name].get("key_file"):  # as Google gives it
        (tmp_path / file).write_text(key_json(office().box), encoding="utf-8")
    with House.open(load_config(path)) as house:
        house.source(name)
    if page == README.name:
        assert len(text.strip().splitlines()) < 10


def test_there_is_an_example_of_every_source_on_both_pages() -> None:
    platforms = {
        page: {yaml.safe_load(text)[name]["platform"] for where, name, text in _examples() if where == page}
        for page in (README.name, PAGE.name)
    }
    assert platforms[README.name] == platforms[PAGE.name] == set(registry.SOURCES)
