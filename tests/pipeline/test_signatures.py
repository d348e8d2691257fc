"""A signature counts when its provider says so, read with our own credentials; never by the event."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from intake_support import running, shop_of, tell, until
from pipeline_support import Dealership, posted, sale
from signatures_support import PLATFORMS, SigningShop, providers

from dealbooks.config import load_config
from dealbooks.doctor import examine
from dealbooks.house import House
from dealbooks.pipeline.events_shown import attach
from dealbooks.pipeline.plan import plan
from sandbox.kit import Answer, Call, Fault

every_platform = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
def signing(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> SigningShop:
    return SigningShop(shop, monkeypatch, providers())


@every_platform
def test_a_signature_that_its_provider_confirms_releases_its_deal(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    assert shop.sync().transformed[0].waiting
    contract = signing.signed(platform)
    for _ in range(2):
        signing.at.clock.sleep(1.0)
        signing.told(platform, contract)
    result = shop.sync()
    assert (result.exit_code, result.signatures.confirmed) == (0, 3)
    assert (result.events.unconfirmed, result.events.waiting, result.events.matched) == (3, 0, 3)
    assert "sale-v1" in shop.entry_ids(1)
    assert signing.events() == [("matched", f"signed by 1 person, read at {platform}")] * 3
    assert shop.sync().signatures.confirmed == 0
    shop.sound()


@every_platform
def test_the_day_of_the_sale_is_the_providers_not_the_events(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    shop.book["post_when"] = {"all": ["completed", "signed"], "date": "signed"}
    shop.write_config()
    shop.sales(11, sale())
    hand = signing.at.box(platform).hand
    contract = hand.send(deal_ref="N-1")
    hand.sign(contract)
    signing.at.clock.sleep(2 * 86_400)  # told two days later, and as if it were signed then
    signing.told(platform, contract, completedDateTime="2026-09-13T10:00:00Z")
    assert shop.sync().exit_code == 0
    assert shop.entry("sale-v1").accounting_date.isoformat() == "2026-09-11"


@every_platform
def test_a_signature_that_comes_before_its_deal_is_read_once_and_waits(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    signing.signed(platform)
    assert shop.sync().signatures.confirmed == 1
    assert signing.events() == [("waiting", f"signed by 1 person, read at {platform}")]
    signing.at.faults.order([Fault.SERVER_ERROR] * 20, "read")  # it is not asked again
    shop.sales(12, sale())
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


@pytest.mark.parametrize(
    ("platform", "end"),
    [("adobe_sign", "ABORTED"), ("docusign", "voided"), ("docusign", "declined"), ("dropbox_sign", "decline")],
)
def test_a_contract_that_was_not_signed_is_for_a_person(signing: SigningShop, platform: str, end: str) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    hand = signing.at.box(platform).hand
    contract = hand.send(deal_ref="N-1")
    hand.decline(contract) if platform == "dropbox_sign" else hand.become(contract, end)
    signing.told(platform, contract, status="completed")  # whatever the event says
    result = shop.sync()
    assert (result.exit_code, result.signatures.review, shop.files()) == (3, 1, {})
    ((state, note),) = signing.events()
    assert (state, "it is not signed" in note) == ("review", True)


@every_platform
def test_a_contract_that_is_not_signed_by_all_is_asked_for_again(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    hand = signing.at.box(platform).hand
    contract = hand.send("Harriet Thackray", "Northgate Motors", deal_ref="N-1")
    hand.sign(contract, 0 if platform == "dropbox_sign" else 1)
    signing.told(platform, contract)
    result = shop.sync()
    assert (result.signatures.pending, shop.files()) == (1, {})
    ((state, note),) = signing.events()
    assert (state, "not all have signed yet" in note) == ("waiting", True)
    hand.sign(contract)
    assert shop.sync().exit_code == 0
    assert signing.events() == [("matched", f"signed by 2 people, read at {platform}")]


@every_platform
def test_a_provider_that_is_down_is_asked_again_and_nothing_is_lost(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    signing.signed(platform)
    signing.at.faults.order([Fault.SERVER_ERROR] * 20, "read")
    result = shop.sync()
    assert (result.exit_code, shop.files()) == (3, {})
    assert f"signatures {platform}" in result.failures[0]
    assert signing.events() == [("waiting", "it counts when its contract was read at the provider")]
    signing.at.faults.calm()
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


def test_a_connection_whose_settings_are_wrong_stops_no_book(
    signing: SigningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = signing.shop
    shop.book["post_when"] = {"all": ["completed"]}
    shop.write_config()
    monkeypatch.undo()  # the house builds its own readers
    shop.sales(11, sale())
    signing.signed("docusign")
    result = shop.sync()
    assert (result.exit_code, "sale-v1" in shop.entry_ids(1)) == (3, True)
    assert "signatures.docusign has no account_id and no client_id" in result.failures[0]


@every_platform
def test_a_contract_of_another_account_is_for_a_person_who_may_attach_it(signing: SigningShop, platform: str) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    box = signing.at.box(platform)
    contract = box.hand.send(deal_ref="N-1")
    box.hand.sign(contract)
    signing.told(platform, contract)
    for name in ("agreements", "envelopes", "requests"):
        getattr(box, name, {}).clear()
    assert shop.sync().exit_code == 3
    ((state, note),) = signing.events()
    assert state == "review"
    assert "has no such contract: the event is of another account, or forged" in note
    with shop.open() as house:
        attach(house, 1, "N-1", who="Ann Lee", why="I have the contract on paper")
    shop.close()
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


@pytest.mark.parametrize("own", ["N-2", ""])
def test_an_event_that_gives_a_signature_to_another_deal_is_for_a_person(signing: SigningShop, own: str) -> None:
    """Whoever knows one callback of Dropbox Sign can make another: only what the contract itself says counts."""
    shop = signing.shop
    shop.sales(11, sale(1), sale(2))
    hand = signing.at.dropbox_sign.hand
    contract = hand.send(deal_ref=own)
    hand.sign(contract)
    signing.told("dropbox_sign", contract, metadata={"deal_ref": "N-1"})
    assert shop.sync().exit_code == 3
    ((state, note),) = signing.events()
    assert (state, f"names deal N-1, and the contract at Dropbox Sign names {own or 'none'}" in note) == (
        "review", True,
    )  # fmt: skip
    assert shop.files() == {}


def test_the_contract_names_the_deal_that_its_event_does_not(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    hand = signing.at.docusign.hand
    envelope = hand.send(deal_ref="N-1")
    hand.sign(envelope)
    signing.told("docusign", envelope, customFields=None)
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


def test_words_of_a_forged_event_find_no_deal(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    vin = sale()["vin"]
    hand = signing.at.adobe_sign.hand
    agreement = hand.send(name="Service plan")
    hand.sign(agreement)
    signing.told("adobe_sign", agreement, name=f"Order form {vin}")
    shop.sync()
    ((state, _),) = signing.events()
    assert (state, shop.files()) == ("waiting", {})
    assert shop.rows("events")[0]["text"] == "Service plan"


@pytest.mark.parametrize("platform", ["adobe_sign", "dropbox_sign"])
def test_without_an_entry_a_signature_that_is_not_proven_is_for_a_person_until_there_is_one(
    signing: SigningShop, platform: str
) -> None:
    shop = signing.shop
    signing.connect()
    shop.sales(11, sale())
    signing.signed(platform)
    shop.sync()
    ((state, note),) = signing.events()
    assert (state, "look at the contract there" in note, shop.files()) == ("review", True, {})
    signing.connect(platform)
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


def test_without_an_entry_what_docusign_signed_counts(signing: SigningShop) -> None:
    shop = signing.shop
    signing.connect()
    shop.sales(11, sale())
    signing.signed("docusign")
    signing.at.faults.order([Fault.SERVER_ERROR] * 20, "read")
    assert shop.sync().exit_code == 0
    assert "sale-v1" in shop.entry_ids(1)


def test_an_entry_that_was_taken_out_leaves_nothing_waiting(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    signing.signed("docusign")
    signing.signed("dropbox_sign")
    signing.at.faults.order([Fault.SERVER_ERROR] * 40, "read")
    shop.sync()
    signing.connect()
    shop.sync()
    assert [state for state, _ in signing.events()] == ["matched", "review"]


def test_a_contract_of_the_test_mode_counts_for_no_live_book(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    hand = signing.at.dropbox_sign.hand
    contract = hand.send(deal_ref="N-1", test_mode=True)
    hand.sign(contract)
    signing.told("dropbox_sign", contract, test_mode=False)
    shop.sync()
    ((state, note),) = signing.events()
    assert (state, "test mode" in note, shop.files()) == ("ignored", True, {})


def test_one_contract_that_cannot_be_read_stops_no_other_and_comes_to_a_person(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale(1), sale(2))
    broken = signing.signed("docusign")
    signing.at.docusign.envelopes[broken]["customFields"] = {"textCustomFields": "none"}
    signing.signed("docusign", "N-2")
    result = shop.sync()
    assert (result.exit_code, result.signatures.confirmed) == (3, 1)
    assert "sale-v1" in shop.entry_ids(2)
    assert "(tried 1 time)" in signing.events()[0][1]
    for _ in range(4):
        shop.sync()
    state, note = signing.events()[0]
    assert (state, "It was tried 5 times: look at it there" in note) == ("review", True)


def test_a_person_who_decides_while_the_contract_is_read_has_the_last_word(
    signing: SigningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, box = signing.shop, signing.at.docusign
    shop.sales(11, sale())
    box.hand.become(signing.signed("docusign"), "voided")
    perform = box.perform

    def slow(call: Call) -> Answer:
        if "/envelopes/" in call.path:
            with House.open(load_config(shop.config_file), clock=shop.clock) as other:
                attach(other, 1, "N-1", who="Ann Lee", why="signed on paper")
        return perform(call)

    monkeypatch.setattr(box, "perform", slow)
    result = shop.sync()
    assert (result.signatures.review, shop.rows("events")[0]["rule"]) == (0, "person")
    assert "sale-v1" in shop.entry_ids(1)


def test_a_plan_reads_contracts_and_keeps_nothing(signing: SigningShop) -> None:
    shop = signing.shop
    shop.sales(11, sale())
    shop.sync()
    signing.signed("adobe_sign")
    with shop.open() as house:
        found = plan(house)
    assert "sale-v1" in {one.entry for one in found.postings}
    assert (signing.events(), shop.files()) == ([("new", "")], {})
    assert shop.sync().exit_code == 0


def test_events_of_a_contract_whose_sale_is_long_ago_are_still_confirmed(signing: SigningShop) -> None:
    shop = signing.shop
    signing.signed("dropbox_sign")
    signing.at.clock.sleep(timedelta(days=30).total_seconds())
    assert shop.sync().signatures.confirmed == 1


def test_the_fast_lane_posts_when_the_provider_has_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, crm = shop_of(tmp_path / "shop", monkeypatch)
    signing = SigningShop(shop, monkeypatch, providers())
    shop.settings["hooks"]["crm"] = {"scheme": "signed", "source": "crm", "secrets": ["gateway-secret-01"]}
    shop.write_config()
    hand = signing.at.docusign.hand
    envelope = hand.send(deal_ref="crm:001")
    crm.save("001", sale())

    async def go() -> None:
        async with running(shop, catch_up=False):
            tell(shop, "001")
            signing.told("docusign", envelope)  # it came early
            await until(lambda: "waiting" in {row["state"] for row in shop.rows("events")})
            await until(lambda: "not all have signed" in "".join(row["note"] for row in shop.rows("events")))
            hand.sign(envelope)
            await until(lambda: posted(shop) == {"N-1"})

    asyncio.run(go())
    assert {row["state"] for row in shop.rows("events")} == {"matched"}
    shop.sound()
    shop.close()


def test_doctor_tries_the_keys(signing: SigningShop) -> None:
    signing.at.adobe_sign.access_point = "https://api.eu1.adobesign.com"
    found = {one.what: one for one in examine(signing.shop.config_file)}
    assert found["signatures adobe_sign"].state == "problem"
    assert "https://api.eu1.adobesign.com" in found["signatures adobe_sign"].found
    assert (found["signatures docusign"].state, found["signatures dropbox_sign"].state) == ("ok", "ok")
