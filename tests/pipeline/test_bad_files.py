"""Files that somebody broke, through the whole pipeline: a reason, the file and the line, and nothing lost."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from pipeline_support import SALE, Dealership, sale, text_of

NAME = "CompletedSale_20260911.csv"
GOOD = [sale(1), sale(2)]
TEXT = text_of(GOOD)
HEAD, *LINES = TEXT.splitlines(keepends=True)


def _without(column: str) -> str:
    return text_of([{name: value for name, value in row.items() if name != column} for row in GOOD])


HELD = {
    "empty": (b"", "F001", ""),
    "truncated in a row": (TEXT[:-60].encode(), "F008", "line 3"),
    "a separator that is none": (text_of(GOOD, delimiter="~").encode(), "F004", "line 1"),
    "UTF-16 without its mark": (TEXT.encode("utf-16-le"), "F003", "line 1"),
    "null characters": (TEXT.replace("Octavia", "Oct\0via", 1).encode(), "F003", "line 2"),
    "doubled columns": (TEXT.replace("make,model", "make,make", 1).encode(), "F006", "line 1"),
    "missing columns": (_without("vehicle_price").encode(), "F005", "line 1"),
    "an open quotation mark": (TEXT.replace("Harriet", '"Harriet', 1).encode(), "F007", "line 2"),
}


@pytest.mark.parametrize("what", HELD)
def test_a_file_that_is_unfit_as_a_whole_is_held(shop: Dealership, what: str) -> None:
    content, code, place = HELD[what]
    shop.drop(NAME, content)
    result = shop.sync()
    (file,) = result.extracted[0].files
    assert (file.state, result.exit_code) == ("held", 3)
    assert NAME in file.reasons[0]
    assert place in file.reasons[0]
    (row,) = shop.rows("files")
    assert row["state"] == "held"
    assert [one["code"] for one in json.loads(row["judgement"])["findings"]] == [code]
    assert (shop.rows("inbox"), shop.rows("deals"), shop.files()) == ([], [], {})
    assert shop.sync().extracted[0].files == ()  # told once; it stays in the list of files that are held
    shop.sound()


def test_headings_only_is_a_day_without_sales(shop: Dealership) -> None:
    shop.drop(NAME, HEAD)
    result = shop.sync()
    assert (result.extracted[0].files[0].state, result.exit_code) == ("empty", 0)
    assert shop.rows("inbox") == []


READ = {
    "UTF-16 with its mark": TEXT.encode("utf-16"),
    "UTF-8 with a byte order mark": TEXT.encode("utf-8-sig"),
    "semicolons": text_of(GOOD, delimiter=";").encode(),
    "tabs": text_of(GOOD, delimiter="\t").encode(),
    "Windows line ends": TEXT.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("what", READ)
def test_what_can_be_read_for_certain_is_read(shop: Dealership, what: str) -> None:
    shop.drop(NAME, READ[what])
    assert shop.sync().exit_code == 0
    assert {row["state"] for row in shop.rows("deals")} == {"posted"}


def test_windows_characters_are_read_and_flagged(shop: Dealership) -> None:
    shop.drop(NAME, TEXT.replace("Harriet", "Renée", 1).encode("cp1252"))
    result = shop.sync()
    assert result.exit_code == 0
    assert any("cp1252" in reason for reason in result.extracted[0].files[0].reasons)
    assert {row["customer"] for row in shop.rows("deals")} == {"Renée Thackray", "Harriet Thackray"}


ROWS = {
    "too large a number": ({"vehicle_price": "1e400"}, "F104", "vehicle_price"),
    "not a number": ({"vehicle_price": "NaN"}, "F104", "vehicle_price"),
    "infinity": ({"total": "Infinity"}, "F104", "total"),
    "a formula for an amount": ({"vehicle_cost": "=1+1"}, "F104", "vehicle_cost"),
    "a day that is none": ({"sale_date": "2026-09-31"}, "F107", "sale_date"),
    "an amount of three decimals": ({"vehicle_price": "10000.001"}, "F105", "vehicle_price"),
    "a total that is not the sum": ({"total": "10000.40", "bank_transfer_paid": "10000.40"}, "F115", "total"),
    "no car price": ({"vehicle_price": ""}, "F103", "vehicle_price"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_fault_of_a_row_leaves_the_other_deals_to_post(shop: Dealership, what: str) -> None:
    changes, code, word = ROWS[what]
    shop.sales(11, sale(1), sale(2, **changes), sale(3))
    result = shop.sync()
    assert result.exit_code == 3
    assert shop.reasons() == {"N-2": [code]}
    assert {name: row["state"] for name, row in shop.deals().items()} == {"N-1": "posted", "N-3": "posted"}
    (waits,) = shop.rows("quarantine")
    assert waits["place"] == "CompletedSale_20260911.csv line 3"
    (reason,) = (one["message"] for one in json.loads(waits["reasons"]) if one["code"] == code)
    assert "CompletedSale_20260911.csv line 3" in reason
    assert word in reason
    shop.sound()


def test_a_formula_is_only_text(shop: Dealership) -> None:
    shop.sales(11, sale(1, customer_name="=cmd|' /C calc'!A0"))
    assert shop.sync().exit_code == 0
    assert shop.deals()["N-1"]["customer"] == "=cmd|' /C calc'!A0"
    assert shop.records() == 2


def test_one_deal_twice_with_different_content_takes_neither(shop: Dealership) -> None:
    shop.sales(11, sale(1), sale(2), sale(1, price="9000.00"), *(sale(number) for number in range(3, 40)))
    result = shop.sync()
    assert set(shop.reasons()) == {"N-1"}
    assert set(shop.reasons()["N-1"]) == {"F114"}
    assert "N-1" not in shop.deals()
    assert len(shop.deals()) == 38
    assert (result.validated[0].rows + sum(one.rows for one in result.validated[1:])) == 40
    shop.sound()


def test_a_row_that_cannot_be_told_apart_is_kept_and_shown(shop: Dealership) -> None:
    rows = [*(sale(number) for number in range(1, 30))]
    lines = text_of(rows).splitlines(keepends=True)
    lines[5] = lines[5].replace("Harriet Thackray", "Harriet, Thackray")
    shop.drop(NAME, "".join(lines))
    shop.sync()
    assert shop.inbox_states() == {"accepted": 28, "quarantined": 1}
    (waits,) = shop.rows("quarantine")
    assert waits["place"] == f"{NAME} line 6"
    assert [one["code"] for one in json.loads(waits["reasons"])] == ["F101"]
    shop.drop("CompletedSale_20260912.csv", "".join(lines))  # the same again is no news
    shop.drop("CompletedSale_20260913.csv", text_of(rows))  # and mended it is taken
    shop.sync()
    assert len(shop.deals()) == 29
    shop.sound()


def test_every_row_of_every_accepted_file_is_in_a_named_state(shop: Dealership) -> None:
    day = [sale(number) for number in range(1, 41)]
    day[4] |= {"vehicle_cost": ""}
    shop.sales(11, *day)
    shop.sales(12, *day[:10], day[20] | {"total": "1.00"})
    shop.sales(13, day[0] | {"price_includes_tax": "?"}, *day[1:30])
    result = shop.sync()
    taken = {row["id"]: json.loads(row["judgement"])["row_count"] for row in shop.rows("files")}
    rows = shop.rows("inbox")
    assert Counter(row["file_id"] for row in rows) == taken
    told = Counter(dict.fromkeys(("accepted", "quarantined", "unchanged", "superseded"), 0))
    for one in result.validated:
        told += Counter(
            accepted=one.accepted, quarantined=one.quarantined, unchanged=one.unchanged, superseded=one.older
        )
    assert sum(told.values()) == len(rows) == 81
    assert sum(one.rows for one in result.validated) == 81
    assert sum(row["row_count"] for row in shop.rows("batches")) == 81
    waits = [row for row in shop.rows("quarantine") if row["state"] == "open"]
    assert Counter(row["state"] for row in rows)["quarantined"] == len(waits)
    shop.sound()


def test_a_held_file_is_judged_again_when_it_is_sent_again(shop: Dealership) -> None:
    """The settings were wrong, not the file: once they are mended, the same bytes are taken."""
    content = TEXT.replace("Harriet", "Ren\x8ee", 1).encode("latin-1")
    shop.settings["sources"]["drop"]["encodings"] = ["utf-8"]
    shop.write_config()
    shop.drop(NAME, content)
    assert shop.sync().extracted[0].files[0].state == "held"
    shop.settings["sources"]["drop"]["encodings"] = ["utf-8", "mac_roman"]
    shop.write_config()
    shop.drop("CompletedSale_20260911_2.csv", content)
    assert shop.sync().extracted[0].files[0].state == "taken"
    assert len(shop.deals()) == 2
    shop.drop("CompletedSale_20260911_3.csv", content)
    assert shop.sync().extracted[0].files[0].state == "duplicate"


def test_the_headings_of_these_tests_are_those_of_the_layout() -> None:
    assert set(SALE) <= set(HEAD.strip().split(","))
