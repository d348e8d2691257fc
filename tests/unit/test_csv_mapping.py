"""Field maps: checked when read, exact for amounts, and the shipped map of the CSV source."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.draft import RawRecord
from dealbooks.errors import ConfigError
from dealbooks.mapping import FieldMap, amounts_of
from tests.csv_support import read

SAMPLE = Path(__file__).parents[1] / "data" / "csv_files" / "CompletedSale_20260314.csv"
SHIPPED = FieldMap.load("csv_files")


def record(**data: object) -> RawRecord:
    return RawRecord("csv:drop:01:A-1", "0" * 64, data)


def parse(body: str) -> FieldMap:
    return FieldMap.parse(f"map: ours/1\n{body}", "ours.yaml")


def test_the_sample_becomes_drafts() -> None:
    first, second = (SHIPPED.draft(one) for one in read(SAMPLE))
    assert (first.findings, second.findings) == ([], [])
    deal = first.deal
    assert deal["deal_id"] == "A-104233"
    assert deal["dates"] == {"contract": "2026-03-14"}
    assert deal["customer"] == {"id": "48812", "name": "Quill, Dana M"}
    assert deal["vehicle"]["cost"] == Decimal("26150.00")
    assert [(line["line_id"], line["unit_price"]) for line in deal["lines"]] == [
        ("1", Decimal("28500.00")),
        ("F1", Decimal("399.00")),
        ("F2", Decimal("195.00")),
        ("P1", Decimal("1895.00")),
        ("P2", Decimal("795.00")),
    ]
    assert deal["trade_ins"][0]["payoff"] == Decimal("4600.00")
    assert deal["deposits"] == [{"receipt_id": "D1", "amount": Decimal("500.00")}]
    assert deal["payments"] == [{"receipt_id": "P-CASH", "amount": Decimal("3000.00"), "method": "cash"}]
    assert deal["finance"] == {"amount_financed": Decimal("24077.94"), "lender": "Ally"}
    assert first.said["price_includes_tax"] is False
    assert first.said["fees"][1] == {
        "line_id": "F2",
        "name": "TITLE AND LICENSE",
        "amount": Decimal("195.00"),
        "passthrough": True,
    }
    assert first.origin["lines[2].unit_price"] == "fee2_amount"
    assert second.deal["balance_due"] == Decimal("3685.00")
    assert "payments" not in second.deal
    assert second.said["vat_scheme"] == "margin"


def test_a_discount_is_a_negative_line() -> None:
    draft = SHIPPED.draft(record(vehicle_price="100.00", discount="5.00"))
    assert [(line["kind"], line["unit_price"]) for line in draft.deal["lines"]] == [
        ("vehicle", Decimal("100.00")),
        ("discount", Decimal("-5.00")),
    ]
    assert amounts_of(draft)["discount"] == Decimal("5.00")


def test_a_void_is_an_unwound_deal() -> None:
    draft = SHIPPED.draft(record(action="V", void_date="2026-04-02", void_reason="returned"))
    assert draft.deal["lifecycle"] == [{"event": "unwound", "at": "2026-04-02", "reason": "returned"}]
    other = SHIPPED.draft(record(action="V", void_date="2026-04-02", void_reason="changed his mind"))
    assert other.deal["lifecycle"][0]["reason"] == "other"
    assert "lifecycle" not in SHIPPED.draft(record(action="P")).deal


def test_a_payment_reference_names_the_one_payment() -> None:
    one = SHIPPED.draft(record(cash_paid="0.00", card_paid="5.00", payment_ref="ch_1"))
    assert [payment["receipt_id"] for payment in one.deal["payments"]] == ["ch_1"]
    two = SHIPPED.draft(record(cash_paid="1.00", card_paid="5.00", payment_ref="ch_1"))
    assert [payment["receipt_id"] for payment in two.deal["payments"]] == ["P-CASH", "P-CARD"]


def test_a_free_product_keeps_its_cost() -> None:
    draft = SHIPPED.draft(record(products=[{"index": 2, "name": "GAP", "cost": "300.00"}]))
    assert draft.deal["lines"] == [
        {"line_id": "P2", "description": "GAP", "unit_price": Decimal("0.00"), "cost": Decimal("300.00")}
    ]


def test_an_entry_is_asked_of_every_record_that_could_have_it() -> None:
    ours = parse(
        "deal: {deal_id: number}\nlists:\n  lines:\n"
        "    - {when: nonzero(price), set: {line_id: {value: '1'}}}\n"
        "    - {when: '!nonzero(price)', set: {line_id: {value: '2'}}}\n"
        "    - {set: {line_id: {template: 'of {number}'}}}\n"
        "    - {set: {line_id: {template: '{{x}} {number}'}}}\n"
    )
    drafts = [ours.draft(record(number="7")), ours.draft(record(number="7", price="1")), ours.draft(record(price="0"))]
    assert [[line.get("line_id") for line in draft.deal["lines"]] for draft in drafts] == [
        ["2", "of 7", "{x} 7"],
        ["1", "of 7", "{x} 7"],
        ["2", None, None],
    ]


def test_receipts_of_the_layout_with_lines() -> None:
    payments = [{"index": 7, "amount": "5.00", "method": "card", "reference": "ch_1"}, {"index": 8, "amount": "6.00"}]
    deal = SHIPPED.draft(record(payments=payments, deposits=[{"index": 2, "amount": "1.00"}])).deal
    assert [payment["receipt_id"] for payment in deal["payments"]] == ["ch_1", "P8"]
    assert deal["deposits"] == [{"receipt_id": "D2", "amount": Decimal("1.00")}]


def test_a_float_never_becomes_an_amount() -> None:
    draft = SHIPPED.draft(record(total=12.5, vehicle_price="10.00"))
    assert {found.code for found in draft.findings} == {"F201"}
    assert "contract_total" not in draft.deal
    assert "lines" in draft.deal


def test_a_list_that_is_none_is_a_finding() -> None:
    assert {found.code for found in SHIPPED.draft(record(fees="399.00")).findings} == {"F203"}


AMOUNT = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2).map(lambda value: format(value, "f"))
_SINGLE = [
    "vehicle_cost", "vehicle_price", "discount", "accessories_total", "tax_total", "deposit", "cash_paid", "card_paid",
    "bank_transfer_paid", "rebate", "finance_amount", "finance_commission", "balance_due", "total", "commission_amount",
    "fi_commission_amount", "stock_book_price", "recon_cost",
]  # fmt: skip
_GROUPS = {
    "fees": ("fee", 6, ["amount", "cost"]),
    "products": ("product", 4, ["amount", "cost"]),
    "taxes": ("tax", 4, ["base", "amount"]),
    "trades": ("trade", 2, ["allowance", "acv", "payoff"]),
}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, str]:
    """Amounts of a row by column; finance commission only beside an amount financed."""
    found = draw(st.dictionaries(st.sampled_from(_SINGLE), AMOUNT))
    for prefix, count, fields in _GROUPS.values():
        for index in draw(st.sets(st.integers(1, count))):
            found.update({f"{prefix}{index}_{field}": draw(AMOUNT) for field in fields})
    return found


def grouped(flat: dict[str, str]) -> dict[str, object]:
    data: dict[str, object] = {name: value for name, value in flat.items() if name in _SINGLE}
    for group, (prefix, count, fields) in _GROUPS.items():
        items = [
            {"index": index} | {field: flat[f"{prefix}{index}_{field}"] for field in fields}
            for index in range(1, count + 1)
            if f"{prefix}{index}_{fields[0]}" in flat
        ]
        if items:
            data[group] = items
    return data


@given(columns())
def test_mapping_a_row_and_back_keeps_its_amounts(flat: dict[str, str]) -> None:
    draft = SHIPPED.draft(record(**grouped(flat)))
    assert draft.findings == []
    assert amounts_of(draft) == {name: Decimal(value) for name, value in flat.items()}


def test_map_check_shows_every_field_and_what_is_not_used() -> None:
    sample = record(deal_number="A-1", vehicle_price="10.00", notes="call", total=12.5)
    sample.columns = {"notes": "Remarks"}
    rows = {(one.field, one.status): one for one in SHIPPED.check(sample)}
    assert rows["deal_id", "found"].value == "A-1"
    assert rows["lines[0].unit_price", "found"].origin == "vehicle_price"
    assert ("dates.contract", "not in this record") in rows
    assert ("contract_total", "refused") in rows
    assert rows["", "column not used"].origin == "Remarks"


def test_expressions_beyond_columns() -> None:
    ours = parse("""
