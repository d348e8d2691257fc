"""Sales orders of Odoo become posted deals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from odoo_sales_support import Erp, erp, settings_of, source_of
from odoo_sandbox_support import VAT, VAT_INSIDE
from pipeline_support import Dealership, vin_of

from blocks.sources.odoo import factory
from dealbooks.errors import UsageError
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.mapcheck import check_map
from dealbooks.pipeline.sync import SyncResult


@pytest.fixture(params=[19, 16])
def office(request: pytest.FixtureRequest) -> Erp:
    return erp(request.param)


@pytest.fixture
def shop(tmp_path: Path, office: Erp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dealership]:
    made = Dealership(
        tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}", clock=office.clock.now, source_of_record="erp"
    )
    given = settings_of(office.box)
    made.settings["sources"] = {"erp": {"platform": "odoo", "books": {"LEEDS": "northgate"}, **given}}
    made.write_config()
    monkeypatch.setattr(factory, "build", lambda **how: source_of(office, how["fields"]))
    yield made
    made.close()


def _sync(shop: Dealership, office: Erp, seconds: float = 600) -> SyncResult:
    office.clock.sleep(seconds)
    return shop.sync()


def _reasons(shop: Dealership) -> list[str]:
    return [
        one["code"]
        for row in shop.rows("quarantine")
        if row["state"] == "open"
        for one in json.loads(row["reasons"])
        if one["severity"] == "E"
    ]


def test_a_confirmed_order_is_posted_and_an_edited_one_amended(shop: Dealership, office: Erp) -> None:
    office.clock.sleep(15 * 86400)
    first, second = office.order(1), office.order(2)
    office.order(3, confirm=False)
    result = _sync(shop, office)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {name: row["state"] for name, row in shop.deals().items()} == {"S00001": "posted", "S00002": "posted"}
    office.reprice(first, "9500.00")
    office.rename_line(second, "Skoda Octavia Estate")
    result = _sync(shop, office)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {name: row["posted_version"] for name, row in shop.deals().items()} == {"S00001": 2, "S00002": 2}
    assert _sync(shop, office).extracted[0].swept is not None


def test_a_cancelled_and_a_deleted_order_wait_for_a_person(shop: Dealership, office: Erp) -> None:
    office.clock.sleep(15 * 86400)
    first, second = office.order(1), office.order(2)
    assert _sync(shop, office).exit_code == 0
    office.act(first, "action_cancel")
    assert _sync(shop, office).exit_code == 3
    assert _reasons(shop) == ["S022"]
    office.delete(second)
    assert _sync(shop, office, 90_000).exit_code == 3
    assert _reasons(shop) == ["S022", "S023"]


def test_a_locked_order_is_still_sold(shop: Dealership, office: Erp) -> None:
    office.clock.sleep(15 * 86400)
    number = office.order(1)
    _sync(shop, office)
    office.act(number, "action_lock")
    result = _sync(shop, office)
    assert result.exit_code == 0
    assert result.extracted[0].swept is not None
    assert result.extracted[0].swept.unchanged == 1


def test_an_order_may_count_only_when_it_is_locked(office: Erp) -> None:
    number = office.order(1)
    source = source_of(office, take_when="locked")
    before = source.fetch(str(number))
    office.act(number, "action_lock")
    after = source.fetch(str(number))
    assert before is not None
    assert after is not None
    assert (before.counts, after.counts) == (False, True)


def test_lines_that_are_no_part_of_the_sale_do_not_count_into_its_total(office: Erp) -> None:
    trade = office.box.add("product.product", name="Part exchange", default_code="PX")
    number = office.order(1, confirm=False)
    lines: list[Any] = [
        (0, 0, {"name": "Part exchange", "product_id": trade, "price_unit": -3000}),
        (0, 0, {"name": "Warranty", "product_id": office.warranty, "price_unit": 400}),
        (0, 0, {"name": "Thank you", "display_type": "line_note"}),
    ]
    office.hand.edit("sale.order", number, order_line=lines)
    office.act(number, "action_confirm")
    source = source_of(office, kinds={"CAR": "vehicle", "Part exchange": "trade_in", "WARRANTY": "product"})
    record = source.fetch(str(number))
    assert record is not None
    assert record.data["total"] == "10400"
    assert [line["kind"] for line in record.data["lines"]] == ["vehicle", "trade_in", "product"]


@pytest.mark.parametrize(("version", "protocol"), [(19, "json2"), (19, "xmlrpc"), (18, "jsonrpc"), (16, "xmlrpc")])
@pytest.mark.parametrize(
    ("amounts", "shown"), [("gross", ["12000", "2400"]), ("net", ["10000", "2000"])],
)  # fmt: skip
def test_an_order_is_read_with_its_lines_its_customer_and_its_taxes(
    version: int, protocol: str, amounts: str, shown: list[str]
) -> None:
    """20 % on top of 10,000.00, and inside 2,400.00: 14,400.00 with 2,400.00 of tax."""
    office = erp(version)
    number = office.order(1, confirm=False)
    (car,) = office.box.look("sale.order", number, "order_line")["order_line"]
    taxes = "tax_ids" if version >= 19 else "tax_id"
    office.hand.edit("sale.order.line", car, **{taxes: [(6, 0, [VAT])]})
    more = {"name": "Tow bar", "product_id": office.warranty, "price_unit": 2400, taxes: [(6, 0, [VAT_INSIDE])]}
    office.hand.edit("sale.order", number, order_line=[(0, 0, more)])
    office.act(number, "action_confirm")
    kinds = {"CAR": "vehicle", "WARRANTY": "accessory"}
    record = source_of(office, protocol=protocol, amounts=amounts, kinds=kinds).fetch(str(number))
    assert record is not None
    data = record.data
    assert (data["total"], data["tax_total"]) == ("14400", "2400")
    assert data["price_includes_tax"] is (amounts == "gross")
    assert [line["amount"] for line in data["lines"]] == shown
    assert [line["taxes"] for line in data["lines"]] == [
        [office.box.look("account.tax", tax, "name")["name"]] for tax in (VAT, VAT_INSIDE)
    ]
    assert (data["partner"]["ref"], data["partner"]["zip"], data["partner"]["country"]) == ("C-1", "LS1 1AA", "GB")


def test_the_shipped_map_fits_what_the_source_gives(office: Erp) -> None:
    number = office.order(1)
    field_map = FieldMap.load("odoo")
    record = source_of(office).fetch(str(number))
    assert record is not None
    assert field_map.value("deal_id", record.data) == "S00001"
    assert field_map.value("said.store_code", record.data) == "LEEDS"


def test_a_field_that_orders_do_not_have_is_a_problem(office: Erp) -> None:
    assert source_of(office).problems() == []
    (told,) = source_of(office, fields_of_orders={"vin": "x_studio_vin"}).problems()
    assert "vin (x_studio_vin)" in told


def test_map_check_shows_an_order_as_it_is_now(shop: Dealership, office: Erp, tmp_path: Path) -> None:
    number, quote = office.order(1), office.order(2, confirm=False)
    with shop.open() as house:
        found = check_map(house, "erp", key=str(number))
        rows = {row.field: row for row in found.rows}
        assert (rows["vehicle.vin"].value, rows["vehicle.vin"].origin) == (vin_of(1), "vin")
        assert rows["customer.name"].origin == "partner.name"
        assert rows["lines[0].unit_price"].value == "10000"
        assert rows["vehicle.registration"].status == "not in this record"
        assert (found.missing, found.fits) == ((), True)
        with pytest.raises(UsageError, match="no completed sale"):
            check_map(house, "erp", key=str(quote))
        with pytest.raises(UsageError, match="no record 99"):
            check_map(house, "erp", key="99")
        sample = tmp_path / "order.json"
        sample.write_text('{"name": "S1", "store_code": "LEEDS", "currency": "GBP", "total": 100.5}')
        found = check_map(house, "erp", sample)
        assert [text.partition(":")[0] for text in found.missing] == ["dates.contract", "customer", "vehicle", "lines"]
        assert next(row.value for row in found.rows if row.field == "contract_total") == "100.5"
        sample.write_text("[]")
        with pytest.raises(UsageError, match="no single record"):
            check_map(house, "erp", sample)


def test_a_sweep_asks_only_for_what_changed(office: Erp) -> None:
    source = source_of(office, page=20)
    numbers = [office.order(number) for number in range(1, 61)]
    office.clock.sleep(600)
    cursor = [page.cursor for page in source.changes(None, office.clock.now())][-1]
    source.exchanges()
    office.clock.sleep(600)
    for number in numbers[10:50]:
        office.reprice(number, "9000.00")
    office.clock.sleep(600)
    found = [record for page in source.changes(cursor, office.clock.now()) for record in page.records]
    assert len(found) == 40
    # Two pages of orders and one that is empty; of each the lines, the customers, the products, and whether
    # they are still as they were read; two pages of lines
    # that changed, with the orders that did not, and one that is empty.
    assert len(source.exchanges()) <= 20


def test_an_order_that_changes_between_its_head_and_its_lines_is_read_again(office: Erp) -> None:
    number, other = office.order(1), office.order(2)
    source = source_of(office)
    source.get_ready()
    handle = office.box.handle
    done: list[str] = []

    def meanwhile(call: Any) -> Any:
        if b"sale.order.line" in call.body + call.path.encode() and b"order_id" in call.body and not done:
            done.append("")
            office.clock.sleep(1)
            office.reprice(number, "9000.00")
            office.delete(other)
        return handle(call)

    office.box.handle = meanwhile  # type: ignore[method-assign]
    (record,) = [record for page in source.everything(office.clock.now()) for record in page.records]
    assert record.data["total"] == record.data["bank_transfer_paid"] == "9000"


def test_an_id_that_is_none_reads_nothing(office: Erp) -> None:
    source = source_of(office)
    assert [source.fetch(key) for key in ("\u00b2", "9" * 200, "-1", "")] == [None] * 4
