"""Rulebooks, charts, maps and layouts that are wrong, or of another country than their book, are refused with words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_support import BOOK, make_cli

from blocks.sources.csv_files.layout import Layout
from dealbooks.charts import load_chart
from dealbooks.config import load_config
from dealbooks.determine import load_rulebook, parse_rulebook
from dealbooks.determine.rulebook import SHIPPED
from dealbooks.draft import RawRecord
from dealbooks.errors import ConfigError
from dealbooks.house import House
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.settings import BookFinder

PACKAGE = SHIPPED.parent


def _house(folder: Path, old: str, new: str) -> House:
    return House(load_config(make_cli(folder, changes=[(old, new)]).config))


def test_a_rulebook_for_another_regime_than_its_books_is_refused(tmp_path: Path) -> None:
    house = _house(tmp_path / "house", "rules: rules/uk.yaml", "rules: us-fl")
    with pytest.raises(ConfigError) as refused:
        house.rulebook(BOOK)
    assert "dealbooks.yaml: books.northgate.rules is us-fl, a rulebook for the regime us" in refused.value.message
    assert "books.northgate.regime is uk" in refused.value.message
    assert "Name a rulebook for the regime uk" in refused.value.fix


def test_doctor_names_the_book_with_the_wrong_rulebook(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house", changes=[("rules: rules/uk.yaml", "rules: us-fl")])
    problems = [row for row in cli.json("doctor", code=3) if row["state"] == "problem"]
    assert any("a rulebook for the regime us" in row["found"] for row in problems)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_rulebook_says_its_regime_and_no_rate_of_it_is_above_one(path: Path) -> None:
    book = load_rulebook(path.stem)
    assert book.regime == {"gulf": "gulf"}.get(book.regime, path.stem.split("-")[0])
    rates = [part.rate for place in book.tax.jurisdictions for part in place.components if part.rate is not None]
    assert all(0 <= rate <= 1 for rate in rates)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("us-fl", 'rate: "0.06",', 'rate: "6",', "6 is no rate: write a rate as a fraction of 1"),
        ("us-fl", 'rate: "0.06",', 'rate: "-0.06",', "-0.06 is no rate"),
        ("uk", 'GB-S: "0.20"', 'GB-S: "20"', "20 is no rate"),
        ("uk", 'margin_rate: "0.20"', 'margin_rate: "20"', "20 is no rate"),
        ("uk", 'rate: "0.10"', 'rate: "10"', "10 is no rate"),
        ("uk", "regime: uk", "regime: atlantis", "regime"),
        ("uk", "regime: uk\n", "", "regime: Field required"),
        ("us-fl", "trade_in_credit: full", "trade_in_credit: capped", "trade_in_credit_cap go together"),
    ],
)
def test_a_value_that_no_law_has_is_refused_with_its_file_and_key(name: str, old: str, new: str, told: str) -> None:
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ConfigError) as refused:
        parse_rulebook(text.replace(old, new, 1), "rules/ours.yaml")
    assert told in refused.value.message
    assert "rules/ours.yaml" in refused.value.message
    assert refused.value.fix


READERS: list[tuple[str, str, Callable[[Path], Any]]] = [
    ("rulebooks/uk.yaml", "rulebook: uk", load_rulebook),
    ("charts/uk.yaml", "name: ", load_chart),
    ("maps/csv_files.yaml", "map: csv_files/1", FieldMap.load),
    ("layouts/completed_sale.yaml", "layout: completed_sale/1", Layout.load),
]


@pytest.mark.parametrize(("file", "first", "read"), READERS, ids=[file for file, _, _ in READERS])
def test_a_key_that_stands_twice_is_refused_with_both_lines(
    tmp_path: Path, file: str, first: str, read: Callable[[Path], Any]
) -> None:
    text = (PACKAGE / file).read_text(encoding="utf-8")
    lines = text.splitlines()
    number = next(index for index, line in enumerate(lines, 1) if line.startswith(first))
    key = first.split(":")[0]
    path = tmp_path / "ours.yaml"
    path.write_text(text.rstrip("\n") + f"\n{key}: again\n", encoding="utf-8")
    read(_copy(tmp_path / "same.yaml", text))
    with pytest.raises(ConfigError) as refused:
        read(path)
    assert str(path) in refused.value.message
    assert (
        f"line {len(lines) + 1} cannot be read: the key {key} stands here and in line {number}" in refused.value.message
    )
    assert "Correct that line" in refused.value.fix


def _copy(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_key_inside_a_rule_that_stands_twice_is_refused() -> None:
    text = (SHIPPED / "us-fl.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="the key rate stands here and in line"):
        parse_rulebook(text.replace('rate: "0.06",', 'rate: "0.06", rate: "0.07",', 1), "rules/ours.yaml")


def test_a_sale_may_be_dated_as_far_ahead_as_the_book_says(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "house", changes=[("    amend_limit: 5", "    future_days: 3\n    amend_limit: 5")])
    house = House(load_config(cli.config), clock=lambda: datetime(2026, 7, 4, 23, 30, tzinfo=UTC))
    setting = BookFinder(house, "drop").setting(RawRecord("csv:drop:LEEDS:1", "0", {"store_code": "LEEDS"}))
    assert setting is not None
    # 23:30 in UTC is already the 5th of July in London
    assert (setting.known.today.isoformat() if setting.known.today else "", setting.known.future_days) == (
        "2026-07-05",
        3,
    )
