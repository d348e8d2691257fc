"""What a good file says: canonical records, their keys, hashes and revisions, duplicates, sums, deals of many rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.sources.csv_files import Layout, judge, records
from dealbooks.draft import RawRecord
from tests.csv_support import codes, judged, read, row, staged, text_of, write

SAMPLE = Path(__file__).parents[1] / "data" / "csv_files" / "CompletedSale_20260314.csv"
LINES = Layout.load("completed_sale_lines")
EVENTS = Layout.load("deal_events")
STOCK = Layout.load("opening_stock")


def test_the_sample_of_the_sheet_is_read() -> None:
    found = read(SAMPLE)
    assert [record.natural_key for record in found] == ["csv:drop:01:A-104233", "csv:drop:02:B-2207"]
    assert [record.findings for record in found] == [[], []]
    first, second = (record.data for record in found)
    assert first["customer_name"] == "Quill, Dana M"
    assert first["fees"] == [
        {"index": 1, "name": "DOC FEE", "amount": "399.00", "passthrough": False},
        {"index": 2, "name": "TITLE AND LICENSE", "amount": "195.00", "passthrough": True},
    ]
    assert first["products"][0] == {
        "index": 1,
        "name": "VSC 72/75",
        "kind": "vsc",
        "amount": "1895.00",
        "cost": "950.00",
    }
    assert first["taxes"] == [{"index": 1, "name": "OH STATE", "base": "19899.00", "rate": "6", "amount": "1193.94"}]
    assert second["trades"] == [{"index": 1, "allowance": "3500.00", "acv": "3500.00", "payoff": "1200.00"}]
    assert second["price_includes_tax"] is True
    assert "products" not in second
    assert found[0].location == "CompletedSale_20260314.csv line 2"
    assert found[0].revision == (1,)
    assert found[0].changed_on == "2026-03-14"


def test_writing_the_same_deal_otherwise_is_no_change(tmp_path: Path) -> None:
    sale = row(revision="1", fee1_name="DOC FEE", fee1_amount="0.00", discount="", customer_name="Zoë", notes="")
    other = {
        "NOTES": "called twice",
        "Total": "$28,500.0",
        "Cash Paid": "28500",
        "Sale Price": " 28,500.00 ",
        "Stock": '="T23117A"',
        "VIN": "2t3w1rfv7pc104233",
        "Contract Date": "14/03/2026",
        "Customer Number": "48812",
        "Buyer Name": "Zoe\u0308",
        "Dealer ID": "01",
        "Deal No": "A-1",
        "Fee 1 Name": "DOC FEE",
        "Fee 1 Amount": "0",
        "Action": "C",
        "Revision": "2",
    }
    layout = Layout.load("completed_sale").settings(dates={"default": ["%Y-%m-%d", "%d/%m/%Y"]})
    one = read(write(tmp_path, text_of([sale])))[0]
    path = write(
        tmp_path, text_of([other], delimiter=";", newline="\r\n").encode("utf-16"), "CompletedSale_20260315_2.csv"
    )
    two = read(path, layout)[0]
    assert two.natural_key == one.natural_key
    assert two.content_hash == one.content_hash
    assert (one.revision, two.revision) == ((1,), (2,))


@pytest.mark.parametrize(("column", "value"), [("total", "28500.01"), ("sale_date", "2026-03-15"), ("action", "V")])
def test_another_content_is_a_change(tmp_path: Path, column: str, value: str) -> None:
    one = read(write(tmp_path, text_of([row(action="P")])))[0]
    two = read(write(tmp_path, text_of([row(action="P") | {column: value}])))[0]
    assert one.content_hash != two.content_hash
    assert one.natural_key == two.natural_key


def test_without_a_revision_the_files_date_and_issue_stand_for_it(tmp_path: Path) -> None:
    assert read(write(tmp_path, text_of([row()])))[0].revision == (20260314, 0)
    again = write(tmp_path, text_of([row()]), "CompletedSale_20260314_3.csv")
    assert read(again)[0].revision == (20260314, 3)


def test_the_shop_of_the_name_counts_when_rows_state_none(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(store_code="")]), "CompletedSale_20260314_LEEDS.csv")
    assert read(path)[0].natural_key == "csv:drop:LEEDS:A-1"
    assert read(path)[0].data["store_code"] == "LEEDS"


def test_two_keys_never_run_together(tmp_path: Path) -> None:
    rows = [row(store_code="01", deal_number="A:1"), row(store_code="01:A", deal_number="1")]
    found = read(write(tmp_path, text_of(rows)))
    assert len({record.natural_key for record in found}) == 2


def test_the_same_row_twice_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(), row(deal_number="A-2"), row(total="28,500.00")]))
    found = judged(path)
    assert codes(found.warnings) == ["F033"]
    assert "lines 2, 4" in found.warnings[0].message
    assert [record.line for record in read(path)] == [2, 3]


def test_of_several_revisions_the_highest_counts(tmp_path: Path) -> None:
    rows = [row(revision="1", cash_paid="28500.00"), row(revision="3", stock_number="U1"), row(revision="2")]
    path = write(tmp_path, text_of(rows))
    assert codes(judged(path).warnings) == ["F034"]
    assert [(record.line, record.data["stock_number"]) for record in read(path)] == [(3, "U1")]


def test_the_same_deal_twice_with_different_content_refuses_both_and_no_other(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(), row(deal_number="A-2"), row(stock_number="U1")]))
    found = read(path)
    assert judged(path).status == "accepted"
    assert [codes(record.findings) for record in found] == [["F114"], [], ["F114"]]
    assert "lines 2, 4" in found[0].findings[0].message


@pytest.mark.parametrize(
    ("changes", "code", "difference"),
    [
        ({"total": "28501.00", "cash_paid": "28501.00"}, "F115", "1.00"),
        ({"cash_paid": "28000.00"}, "F116", "500.00"),
        ({"tax1_amount": "10.00", "tax_total": "12.00", "price_includes_tax": "Y"}, "F117", "2.00"),
        ({"fee1_name": "DOC", "fee1_amount": "99.00"}, "F115", "-99.00"),
    ],
)
def test_a_row_that_does_not_add_up_is_refused_with_the_difference(
    tmp_path: Path, changes: dict[str, str], code: str, difference: str
) -> None:
    blank = dict.fromkeys(changes, "")
    found = read(write(tmp_path, text_of([{**blank, **row(**changes)}, {**blank, **row(deal_number="A-2")}])))
    assert [codes(record.findings) for record in found] == [[code], []]
    assert f"a difference of {difference}." in found[0].findings[0].message


def test_one_cent_is_tolerated(tmp_path: Path) -> None:
    assert read(write(tmp_path, text_of([row(total="28500.01")])))[0].findings == []


def test_a_file_without_settlement_columns_is_not_checked_for_it(tmp_path: Path) -> None:
    sale = {name: value for name, value in row().items() if name != "cash_paid"}
    assert read(write(tmp_path, text_of([sale])))[0].findings == []


def test_decimals_by_currency(tmp_path: Path) -> None:
    def sale(currency: str, amount: str) -> dict[str, str]:
        return row(
            currency=currency, vehicle_price=amount, cash_paid=amount, total=amount, deal_number=currency + amount
        )

    rows = [sale("JPY", "1200000"), sale("JPY", "12.50"), sale("KWD", "9500.125"), sale("USD", "9500.125")]
    layout = Layout.load("completed_sale").settings(bad_rows={"share": "1"})
    found = [sorted(set(codes(record.findings))) for record in read(write(tmp_path, text_of(rows)), layout)]
    assert found == [[], ["F105"], [], ["F105"]]
    rounding = layout.settings(numbers={"extra_decimals": "round"})
    last = read(write(tmp_path, text_of(rows)), rounding)[3]
    assert last.findings == []
    assert last.data["total"] == "9500.13"


def test_an_unknown_currency_is_told(tmp_path: Path) -> None:
    assert codes(read(write(tmp_path, text_of([row(currency="POUND")])))[0].findings) == ["F118"]


def test_a_void_needs_no_more_than_its_key(tmp_path: Path) -> None:
    void = dict.fromkeys(row(), "") | {
        "deal_number": "A-1",
        "store_code": "01",
        "action": "V",
        "void_date": "2026-04-02",
    }
    found = read(write(tmp_path, text_of([void])))[0]
    assert (found.action, found.findings, found.data["void_date"]) == ("void", [], "2026-04-02")


def test_nothing_words_are_nothing(tmp_path: Path) -> None:
    sale = row(make="N/A", model="-", trim="NULL", registration="", customer_name="Null", year="N/A")
    data = read(write(tmp_path, text_of([sale])))[0].data
    assert {"make", "model", "trim", "registration", "year"}.isdisjoint(data)
    assert data["customer_name"] == "Null"  # a name


def test_reading_can_start_again_at_a_line(tmp_path: Path) -> None:
    one = staged(write(tmp_path, text_of([row(deal_number=f"A-{number}") for number in range(5)])))
    layout = Layout.load("completed_sale")
    judgement = judge(one, layout)
    whole = list(records(one, judgement, layout, "drop"))
    assert list(records(one, judgement, layout, "drop", start_line=4)) == whole[2:]


amounts = st.decimals(min_value=0, max_value=999_999, places=2).map(lambda value: format(value, "f"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(amounts, min_size=1, max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_amounts_read_are_the_amounts_written(tmp_path: Path, prices: list[str], delimiter: str) -> None:
    rows = [
        row(deal_number=f"A-{n}", vehicle_price=price, cash_paid=price, total=price) for n, price in enumerate(prices)
    ]
    found = read(write(tmp_path, text_of(rows, delimiter=delimiter)))
    assert [record.data["total"] for record in found] == prices
    assert [record.findings for record in found] == [[]] * len(prices)


# --- several rows per deal -------------------------------------------------------------------------------------------

_DEAL = ["sale_date", "customer_id", "vin", "stock_number", "total"]
_HEAD = ["deal_number", "store_code", "line_no", "line_type", "code", "description", "amount", "cost", "kind", "method",
         "date", "reference", *_DEAL]  # fmt: skip


def line(deal: str, number: int, line_type: str, amount: str = "", **more: str) -> dict[str, str]:
    """One line of a deal; its first one states the deal's own columns."""
    own = {"sale_date": "2026-03-14", "customer_id": "C1", "vin": "X1", "stock_number": "S1"} if number == 1 else {}
    given = {"deal_number": deal, "store_code": "01", "line_no": str(number), "line_type": line_type, "amount": amount}
    return {**dict.fromkeys(_HEAD, ""), **own, **given, **more}


