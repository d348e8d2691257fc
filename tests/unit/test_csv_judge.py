"""Every bad file is refused with its reason, its name and its line; row faults stay with their rows."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from blocks.sources.csv_files import Judgement, Layout, StagedFile, judge, records
from blocks.sources.csv_files.drop import Expected
from dealbooks.errors import StopBatch
from tests.csv_support import NAME, codes, judged, read, row, staged, text_of, write

SALE = Layout.load("completed_sale")


def held(path: Path, layout: Layout | None = None, **more: object) -> tuple[str, str]:
    """The code and text of the one fault that holds a file."""
    found = judged(path, layout, **more)
    assert found.status == "held"
    assert not found.accepted
    assert len(found.findings) == 1
    return found.findings[0].code, found.findings[0].message


def test_an_empty_file_is_held(tmp_path: Path) -> None:
    code, text = held(write(tmp_path, b""))
    assert code == "F001"
    assert NAME in text


def test_a_file_of_blank_lines_has_no_headings(tmp_path: Path) -> None:
    assert held(write(tmp_path, "\n\n,,\n"))[0] == "F019"


def test_headings_only_is_a_day_without_sales(tmp_path: Path) -> None:
    found = judged(write(tmp_path, text_of([row()]).splitlines()[0] + "\n"))
    assert found.status == "empty"
    assert codes(found.warnings) == ["F031"]
    assert read(tmp_path / NAME) == []


def test_cut_off_in_the_middle_of_a_row(tmp_path: Path) -> None:
    whole = text_of([row(), row(deal_number="A-2")])
    code, text = held(write(tmp_path, whole[: whole.rindex(",T23117A")]))
    assert code == "F008"
    assert "line 3" in text


def test_cut_off_in_the_last_amount(tmp_path: Path) -> None:
    # The last row has all its fields, and would be read with a total of 285.
    code, text = held(write(tmp_path, text_of([row()])[:-7]))
    assert code == "F008"
    assert "no end" in text


@pytest.mark.parametrize("proof", ["manifest", "done"])
def test_a_last_line_without_end_is_taken_when_the_file_is_known_to_be_whole(tmp_path: Path, proof: str) -> None:
    content = text_of([row()])[:-1]
    digest = hashlib.sha256(content.encode()).hexdigest() if proof == "manifest" else ""
    found = judged(write(tmp_path, content), proof=proof, expected=Expected(sha256=digest))
    assert found.status == "accepted"


def test_the_wrong_separator_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row()], delimiter=";"))
    code, text = held(path, SALE.settings(csv={"delimiter": "comma"}))
    assert code == "F005"
    assert "separated by semicolon, not by comma" in text
    assert judged(path).delimiter == ";"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_by_the_headings(tmp_path: Path, delimiter: str) -> None:
    found = judged(write(tmp_path, text_of([row()], delimiter=delimiter)))
    assert (found.status, found.delimiter) == ("accepted", delimiter)


def test_no_separator_fits(tmp_path: Path) -> None:
    code, text = held(write(tmp_path, "deal_number:total\nA-1:5.00\n"))
    assert code == "F004"
    assert "vehicle_price" in text


def test_excels_separator_row_is_honoured(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\n" + text_of([row()], delimiter=";"))
    assert judged(path).row_count == 1
    assert read(path)[0].location == f"{NAME} line 3"


def test_missing_columns_are_listed(tmp_path: Path) -> None:
    less = {name: value for name, value in row().items() if name not in ("vin", "total", "customer_id")}
    code, text = held(write(tmp_path, text_of([less])))
    assert code == "F005"
    assert "customer_id or customer_name, vin or serial_no, total" in text


def test_doubled_columns_are_listed(tmp_path: Path) -> None:
    code, text = held(write(tmp_path, text_of([{**row(), "Deal No.": "A-9", "TOTAL ": "1"}])))
    assert code == "F006"
    assert "deal_number (deal_number, Deal No.)" in text
    assert "total (total, TOTAL)" in text


def test_headings_match_by_name_and_alias_in_any_order(tmp_path: Path) -> None:
    renamed = {"Invoice Total": "5.00", "Stock No": "S1", "CHASSIS NUMBER": "X1", "Contract Date": "2026-03-14",
               "Deal #": "A-1", "Customer No.": "C1", "Selling Price": "5.00"}  # fmt: skip
    found = read(write(tmp_path, text_of([renamed])))
    assert found[0].data["deal_number"] == "A-1"
    assert found[0].data["total"] == "5.00"
    assert found[0].columns["total"] == "Invoice Total"


def test_columns_that_are_not_in_the_layout_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(email="dana@example.com", passport_no="123", notes="call")]))
    found = judged(path)
    assert codes(found.warnings) == ["F035"]
    assert "passport_no" in found.warnings[0].message
    assert {"email", "passport_no"}.isdisjoint(read(path)[0].data)


def test_utf_8_with_a_mark(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(customer_name="Zoë Müller")]).encode("utf-8-sig"))
    assert judged(path).encoding == "utf-8-sig"
    assert read(path)[0].data["customer_name"] == "Zoë Müller"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_needs_its_mark(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, text_of([row(customer_name="Zoë Müller")]).encode(encoding))
    if encoding == "utf-16":
        assert judged(path).encoding == "utf-16"
        assert read(path)[0].data["customer_name"] == "Zoë Müller"
    else:
        code, text = held(path)
        assert code == "F003"
        assert "line 1" in text


def test_windows_text_is_read_with_a_warning(tmp_path: Path) -> None:
    rows = [row(customer_name="Quill"), row(deal_number="A-2", customer_name="Müller €")]
    path = write(tmp_path, text_of(rows).encode("cp1252"))
    found = judged(path)
    assert found.encoding == "cp1252"
    assert codes(found.warnings) == ["F030"]
    assert "line 3" in found.warnings[0].message
    assert read(path)[1].data["customer_name"] == "Müller €"


def test_bytes_that_no_encoding_knows_hold_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, text_of([row(customer_name="@@")]).encode().replace(b"@@", b"M\x81ller"))
    code, text = held(path)
    assert code == "F002"
    assert "line 2" in text
    assert "utf-8 or cp1252" in text


def test_null_characters_hold_the_file(tmp_path: Path) -> None:
    code, text = held(write(tmp_path, text_of([row(), row(deal_number="A\0-2")])))
    assert code == "F003"
    assert "line 3" in text


def test_an_open_quotation_mark_is_named_by_the_line_where_it_opens(tmp_path: Path) -> None:
    rows = [row(deal_number=f"A-{number}", customer_name="Quill") for number in range(2, 8)]
    text = text_of(rows).replace("Quill", '"Quill, Dana', 3).replace('"Quill, Dana', "Quill", 2)
    code, message = held(write(tmp_path, text))
    assert code == "F007"
    assert "line 4" in message


def test_an_open_quotation_mark_that_the_next_one_closes(tmp_path: Path) -> None:
    rows = [row(deal_number=f"A-{number}", customer_name="Quill") for number in range(2, 8)]
    lines = text_of(rows).splitlines(keepends=True)
    lines[2] = lines[2].replace("Quill", '"Quill, Dana')
    lines[4] = lines[4].replace("Quill", '"Quill, Dana"').replace("T23117A", '"T23117A"')
    code, message = held(write(tmp_path, "".join(lines)))
    assert code == "F007"
    assert "line 3" in message


def test_an_endless_field_holds_the_file_without_reading_it_whole(tmp_path: Path) -> None:
    head, first = text_of([row(customer_name="Quill")]).splitlines()
    body = "\n".join(first for _ in range(20_000))
    code, message = held(write(tmp_path, f"{head}\n{first.replace('Quill', chr(34) + 'Quill')}\n{body}\n"))
    assert code == "F014"
    assert "line 2" in message


def test_a_stray_quotation_mark_is_a_fault_of_its_row(tmp_path: Path) -> None:
    rows = [row(deal_number=f"A-{number}", customer_name="Quill") for number in range(2, 7)]
    lines = text_of(rows).splitlines(keepends=True)
    lines[3] = lines[3].replace("Quill", '"Quill "Dana" M"')
    found = read(write(tmp_path, "".join(lines)))
    assert [codes(record.findings) for record in found] == [[], [], ["F102"], [], []]
    assert found[2].natural_key.startswith("csv:drop:unreadable:")
    assert found[2].line == 4


def test_a_row_with_too_many_or_too_few_fields_leaves_the_others(tmp_path: Path) -> None:
    lines = text_of([row(deal_number=f"A-{number}") for number in range(2, 7)]).splitlines(keepends=True)
    lines[2] = lines[2].replace("48812", "Quill, Dana")
    path = write(tmp_path, "".join(lines))
    assert judged(path).bad_row_count == 1
    found = read(path)
    assert [codes(record.findings) for record in found] == [[], ["F101"], [], [], []]
    assert "line 3 has 10 fields where the headings have 9" in found[1].findings[0].message


def test_empty_fields_at_the_end_of_rows_are_no_fault(tmp_path: Path) -> None:
    head, first = text_of([row()]).splitlines()
    assert read(write(tmp_path, f"{head}\n{first},,\n"))[0].findings == []


def test_more_than_five_percent_bad_rows_hold_the_file(tmp_path: Path) -> None:
    good = [row(deal_number=f"A-{number}") for number in range(38)]
    bad = [row(deal_number=f"B-{number}", total="1e400") for number in range(3)]
    code, text = held(write(tmp_path, text_of(good + bad)))
    assert code == "F013"
    assert "3 of 41 rows" in text
    assert "line 40" in text
    assert judged(write(tmp_path, text_of(good + bad[:1]))).status == "accepted"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("total", "1e400", "F104"),
        ("total", "NaN", "F104"),
        ("total", "=cmd()", "F104"),
        ("vehicle_price", "28500.005", "F105"),
        ("sale_date", "03/14/2026", "F107"),
        ("stock_number", "1.04E+11", "F110"),
        ("stock_number", "", "F103"),
        ("total", "N/A", "F103"),
    ],
)
def test_a_value_that_cannot_be_read_is_told_with_line_and_column(
    tmp_path: Path, column: str, value: str, code: str
) -> None:
    found = read(write(tmp_path, text_of([row(), row(deal_number="A-2", **{column: value})])))
    assert [codes(record.findings) for record in found] == [[], [code]]
    finding = found[1].findings[0]
    assert finding.field == column
    assert NAME in finding.message
    assert "line 3" in finding.message
    assert column in finding.message


def test_a_formula_in_a_text_column_is_data(tmp_path: Path) -> None:
    found = read(write(tmp_path, text_of([row(customer_name='=cmd()|"/c calc"')])))
    assert found[0].data["customer_name"] == '=cmd()|"/c calc"'
    assert found[0].findings == []


@pytest.mark.parametrize(
    ("trailer", "expected"),
    [
        ("#TRL,2,57000.00", None),
        ("#TRL,2", None),
        ("#TRL,3,57000.00", ("F009", "says 3 rows, the file has 2")),
        ("#TRL,2,57000.01", ("F010", "difference -0.01")),
        ("#TRL,two", ("F021", "#TRL,two")),
    ],
)
def test_the_trailer_is_checked(tmp_path: Path, trailer: str, expected: tuple[str, str] | None) -> None:
    path = write(tmp_path, text_of([row(), row(deal_number="A-2")]) + trailer)
    if expected is None:
        found = judged(path)
        assert found.status == "accepted"
        assert found.row_count == 2
        assert all(control.agrees for control in found.controls)
    else:
        code, text = held(path)
        assert code == expected[0]
        assert expected[1] in text


def test_rows_after_the_trailer_hold_the_file(tmp_path: Path) -> None:
    one = text_of([row()])
    assert held(write(tmp_path, one + "#TRL,1,28500.00\n" + one.splitlines()[1] + "\n"))[0] == "F016"


def test_a_total_that_cannot_be_read_does_not_hold_the_file_for_its_sum(tmp_path: Path) -> None:
    rows = [row(), row(deal_number="A-2", total="NaN")]
    found = judged(write(tmp_path, text_of(rows) + "#TRL,2,57000.00\n"))
    assert found.status == "accepted"
    assert "F037" in codes(found.warnings)


def test_the_header_row_is_checked(tmp_path: Path) -> None:
    body = text_of([row(store_code="")])
    assert judged(write(tmp_path, "#HDR,completed_sale/1,2026-03-14,store=07\n" + body)).warnings == ()
    assert read(tmp_path / NAME)[0].natural_key == "csv:drop:07:A-1"
    assert codes(judged(write(tmp_path, "#HDR,completed_sale/1,2026-03-15\n" + body)).warnings) == ["F036"]
    assert held(write(tmp_path, "#HDR,deal_events/1,2026-03-14\n" + body))[0] == "F015"


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (Expected(rows=1, control_column="total", control_sum=Decimal("28500.00")), None),
        (Expected(rows=2), "F011"),
        (Expected(control_column="total", control_sum=Decimal("28499.00")), "F012"),
        (Expected(layout="deal_events/1"), "F015"),
    ],
)
def test_the_manifest_is_checked(tmp_path: Path, expected: Expected, code: str | None) -> None:
    found = judged(write(tmp_path, text_of([row()])), proof="manifest", expected=expected)
    assert codes(found.findings) == ([] if code is None else [code])


def test_comment_rows_are_left_out_but_a_deal_number_with_a_hash_is_a_deal(tmp_path: Path) -> None:
    body = text_of([row(), row(deal_number="#77")])
    found = read(write(tmp_path, "# exported by the shop's system, for us\n" + body + "# end, of file\n"))
    assert [record.data["deal_number"] for record in found] == ["A-1", "#77"]


def test_a_totals_row_without_a_mark_is_left_out_with_a_warning(tmp_path: Path) -> None:
    totals = dict.fromkeys(row(), "") | {"vehicle_price": "57000.00", "total": "57000.00"}
    path = write(tmp_path, text_of([row(), row(deal_number="A-2"), totals]))
    found = judged(path)
    assert (found.status, found.row_count, found.bad_row_count) == ("accepted", 2, 0)
    assert codes(found.warnings) == ["F032"]
    assert [record.data["deal_number"] for record in read(path)] == ["A-1", "A-2"]


def test_a_row_without_a_key_that_is_no_total_is_kept_as_a_fault(tmp_path: Path) -> None:
    found = read(write(tmp_path, text_of([row(), row(deal_number="", total="1.00", vehicle_price="1.00")])))
    assert "F103" in codes(found[1].findings)
    assert found[1].natural_key.startswith("csv:drop:unreadable:")


def test_a_held_file_has_no_records(tmp_path: Path) -> None:
    one = staged(write(tmp_path, b""))
    with pytest.raises(StopBatch, match="is empty"):
        list(records(one, judge(one, SALE), SALE, "drop"))


def test_a_judgement_survives_the_store(tmp_path: Path) -> None:
    rows = [row(), row(deal_number="A-2", total="NaN"), row(), row(deal_number="A-3", revision="1")]
    found = judged(write(tmp_path, text_of([{**one, "revision": one.get("revision", "")} for one in rows])))
    assert found.duplicates
    assert found.bad_rows
    assert Judgement.from_json(found.as_json()) == found


BIG = """
import resource, sys
from pathlib import Path
from tests.csv_support import SALE_STAGED
from blocks.sources.csv_files import Layout, judge, records
staged, layout = SALE_STAGED(Path(sys.argv[1])), Layout.load("completed_sale")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = judge(staged, layout)
count = sum(1 for _ in records(staged, found, layout, "drop"))
print(found.status, found.row_count, count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.long
def test_a_file_of_300_mb_is_read_with_bounded_memory(tmp_path: Path) -> None:
    head, first = text_of([row(notes="x" * 1500)]).splitlines()
    path = tmp_path / NAME
    count = 0
    with path.open("w") as stream:
        stream.write(head + "\n")
        while stream.tell() < 300_000_000 if count % 1000 == 0 else True:
            stream.write(first.replace("A-1,", f"A-{count},", 1) + "\n")
            count += 1
    script = BIG.replace("SALE_STAGED", "staged")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=root, check=True, timeout=500
    )
    status, judged_rows, read_rows, grown = done.stdout.split()
    assert (status, int(judged_rows), int(read_rows)) == ("accepted", count, count)
    assert int(grown) < 100_000, f"memory grew by {grown} KiB"


def test_staged_files_know_where_they_came_from(tmp_path: Path) -> None:
    one: StagedFile = staged(write(tmp_path, text_of([row()])))
    assert one.sha256 == hashlib.sha256(one.path.read_bytes()).hexdigest()
    assert one.facts.date.isoformat() == "2026-03-14"
