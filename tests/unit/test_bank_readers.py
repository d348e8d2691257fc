"""Statements of every format come to one model; what is not whole is refused with words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bank_support import CAMT, CSV, MT940, OFX_SGML, OFX_XML, STRIPE
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.bank.model import BankLine, Statement, Unreadable, checked
from dealbooks.bank.reading import format_of, read_statements
from dealbooks.errors import DealbooksError


def read(tmp_path: Path, text: str | bytes, name: str = "statement.txt", **options: object) -> list[Statement]:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_statements(path, "main", currency="GBP", **options)  # type: ignore[arg-type]


def test_camt_053(tmp_path: Path) -> None:
    [one] = read(tmp_path, CAMT.format(closing="19476.50"))
    assert (one.format, one.number, one.currency) == ("camt.053", "GB33BUKB20201555555555", "GBP")
    assert (one.first, one.last) == (date(2026, 3, 3), date(2026, 3, 4))
    assert (one.opening, one.closing) == (Decimal("10000.00"), Decimal("19476.50"))
    first, out1, out2, card = one.lines  # the batch is cut into its transactions, the pending entry left out
    assert (first.amount, first.counterparty, first.own_id) == (Decimal("12500.00"), "Jörg Smith", "FP-77")
    assert first.references == ("RCPT-884512",)
    assert "A-104233" in first.text
    assert [(row.amount, row.own_id, row.references) for row in (out1, out2)] == [
        (Decimal("-1500.00"), "BULK-1/1", ("PO-1",)), (Decimal("-2500.00"), "BULK-1/2", ()),
    ]  # fmt: skip
    assert out1.counterparty == "Lienholder One"
    assert (card.amount, card.fee, card.gross) == (Decimal("976.50"), Decimal("23.50"), Decimal("1000.00"))


def test_mt940(tmp_path: Path) -> None:
    [one] = read(tmp_path, MT940.format(closing="22149,75"))
    assert (one.format, one.statement, one.last) == ("mt940", "45", date(2026, 3, 4))
    first, out = one.lines
    assert (first.amount, first.booked, first.own_id) == (Decimal("12500.00"), date(2026, 3, 3), "FP-77")
    assert "RCPT-884512" in first.references
    assert (out.amount, out.counterparty, out.own_id) == (Decimal("-350.25"), "MOTOR FINANCE", "")
    assert "PO-778" in out.references
    assert "LIEN PAYOFF 884" in out.text


def test_a_null_character_is_no_text(tmp_path: Path) -> None:
    text = MT940.format(closing="22149,75").replace("JOHN SMITH", "JOHN\0SMITH")
    [one] = read(tmp_path, text)
    assert "JOHN SMITH" in one.lines[0].text


def test_mt940_pages_are_one_statement(tmp_path: Path) -> None:
    page = (
        ":20:A\n:25:1\n:28C:45/{page}\n:60{a}:C260302GBP{opening}\n"
        ":61:2603030303C1,00NTRFNONREF\n:62{b}:C260303GBP{closing}\n-\n"
    )
    text = page.format(page=1, a="F", opening="5,00", b="M", closing="6,00") + page.format(
        page=2, a="M", opening="6,00", b="F", closing="7,00"
    )
    [one] = read(tmp_path, text)
    assert (len(one.lines), one.opening, one.closing) == (2, Decimal("5.00"), Decimal("7.00"))
    assert [row.ordinal for row in one.lines] == [0, 1]
    missing = text.replace(":60M:C260302GBP6,00", ":60M:C260302GBP5,50").replace("GBP7,00", "GBP6,50")
    with pytest.raises(Unreadable, match=r"a page closes with 6\.00, the next opens with 5\.50"):
        read(tmp_path, missing)


def test_ofx_of_both_kinds(tmp_path: Path) -> None:
    [sgml] = read(tmp_path, OFX_SGML)
    [xml] = read(tmp_path, OFX_XML)
    assert (sgml.number, sgml.currency, sgml.first, sgml.last) == (
        "000777", "USD", date(2026, 3, 3), date(2026, 3, 4),
    )  # fmt: skip
    assert (sgml.opening, sgml.closing) == (Decimal("5000.00"), Decimal("25589.45"))
    assert sgml.lines[0].identity == xml.lines[0].identity
    assert (sgml.lines[0].counterparty, sgml.lines[0].text) == ("ALLY FINANCIAL & CO", "CONTRACT 7781234")
    assert sgml.lines[1].references == ("1042",)
    assert xml.opening == Decimal("5000.00")


def test_csv_with_a_running_balance(tmp_path: Path) -> None:
    [one] = read(tmp_path, CSV, "march.csv")
    assert (one.opening, one.closing) == (Decimal("10000.00"), Decimal("22300.00"))
    assert [row.amount for row in one.lines] == [Decimal(n) for n in ("12500.00", "-1200.00", "500.00", "500.00")]
    assert one.lines[0].counterparty == "John Smith"
    assert [row.ordinal for row in one.lines] == [0, 0, 0, 1]
    head, *rows = CSV.strip().split("\n")
    [newest_first] = read(tmp_path, "\n".join([head, *reversed(rows)]) + "\n", "march.csv")
    assert (newest_first.opening, newest_first.closing) == (one.opening, one.closing)
    assert {row.identity for row in newest_first.lines} == {row.identity for row in one.lines}
    with pytest.raises(Unreadable, match="line 3: the balance does not follow"):
        read(tmp_path, "\n".join([head, rows[0], *rows[2:]]) + "\n", "march.csv")


def test_csv_days_can_be_given_and_must_fit(tmp_path: Path) -> None:
    [one] = read(tmp_path, CSV, "march.csv", days=(date(2026, 3, 1), date(2026, 3, 31)))
    assert (one.first, one.last) == (date(2026, 3, 1), date(2026, 3, 31))
    with pytest.raises(Unreadable, match="outside the days given"):
        read(tmp_path, CSV, "march.csv", days=(date(2026, 3, 4), date(2026, 3, 31)))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("03/03/2026", "31/13/2026"), ("12,500.00", "12.5.00"), (",500.00,", ",five,"), ("Description", "Description\0")],
)
def test_a_csv_statement_is_taken_whole_or_not(tmp_path: Path, was: str, becomes: str) -> None:
    with pytest.raises(DealbooksError, match=r"march\.csv"):
        read(tmp_path, CSV.replace(was, becomes, 1), "march.csv")


def test_stripe_payouts(tmp_path: Path) -> None:
    [one] = read(tmp_path, STRIPE, "stripe.csv", layout="stripe_payouts")
    assert one.currency == "GBP"
    charge, refund, fee, payout = one.lines
    assert (charge.amount, charge.fee, charge.gross) == (Decimal("985.80"), Decimal("14.20"), Decimal("1000.00"))
    assert {"pi_3Abcdef", "ch_3Abcdef", "drop:A-104233"} <= set(charge.references)
    assert (refund.amount, fee.kind, fee.amount) == (Decimal("-250.00"), "fee", Decimal("-2.00"))
    assert (payout.kind, payout.amount, payout.own_id) == ("payout", Decimal("-733.80"), "po_1Abc")
    assert payout.booked == date(2026, 3, 6)
    assert one.total == 0
    with pytest.raises(Unreadable, match=r"gross less fee is 985\.80, the net 985\.81"):
        read(tmp_path, STRIPE.replace("985.80", "985.81"), "stripe.csv", layout="stripe_payouts")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CAMT.format(closing="19476.51"), r"closes with 19476.51 \(difference 0.01\)"),
        (MT940.format(closing="22149,74"), r"closes with 22149.74 \(difference -0.01\)"),
        (
            CAMT.format(closing="19476.50").replace('"GBP">1500.00', '"GBP">1500.001'),
            "more decimals|difference|adds up",
        ),
        (CAMT.format(closing="19476.50").replace("CLBD", "XXXX"), "no opening and closing balance"),
        (CAMT.format(closing="19476.50")[:-40], "not whole XML"),
        (":20:A\n:25:1\n:28C:1\n:61:garbage\n", "MT940"),
        (OFX_SGML.replace("<STMTRS>", "<INVRS>").replace("</STMTRS>", "</INVRS>"), "no bank or card statement"),
        (OFX_SGML.replace("21000.00", "21OOO"), "is not an amount"),
        ("", "is empty"),
    ],
)
def test_what_is_not_whole_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    if "1500.001" in text:  # the part no longer adds up to its entry: one line, with both references
        [one] = read(tmp_path, text)
        assert [row.own_id for row in one.lines] == ["FP-77", "BULK-1", ""]
        return
    with pytest.raises(Unreadable, match=words):
        read(tmp_path, text)


_CUTS = ("<STMTTRN><TRNTYPE>CHECK", "</BANKTRANLIST>", "<LEDGERBAL>", "</STMTTRNRS>", "</OFX>")


@pytest.mark.parametrize("at", _CUTS)
def test_an_ofx_file_that_was_cut_is_refused(tmp_path: Path, at: str) -> None:
    with pytest.raises(Unreadable, match="ends in the middle"):
        read(tmp_path, OFX_SGML[: OFX_SGML.index(at)])


def test_an_ofx_transaction_that_is_not_closed_hides_no_other(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="STMTTRN is not closed"):
        read(tmp_path, OFX_SGML.replace("7781234</STMTTRN>", "7781234"))


@pytest.mark.parametrize("name", ["script", "style", "textarea", "title"])
def test_no_name_in_an_ofx_file_hides_what_comes_after_it(tmp_path: Path, name: str) -> None:
    text = OFX_SGML.replace("CONTRACT 7781234", f"CONTRACT<{name}>").replace("<NAME>DMV", f"<NAME></{name}>DMV")
    [one] = read(tmp_path, text)
    assert [f"{line.amount}" for line in one.lines] == ["21000.00", "-410.55"]


def test_a_sign_in_an_ofx_text_is_text(tmp_path: Path) -> None:
    [one] = read(tmp_path, OFX_SGML.replace("CONTRACT 7781234", "CONTRACT <?x A<B <a b=1> " + "<a" * 20_000))
    assert one.lines[0].text.startswith("CONTRACT <?x A<B <a b=1> <a<a")
    assert len(one.lines) == 2


def test_an_ofx_balance_of_a_later_day_does_not_close_the_statement(tmp_path: Path) -> None:
    """Of the day of the download: what was booked after the statement's days is in it."""
    [one] = read(tmp_path, OFX_SGML.replace("<DTASOF>20260304", "<DTASOF>20260310"))
    assert (one.opening, one.closing, one.last) == (None, None, date(2026, 3, 4))


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<Document>&b;</Document>"
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<?xml version="1.0"?><!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>',
        OFX_SGML.replace("<OFX>", "<!DOCTYPE x [<!ENTITY a 'b'>]><OFX>"),
        OFX_SGML.replace("<LANGUAGE>", "<!ENTITY a 'b'><LANGUAGE>"),
    ],
)
def test_entities_and_document_types_are_never_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unreadable, match="document type or entities"):
        read(tmp_path, text)


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="too deep"):
        read(tmp_path, "<Document>" + "<a>" * 100 + "</a>" * 100 + "</Document>")
    with pytest.raises(Unreadable, match="too deep"):
        read(tmp_path, "OFXHEADER:100\n<OFX>" + "<A>" * 100)
    monkeypatch.setattr("dealbooks.bank.reading.MOST_BYTES", 1000)
    with pytest.raises(Unreadable, match="is larger than"):
        read(tmp_path, CAMT.format(closing="19476.50"))