deal:
  deal_id: jacket.number
  customer.name: "words(buyer.first, buyer.last)"
  contract_total: "plus(price, tax)"
  balance_due: {expression: "minus(price, tax)", when: "action == 'post'"}
  sale_class: {expression: kind, values: {"Brand New": new}, otherwise: used}
  vehicle.odometer: odometer
lists:
  lines:
    - each: "items[?type == 'fee']"
      set: {line_id: {template: "{code}-{index}"}, unit_price: amount, description: record.note}
""")
    data = {
        "jacket": {"number": "J1"}, "buyer": {"first": "Dana", "last": "Quill"}, "price": "10.10", "tax": "0.20",
        "action": "post", "kind": "brand new", "odometer": "12", "note": "hello",
        "items": [{"type": "fee", "code": "A", "amount": "1.00"}, {"type": "car", "amount": "2.00"}],
    }  # fmt: skip
    draft = ours.draft(record(**data))
    assert draft.findings == []
    assert draft.deal["customer"] == {"name": "Dana Quill"}
    assert (draft.deal["contract_total"], draft.deal["balance_due"]) == (Decimal("10.30"), Decimal("9.90"))
    assert (draft.deal["deal_id"], draft.deal["sale_class"], draft.deal["vehicle"]) == ("J1", "new", {"odometer": 12})
    assert draft.deal["lines"] == [{"line_id": "A-1", "unit_price": Decimal("1.00"), "description": "hello"}]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("deal: {dealid: x}", ["ours.yaml", "dealid", "deal_id"]),
        ("deal: {vehicle.colour: x}", ["vehicle.colour", "registration"]),
        ("deal: {vehicle: x}", ["vehicle is a part", "vehicle.vin"]),
        ("deal: {lines: x}", ["lines is a list", "under lists"]),
        ("deal: {deal_id: 'a ||'}", ["deal: deal_id", "cannot be read"]),
        ("deal: {deal_id: 'sum(prices)'}", ["sum", "not be exact", "plus"]),
        ("deal: {deal_id: 'to_number(price)'}", ["to_number"]),
        ("deal: {deal_id: 'twice(price)'}", ["function twice", "plus"]),
        ("deal: {deal_id: 'price > `1.5`'}", ["decimals"]),
        ("deal: {balance_due: {value: 1.5}}", ["balance_due", "as text"]),
        ("deal: {deal_id: {value: a, expression: b}}", ["exactly one"]),
        ("deal: {deal_id: {column: a}}", ["deal.deal_id.column"]),
        ("deal: {deal_id: {template: 'F{0}'}}", ["template"]),
        ("deal: {}\nlists: {colours: [{set: {a: b}}]}", ["no list colours", "trade_ins"]),
        ("deal: {}\nlists: {lines: [{set: {price: b}}]}", ["lines[].price", "unit_price"]),
        ("deal: {}\nlists: {lines: [{when: 'a ||', set: {kind: b}}]}", ["lists: lines, when"]),
        ("deal: [", ["cannot be read: did not find expected"]),
    ],
)
def test_a_wrong_map_names_file_key_and_what_is_known(body: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(body)
    text = f"{caught.value.message} {caught.value.fix}"
    assert "ours.yaml" in text
    assert [word for word in words if word not in text] == []


def test_an_unknown_map_lists_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        FieldMap.load("hubspott")
    assert "csv_files" in caught.value.fix