def deal_lines(deal: str) -> list[dict[str, str]]:
    """A whole deal, 10,000 + 100 + 500 - 200, with a part-exchange and two payments."""
    return [
        line(deal, 1, "vehicle", "10000.00", cost="9000.00", total="10400.00"),
        line(deal, 2, "discount", "200.00"),
        line(deal, 3, "fee", "100.00", description="DOC FEE"),
        line(deal, 4, "product", "500.00", description="VSC", kind="vsc", cost="200.00"),
        line(deal, 5, "trade_allowance", "3000.00", code="U9", cost="2800.00"),
        line(deal, 6, "trade_payoff", "1000.00", code="U9", description="Ally"),
        line(deal, 7, "payment", "5000.00", method="card", reference="ch_1", date="2026-03-13"),
        line(deal, 8, "payment", "3400.00", method="cash"),
    ]


def read_lines(folder: Path, rows: list[dict[str, str]]) -> list[RawRecord]:
    """Judge and read a file of the layout with lines."""
    one = staged(write(folder, text_of(rows), "CompletedSaleLines_20260314.csv"), LINES.layout, LINES.file_prefix)
    return list(records(one, judge(one, LINES), LINES, "drop"))


def test_rows_of_a_deal_become_one_record(tmp_path: Path) -> None:
    found = read_lines(tmp_path, deal_lines("A-1"))
    assert [record.natural_key for record in found] == ["csv:drop:01:A-1"]
    data = found[0].data
    assert found[0].findings == []
    assert (data["vehicle_price"], data["vehicle_cost"], data["discount"]) == ("10000.00", "9000.00", "200.00")
    assert data["fees"] == [{"index": 3, "name": "DOC FEE", "amount": "100.00"}]
    assert data["products"] == [{"index": 4, "name": "VSC", "amount": "500.00", "cost": "200.00", "kind": "vsc"}]
    assert data["trades"] == [
        {
            "index": 5,
            "stock_number": "U9",
            "allowance": "3000.00",
            "acv": "2800.00",
            "payoff": "1000.00",
            "payoff_lender": "Ally",
        }
    ]
    assert [payment["amount"] for payment in data["payments"]] == ["5000.00", "3400.00"]
    assert len(data["lines"]) == 8


