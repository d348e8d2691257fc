"""What events say makes a deal ready, and the day that it is booked on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from events_support import SIGNED, arrives, signed, told, with_hooks
from pipeline_support import Dealership, posted, sale
from sweep_support import FakeCrm, crm_shop

from dealbooks.errors import ConfigError
from dealbooks.pipeline import events as events_module
from dealbooks.pipeline.status import status
from dealbooks.pipeline.trace import trace

# -- readiness -------------------------------------------------------------------------------------------------------


def test_what_a_deal_waits_for_is_said_in_words(shop: Dealership) -> None:
    shop.book["post_when"] = {"all": ["completed", "signed", "paid_in_full"], "any": ["invoiced"]}
    with_hooks(shop)
    shop.sales(12, sale(1), sale(2, balance_due="400.00", bank_transfer_paid="9600.00"))
    words = ("the customer has signed", "the customer has paid in full", "it is invoiced")
    assert dict(shop.sync().transformed[0].waiting) == {
        "N-1": f"not ready: {words[0]}; {words[2]}", "N-2": f"not ready: {'; '.join(words)}",
    }  # fmt: skip
    with shop.open() as house:
        assert trace(house, "N-2").waits_for == words
        assert trace(house, "N-2").meaning.endswith(f"It waits until {' and '.join(words)}.")
        shown = {one.deal: one.missing for one in status(house).books[0].not_ready}
    assert shown == {"N-1": (words[0], words[2]), "N-2": words}
    for ref in ("drop:N-1", "drop:N-2"):
        arrives(shop, "ours", told("invoice.issued", ref), signed(ref))
    arrives(shop, "pay", told("payment.received", "drop:N-2", amount="400.00", currency="GBP", payment_intent="pi_1"))
    shop.sync()
    assert posted(shop) == {"N-1"}  # a hint of money is no money
    with shop.open() as house:
        assert trace(house, "N-2").waits_for == words[1:2]
        assert trace(house, "N-1").waits_for == ()


def test_a_source_may_say_itself_that_it_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = FakeCrm()
    shop = crm_shop(tmp_path / "shop", monkeypatch, crm)
    try:
        text = (Path(events_module.__file__).parents[1] / "maps" / "csv_files.yaml").read_text(encoding="utf-8")
        assert "  references.crm_deal_id: crm_deal_id\n" in text
        more = "  references.crm_deal_id: crm_deal_id\n  references.signed_on: signed_on\n"
        (shop.folder / "own.yaml").write_text(
            text.replace("  references.crm_deal_id: crm_deal_id\n", more), encoding="utf-8"
        )
        shop.settings["sources"]["crm"]["map"] = "own.yaml"
        shop.book["post_when"] = SIGNED | {"date": "signed"}
        shop.write_config()
        crm.save("1", {**sale(1), "signed_on": "2026-09-14"})
        crm.save("2", {**sale(2), "signed_on": "no"})
        crm.clock.forward(60)
        shop.sync()
        assert posted(shop) == {"N-1"}
        assert shop.deals()["N-1"]["accounting_date"] == "2026-09-14"
    finally:
        shop.close()


# -- the day -----------------------------------------------------------------------------------------------------------

LATE = "2026-09-20T23:30:00.000000Z"  # in the night of the 21st in London


def test_the_day_of_the_signature_is_kept_whatever_is_told_later(shop: Dealership) -> None:
    shop.book["post_when"] = SIGNED | {"date": "signed"}
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "esign", signed("drop:N-1", envelope="e-1", at="2026-09-15T10:00:00.000000Z"))
    arrives(shop, "esign", signed("drop:N-1", envelope="e-2", at=LATE))  # supersedes it
    shop.sync()
    assert shop.entry("sale-v1").accounting_date.isoformat() == "2026-09-21"
    assert shop.deals()["N-1"]["accounting_date"] == "2026-09-21"
    (version,) = shop.rows("deal_versions")
    assert version["note"] == "booked on 2026-09-21"
    assert json.loads(version["deal"])["dates"] == {
        "contract": "2026-09-10", "delivery": "2026-09-11", "accounting": "2026-09-21",
    }  # fmt: skip
    books = shop.files()
    arrives(shop, "esign", signed("drop:N-1", envelope="e-3", at="2026-09-28T10:00:00.000000Z"))
    assert shop.sync().events.matched == 1
    assert shop.files() == books
    shop.sales(16, sale(1, price="9500.00"))
    assert shop.sync().exit_code == 0
    versions = {row["version"]: json.loads(row["deal"]) for row in shop.rows("deal_versions")}
    assert versions[2]["dates"]["accounting"] == "2026-09-21"
    assert shop.entry("sale-v2").accounting_date >= shop.entry("sale-v1").accounting_date
    shop.sound()


@pytest.mark.parametrize(
    ("by", "day"),
    [("stated", "2026-09-11"), ("delivery", "2026-09-11"), ("invoiced", "2026-09-18"), ("ready", "2026-09-21")],
)
def test_which_day_counts_is_a_setting(shop: Dealership, by: str, day: str) -> None:
    shop.book["post_when"] = {"all": ["completed", "signed", "invoiced"], "date": by}
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "esign", signed("drop:N-1", at=LATE))
    arrives(shop, "ours", told("invoice.issued", "drop:N-1", at="2026-09-18T10:00:00.000000Z"))
    shop.sync()
    assert shop.entry("sale-v1").accounting_date.isoformat() == day


def test_a_day_that_nothing_tells_is_a_mistake_of_the_settings(shop: Dealership) -> None:
    shop.book["post_when"] = {"all": ["completed"], "date": "signed"}
    shop.write_config()
    with pytest.raises(ConfigError, match="date: signed needs signed among the conditions"):
        shop.sync()