def test_formats_are_known_by_their_content() -> None:
    texts = {"camt": CAMT, "mt940": MT940, "ofx": OFX_SGML, "csv": CSV}
    assert {name: format_of(text.encode()) for name, text in texts.items()} == {name: name for name in texts}
    assert format_of(OFX_XML.encode()) == "ofx"


@given(st.binary(max_size=400), st.sampled_from(["camt", "mt940", "ofx", "csv"]))
def test_no_bytes_break_a_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes, form: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "file"
    path.write_bytes(data)
    try:
        read_statements(path, "main", form=form, currency="GBP")
    except DealbooksError as error:
        assert error.message


SAMPLES = (CAMT.format(closing="19476.50"), MT940.format(closing="22149,75"), OFX_SGML, OFX_XML, CSV)


@given(st.sampled_from(SAMPLES), st.integers(0, 3000), st.text(max_size=6), st.integers(0, 8))
def test_a_damaged_statement_is_refused_or_still_adds_up(
    tmp_path_factory: pytest.TempPathFactory, sample: str, at: int, put: str, cut: int
) -> None:
    at %= len(sample)
    path = tmp_path_factory.mktemp("fuzz") / "file.csv"
    path.write_bytes((sample[:at] + put + sample[at + cut :]).encode("utf-8", "surrogatepass"))
    try:
        found = read_statements(path, "main", currency="GBP")
    except DealbooksError as error:
        assert error.message
        return
    for one in found:
        assert one.opening is None or one.closing is None or one.opening + one.total == one.closing
        assert len({row.identity for row in one.lines}) == len(one.lines)
        assert all(one.first <= row.booked <= one.last for row in one.lines)


