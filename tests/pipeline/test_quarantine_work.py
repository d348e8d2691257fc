"""The quarantine as a controller works it: a correction names who and why, and holds for what it corrects alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from pipeline_support import Dealership, Row, financed, sale

from dealbooks.errors import LeaseLost, UsageError
from dealbooks.pipeline.batches import source_lease
from dealbooks.pipeline.quarantine import export_sheet, fix, import_sheet, release, retry, show, waiting
from dealbooks.pipeline.validate import ValidateResult

WHO = {"who": "Ann Lee", "why": "the invoice of the auction says so"}
NO_COST = sale(1, vehicle_cost="", stock_book_price="8000.00")


def _fix(shop: Dealership, ref: str, field: str, value: str) -> ValidateResult:
    with shop.open() as house:
        return fix(house, ref, field, value, **WHO)


def _active(shop: Dealership) -> list[tuple[str, str, str, str, str]]:
    names = ("field", "old", "new", "who", "why")
    return [tuple(row[name] for name in names) for row in shop.rows("overrides") if row["state"] == "active"]  # type: ignore[misc]


def test_a_correction_accepts_the_deal_and_says_who_and_why(shop: Dealership) -> None:
    shop.sales(11, NO_COST, sale(2))
    assert shop.sync().exit_code == 3
    result = _fix(shop, "N-1", "vehicle_cost", "8000.00")
    assert (result.accepted, result.quarantined) == (1, 0)
    assert shop.reasons() == {}
    assert _active(shop) == [("vehicle_cost", "", "8000.00", WHO["who"], WHO["why"])]
    assert shop.sync().exit_code == 0
    assert shop.deals()["N-1"]["state"] == "posted"
    (version,) = (row for row in shop.rows("deal_versions") if row["deal_id"] == shop.deals()["N-1"]["id"])
    assert "override by Ann Lee" in version["provenance"]
    shop.sound()


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("Ann", " ")])
def test_a_correction_without_who_or_why_is_refused(shop: Dealership, who: str, why: str) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    with shop.open() as house, pytest.raises(UsageError, match="who makes it and why"):
        fix(house, "N-1", "vehicle_cost", "8000.00", who=who, why=why)
    assert shop.rows("overrides") == []


def test_a_correction_that_does_not_cure_leaves_the_deal_waiting(shop: Dealership) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    assert _fix(shop, "N-1", "vehicle_cost", "no idea").quarantined == 1
    assert shop.deals() == {}
    assert len([row for row in shop.rows("quarantine") if row["state"] == "open"]) == 1
    assert _fix(shop, "N-1", "vehicle_cost", "8000.00").accepted == 1
    assert [row["state"] for row in shop.rows("overrides")] == ["dropped", "active"]


def test_a_correction_is_kept_while_the_source_says_the_same(shop: Dealership) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    _fix(shop, "N-1", "vehicle_cost", "8000.00")
    shop.sync()
    books = shop.files()
    shop.sales(12, NO_COST, sale(2))
    result = shop.sync()
    assert (result.validated[0].unchanged, result.validated[0].notices) == (1, ())
    assert shop.deals()["N-1"]["version"] == 1
    assert set(books.items()) < set(shop.files().items())
    assert len(_active(shop)) == 1
    shop.sound()


def test_a_correction_is_dropped_with_notice_when_the_source_changes(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, NO_COST)
    shop.sync()
    _fix(shop, "N-1", "vehicle_cost", "8000.00")
    shop.sync()
    shop.sales(12, sale(1, vehicle_cost="8100.00", stock_book_price="8000.00"))
    result = shop.sync()
    assert result.exit_code == 0
    assert any("Ann Lee was dropped" in notice for notice in result.validated[0].notices)
    assert _active(shop) == []
    assert shop.deals()["N-1"]["posted_version"] == 2
    shop.sound()


def test_a_correction_that_the_next_file_does_not_carry_waits_again(shop: Dealership) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    _fix(shop, "N-1", "vehicle_cost", "8000.00")
    shop.sync()
    shop.sales(12, NO_COST | {"customer_name": "Someone Else"})
    assert shop.sync().exit_code == 3
    assert shop.reasons() == {"N-1": ["R007"]}
    assert shop.deals()["N-1"]["posted_version"] == 1


def test_what_a_later_file_mends_is_released(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, NO_COST)
    shop.sync()
    shop.sales(12, sale(1))
    shop.sync()
    assert [(row["state"], row["closed_by"]) for row in shop.rows("quarantine")] == [("released", "accepted")]
    assert shop.inbox_states() == {"accepted": 1, "superseded": 1}
    shop.sound()


def test_what_waits_is_not_overtaken_by_an_older_file(shop: Dealership) -> None:
    shop.sales(12, NO_COST)
    shop.sync()
    shop.sales(11, sale(1))
    shop.sync()
    assert (shop.deals(), shop.reasons()) == ({}, {"N-1": ["R007"]})
    assert shop.inbox_states() == {"quarantined": 1, "superseded": 1}
    shop.sound()


def test_a_bad_correction_of_the_source_is_closed_when_the_source_takes_it_back(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(12, NO_COST)
    shop.sync()
    shop.sales(13, sale(1), sale(2))
    shop.sync()
    assert shop.reasons() == {}
    assert shop.deals()["N-1"]["version"] == 1
    shop.sound()


def _with_own_rules(shop: Dealership) -> None:
    from importlib.resources import files

    rules = yaml.safe_load(files("dealbooks").joinpath("rulebooks", "uk.yaml").read_text("utf-8"))
    lender = rules["finance"]["lenders"][1]
    rules["finance"]["lenders"].append(lender | {"id": "GRANITE", "name": "Granite", "names": ["granite"]})
    (shop.folder / "rules.yaml").write_text(yaml.safe_dump(rules, sort_keys=False), encoding="utf-8")
    shop.book["rules"] = "rules.yaml"
    shop.write_config()


def _lender(number: int) -> Row:
    return financed(number, finance_company="Granite")


def test_retry_takes_what_a_mended_rulebook_allows(any_shop: Dealership) -> None:
    shop = any_shop
    shop.sales(11, _lender(1), _lender(2), NO_COST | {"deal_number": "N-3", "vin": sale(3)["vin"]})
    shop.sync()
    assert shop.reasons()["N-1"] == ["R002"]
    _with_own_rules(shop)
    with shop.open() as house:
        (result,) = retry(house, who="Ann Lee")
    assert (result.accepted, result.quarantined) == (2, 1)
    assert list(shop.reasons()) == ["N-3"]
    assert len([row for row in shop.rows("quarantine") if row["state"] == "open"]) == 1
    shop.sync()
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    shop.sound()


def test_release_judges_again_and_lets_nothing_through(shop: Dealership) -> None:
    shop.sales(11, _lender(1), NO_COST | {"deal_number": "N-3", "vin": sale(3)["vin"]})
    shop.sync()
    with shop.open() as house:
        assert release(house, "N-3", **WHO).quarantined == 1
    _with_own_rules(shop)
    with shop.open() as house:
        assert release(house, "N-1", **WHO).accepted == 1
        with pytest.raises(UsageError, match="Nothing in quarantine"):
            show(house, "N-1")


def test_nothing_is_changed_while_another_process_reads_the_source(shop: Dealership) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    with shop.open() as house, source_lease(house, "drop"), pytest.raises(LeaseLost):
        fix(house, "N-1", "vehicle_cost", "8000.00", **WHO)
    assert shop.rows("overrides") == []
    shop.sound()


def _sheet(shop: Dealership) -> tuple[Path, list[dict[str, str]]]:
    path = shop.folder / "sheet.csv"
    with shop.open() as house:
        export_sheet(house, path)
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return path, list(csv.DictReader(stream))


def _write(path: Path, lines: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def _filled(lines: list[dict[str, str]], *values: str) -> list[dict[str, str]]:
    return [line | WHO | {"new_value": value} for line, value in zip(lines, values, strict=True)]


def test_a_sheet_goes_out_comes_back_and_its_formulas_stay_text(shop: Dealership) -> None:
    shop.sales(11, NO_COST, sale(2, vehicle_cost="=1+1"), sale(3))
    shop.sync()
    path, lines = _sheet(shop)
    assert [(line["deal"], line["field"], line["value"]) for line in lines] == [
        ("N-1", "vehicle.cost", ""),
        ("N-2", "vehicle_cost", "'=1+1"),
    ]
    _write(path, _filled(lines, "8000.00", "7000.00"))
    with shop.open() as house:
        (result,) = import_sheet(house, path)
    assert (result.accepted, result.quarantined) == (2, 0)
    assert {old for _, old, *_ in _active(shop)} == {"", "=1+1"}
    shop.sync()
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}
    shop.sound()


def test_lines_that_nobody_filled_in_are_left_alone(shop: Dealership) -> None:
    shop.sales(11, NO_COST, sale(2, vehicle_cost="=1+1"))
    shop.sync()
    path, lines = _sheet(shop)
    _write(path, _filled(lines, "8000.00", ""))
    with shop.open() as house:
        import_sheet(house, path)
    assert list(shop.reasons()) == ["N-2"]


BAD = {
    "no number that waits": ({"id": "99"}, "nothing waits"),
    "nobody named": ({"who": ""}, "who and why"),
    "no reason": ({"why": " "}, "who and why"),
    "a field that is none": ({"field": "vehicle..cost"}, "not the name of a field"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_sheet_is_refused_whole(shop: Dealership, what: str) -> None:
    change, words = BAD[what]
    shop.sales(11, NO_COST, sale(2, vehicle_cost="=1+1"))
    shop.sync()
    path, lines = _sheet(shop)
    first, second = _filled(lines, "8000.00", "7000.00")
    _write(path, [first, second | change])
    with shop.open() as house, pytest.raises(UsageError, match=words):
        import_sheet(house, path)
    assert shop.rows("overrides") == []
    assert set(shop.reasons()) == {"N-1", "N-2"}


def test_one_field_with_two_values_is_refused(shop: Dealership) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    path, lines = _sheet(shop)
    (line,) = _filled(lines, "8000.00")
    _write(path, [line, line | {"new_value": "8100.00"}])
    with shop.open() as house, pytest.raises(UsageError, match="twice"):
        import_sheet(house, path)
    assert shop.rows("overrides") == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PK\x03\x04\x00\x00", b"id,deal\n1,N-1\n"])
def test_what_is_no_sheet_is_refused(shop: Dealership, content: bytes) -> None:
    shop.sales(11, NO_COST)
    shop.sync()
    path = shop.folder / "sheet.csv"
    path.write_bytes(content)
    with shop.open() as house, pytest.raises(UsageError, match=r"sheet\.csv"):
        import_sheet(house, path)
    with shop.open() as house:
        assert len(waiting(house)) == 1
