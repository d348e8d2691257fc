"""`plan` of a file that cannot be read, of a scenario that means nothing, and of an amendment of another deal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from posting_support import CASES
from posting_support import case as deal_of
from typer.testing import CliRunner

from dealbooks.cli.app import app


def _whole(number: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(next(CASES.glob(f"{number}-*.json")).read_text(encoding="utf-8"))
    return data


def _told(tmp_path: Path, data: Any, code: int) -> str:
    file = tmp_path / "case.json"
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    told = CliRunner().invoke(app, ["plan", "--case", str(file)])
    assert told.exit_code == code, told.output
    assert told.stderr.count("Problem:") == (1 if code else 0)
    assert "fault of Dealbooks" not in told.stderr
    return told.stderr


PLAIN = json.dumps({"deal": deal_of("G09")})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PLAIN.encode("utf-16"), "is not a text in UTF-8"),
        (b"\x80\x81\x82", "is not a text in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 5_000, "nested too deeply"),
        (PLAIN.replace('"deal_version": 1', f'"deal_version": {"9" * 5000}').encode(), "9 is not in quotes"),
        (b'{"deal": NaN}', "the number NaN is not in quotes"),
        (PLAIN.replace('"currency": "GBP"', '"currency": "GBP", "currency": "USD"').encode(), "currency stands twice"),
        (b"[]", "it has no deal"),
        (b"null", "it has no deal"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_plain_words(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in _told(tmp_path, content, 2)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    _told(tmp_path, b"\xef\xbb\xbf" + PLAIN.encode(), 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scenario": "x"}, "scenario is not a group of fields"),
        ({"scenario": []}, "scenario is not a group of fields"),
        ({"scenario": {"closed_thru": "2026-02-28"}}, "A scenario has no closed_thru."),
        ({"scenario": {"closed_through": "9999-12-31"}}, "no day comes after it"),
        ({"scenario": {"closed_through": ["2026-02-28"]}}, "scenario.closed_through is not a date."),
        ({"scenario": {"policies": "x"}}, "scenario.policies cannot be read: it is not a group of fields."),
        ({"scenario": {"policies": {"zzz": 1}}}, "scenario.policies.zzz cannot be read: there is no such policy."),
        ({"expected": {"entries": 5}}, "expected is not what a case comes to"),
        ({"expected": {"entries": None}}, "expected is not what a case comes to"),
        ({"expected": {"entries": ["x"]}}, "expected is not what a case comes to"),
        ({"expected": []}, "expected is not what a case comes to"),
        ({"deal_amended": []}, "deal_amended cannot be read: it is not a group of fields"),
        ({"deal_amended": {}}, "deal_amended cannot be read: it is empty"),
    ],
)
def test_a_part_of_a_case_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    assert words in _told(tmp_path, _whole("G14") | change, 2)


def test_a_field_that_no_deal_has_sends_nobody_to_a_field_map(tmp_path: Path) -> None:
    told = _told(tmp_path, {"deal": deal_of("G09") | {"colour": "red"}}, 2)
    assert "colour is not a field of a deal" in told
    assert "field map" not in told


def test_an_amount_with_too_many_digits_is_not_told_to_be_no_number(tmp_path: Path) -> None:
    deal = deal_of("G09")
    deal["lines"][0]["unit_price"] = "1" * 30 + ".00"
    told = _told(tmp_path, {"deal": deal}, 2)
    assert "more digits than a sum of money can have" in told
    assert "thousands" not in told


@pytest.mark.parametrize("content", [[], None, 5, {}])
def test_a_deal_that_is_no_group_of_fields_is_told_so(tmp_path: Path, content: object) -> None:
    from cli_support import BOOK, make_cli

    file = tmp_path / "deal.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    told = make_cli(tmp_path / "house").run("plan", "--deal", str(file), "--book", BOOK)
    assert told.exit_code == 2
    assert "The deal cannot be read: it is" in told.stderr


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(deal_version=1), "deal_amended is version 1, and the deal before it version 1"),
        (lambda d: d.update(deal_id="OTHER-1"), "its deal_id is OTHER-1"),
        (lambda d: d.update(source_system="other"), "its source_system is other"),
        (lambda d: d.update(legal_entity="OTHER-LTD"), "its legal_entity is OTHER-LTD"),
    ],
)
def test_an_amendment_is_a_later_version_of_the_same_deal(tmp_path: Path, change: Change, words: str) -> None:
    data = _whole("G14")
    change(data["deal_amended"])
    assert words in _told(tmp_path, data, 3)


@pytest.mark.parametrize("change", [{"deal_version": 7}, {}])
def test_a_gap_between_versions_is_allowed(tmp_path: Path, change: dict[str, Any]) -> None:
    data = _whole("G14")
    _told(tmp_path, data | {"deal_amended": data["deal_amended"] | change}, 0)


@pytest.mark.parametrize(("amount", "code"), [("2278.62", 0), ("2000.00", 0), ("2378.62", 3)])
def test_of_an_unwound_deal_no_more_goes_back_than_came_in(tmp_path: Path, amount: str, code: int) -> None:
    data = _whole("G08")
    data["deal"]["refunds"][0]["amount"] = amount
    told = _told(tmp_path, {"deal": data["deal"], "scenario": data["scenario"]}, code)
    assert ("100.00 USD more were refunded than the customer had paid" in told) == bool(code)