_DAY = st.dates(date(2026, 3, 1), date(2026, 3, 5))
_LINES = st.lists(
    st.builds(
        BankLine, account=st.just("main"), statement=st.just(""), booked=_DAY, value=st.just(date(2026, 3, 5)),
        amount=st.integers(-300, 300).map(lambda n: Decimal(n) / 100), currency=st.just("GBP"),
        text=st.sampled_from(["A", "B"]), own_id=st.sampled_from(["", "", "X1"]),
    ),
    max_size=12,
)  # fmt: skip


@given(_LINES, st.randoms(use_true_random=False))
def test_every_line_has_an_identity_of_its_own_whatever_the_order(lines: list[BankLine], dice: object) -> None:
    def made(some: list[BankLine]) -> set[str]:
        one = Statement("main", "", "csv", "GBP", date(2026, 3, 1), date(2026, 3, 5), tuple(some))
        found = {row.identity for row in checked(one).lines}
        assert len(found) == len(some)
        return found

    shuffled = list(lines)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made(lines) == made(shuffled)


@pytest.mark.parametrize(
    ("head", "words"),
    [(b"%PDF-1.7 x", "is a PDF"), (b"PK\x03\x04xx", "is a workbook or an archive"), (b"\x1f\x8bxx", "is compressed"),
     (b"<?xml version='1.0'?><D><R><Rpt/></R></D>", r"is an intraday report \(camt\.052\)")],
)  # fmt: skip
def test_what_people_take_for_a_statement_is_called_what_it_is(tmp_path: Path, head: bytes, words: str) -> None:
    path = tmp_path / "statement"
    path.write_bytes(head)
    with pytest.raises(Unreadable, match=words):
        read_statements(path, "main")


def test_a_bank_in_the_united_states_writes_the_month_first(tmp_path: Path) -> None:
    text = (
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        "CREDIT,07/15/2026,ACH ALLY 7781234,21000.00,ACH_CREDIT,30000.00,\n"
        "DEBIT,07/14/2026,CHECK 1042,-410.55,CHECK_PAID,9000.00,1042\n"
    )
    with pytest.raises(DealbooksError, match="07/15/2026"):
        read(tmp_path, text.replace("Details,", "Side,"), "us.csv")
    [one] = read(tmp_path, text, "us.csv", layout="bank_us")
    assert [(row.booked, row.amount, row.references) for row in one.lines] == [
        (date(2026, 7, 14), Decimal("-410.55"), ("1042",)), (date(2026, 7, 15), Decimal("21000.00"), ()),
    ]  # fmt: skip
    assert (one.opening, one.closing) == (Decimal("9410.55"), Decimal("30000.00"))