def test_rows_of_one_deal_need_not_be_adjacent_nor_in_order(tmp_path: Path) -> None:
    first, second = deal_lines("A-1"), deal_lines("A-2")
    mixed = [row for pair in zip(first, reversed(second), strict=True) for row in pair]
    apart = {record.natural_key: record.content_hash for record in read_lines(tmp_path, first + second)}
    together = read_lines(tmp_path, mixed)
    assert {record.natural_key: record.content_hash for record in together} == apart
    assert [record.line for record in together] == [2, 3]


def test_a_bad_line_refuses_its_deal_and_no_other(tmp_path: Path) -> None:
    rows = deal_lines("A-1") + deal_lines("A-2") + deal_lines("A-3")
    rows[9]["amount"] = "1e400"
    found = read_lines(tmp_path, rows)
    assert [codes(record.findings) for record in found] == [[], ["F104"], []]


def test_what_rows_of_a_deal_state_differently_is_told(tmp_path: Path) -> None:
    rows = deal_lines("A-1")
    rows[4]["vin"] = "X2"
    finding = read_lines(tmp_path, rows)[0].findings[0]
    assert finding.code == "F119"
    assert "line 6: vin is 'X2'" in finding.message


def test_a_settlement_needs_its_part_exchange(tmp_path: Path) -> None:
    rows = deal_lines("A-1")
    rows[5]["code"] = "U10"
    assert "F120" in codes(read_lines(tmp_path, rows)[0].findings)


