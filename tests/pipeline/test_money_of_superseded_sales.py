"""Money that waits for a sale whose version is superseded before it is sent: it goes with the new version."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from conformance.rigs.quickbooks import Rig
from pipeline_support import Dealership, sale

from dealbooks.outbox import DrainResult
from dealbooks.pipeline import sync

_NOTHING = DrainResult("northgate", 0, 0, 0, 0, 0)


@pytest.mark.parametrize("receipts", [True, False], ids=["carried by a sales receipt", "a payment of an invoice"])
def test_money_that_waits_for_a_superseded_sale_is_planned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receipts: bool
) -> None:
    rig = Rig(tmp_path / "ledger", "uk", sales_receipts=receipts)
    shop = Dealership(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}")
    with shop.open() as house:
        house._ledgers["northgate"] = rig.ledger
    with monkeypatch.context() as nothing_is_sent:
        nothing_is_sent.setattr(sync, "load", lambda *_args, **_more: _NOTHING)
        shop.sales(11, sale(1))
        shop.sync()
        shop.sales(12, sale(1, vehicle_cost="8100.00"))
        shop.sync()
    assert rig.standing() == {}
    assert shop.deals()["N-1"]["version"] == 2
    shop.clock.forward(3600)
    shop.sync()

    assert {row["state"] for row in shop.rows("effects")} == {"posted", "superseded"}
    assert {row["entry_id"]: row["state"] for row in shop.rows("entries")}["sale-v2"] == "posted"
    bank = rig.chart.roles["cash.bank"].number
    undeposited = rig.chart.roles["cash.undeposited"].number
    held = rig.balances()
    assert held.get(bank, Decimal(0)) + held.get(undeposited, Decimal(0)) == Decimal("10000.00")
    assert rig.standing()["SalesReceipt" if receipts else "Invoice"] == 1
    assert rig.chart.roles["receivable.customer"].number not in held