def test_a_deal_of_lines_needs_its_own_columns(tmp_path: Path) -> None:
    rows = deal_lines("A-1")
    rows[0]["vin"] = ""
    finding = read_lines(tmp_path, rows)[0].findings[0]
    assert (finding.code, finding.field) == ("F103", "vin or serial_no")


# --- events and opening stock ----------------------------------------------------------------------------------------


def test_events_of_deals(tmp_path: Path) -> None:
    base = {"deal_number": "A-1", "store_code": "01", "event": "funded", "amount": "24077.94", "date": "2026-03-20",
            "method": "bank_transfer", "reference": "W1", "trade_stock_number": ""}  # fmt: skip
    payoff = base | {"event": "payoff_paid", "amount": "4600.00", "trade_stock_number": "U1", "reference": ""}
    path = write(tmp_path, text_of([base, payoff, base | {"event": "sold"}]), "DealEvents_20260320.csv")
    one = staged(path, EVENTS.layout, EVENTS.file_prefix)
    found = list(records(one, judge(one, EVENTS), EVENTS, "drop"))
    assert found[0].natural_key == "csv:drop:01:A-1:funded:2026-03-20:W1:"
    assert found[1].data["trade_stock_number"] == "U1"
    assert [codes(record.findings) for record in found] == [[], [], ["F111"]]


def test_opening_stock(tmp_path: Path) -> None:
    base = {"stock_number": "U1", "account_role": "inventory.used_vehicle", "amount": "12300.00", "date": "2026-03-31",
            "store_code": "01", "department": "used"}  # fmt: skip
    path = write(tmp_path, text_of([base]), "OpeningStock_20260331.csv")
    one = staged(path, STOCK.layout, STOCK.file_prefix)
    found = list(records(one, judge(one, STOCK), STOCK, "drop"))
    assert found[0].natural_key == "csv:drop:01:U1:inventory.used_vehicle"
    assert found[0].data["amount"] == "12300.00"
