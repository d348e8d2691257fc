"""Two contracts for one deal, a contract that is signed when its deal is gone, and answers that say too much."""

from __future__ import annotations

from typing import Any

import pytest
from pipeline_support import Dealership, sale, void
from signatures_support import PLATFORMS, SigningShop, providers

from dealbooks.errors import DealbooksError
from dealbooks.signatures import UnreadableSignature
from sandbox.kit import Answer, as_json

every_platform = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
def signing(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> SigningShop:
    return SigningShop(shop, monkeypatch, providers())


def test_of_two_contracts_for_a_deal_the_one_that_is_signed_counts(signing: SigningShop) -> None:
    """The first was voided; a third is signed when the deal is posted already, and a fourth when it is unwound."""
    shop, hand = signing.shop, signing.at.docusign.hand
    shop.sales(11, sale())
    first = hand.send(deal_ref="N-1")
    hand.become(first, "voided")
    signing.told("docusign", first, status="completed")
    assert shop.sync().signatures.review == 1
    assert shop.files() == {}
    signing.signed("docusign")
    assert shop.sync().exit_code in (0, 3)  # the voided one still waits for a person
    assert "sale-v1" in shop.entry_ids(1)
    posted = shop.files()
    signing.signed("docusign")
    shop.sync()
    assert shop.files() == posted
    shop.sales(12, void())
    shop.sync()
    unwound = shop.files()
    assert shop.deals()["N-1"]["state"] == "unwound"
    signing.signed("docusign")
    shop.sync()
    assert shop.files() == unwound
    assert shop.deals()["N-1"]["state"] == "unwound"
    shop.sound()


LONG = "https://evil.example/?key=" + "k" * 100_000


@every_platform
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"errorCode": LONG, "code": LONG, "error": {"error_name": LONG}}),
        (500, {"errorCode": "a\nb\x1b[2J", "code": "a\nb\x1b[2J", "error": {"error_name": "a\nb\x1b[2J"}}),
        (403, {"errorCode": ["x"], "code": {"a": 1}, "error": ["x"]}),
        (200, ["no", "object"]),
        (200, {}),
    ],
)
def test_what_a_provider_says_of_a_fault_is_shown_only_as_a_code(
    signing: SigningShop, monkeypatch: pytest.MonkeyPatch, platform: str, status: int, body: Any
) -> None:
    box, reader = signing.at.box(platform), signing.at.reader(platform)
    contract = str(box.hand.send(deal_ref="N-1"))
    perform = box.perform
    monkeypatch.setattr(box, "perform", lambda call: as_json(body, status) if contract in call.path else perform(call))
    with pytest.raises(DealbooksError) as raised:
        reader.signature(contract)
    assert "evil" not in raised.value.words
    assert raised.value.words.isprintable()
    assert len(raised.value.words) < 400


@every_platform
@pytest.mark.parametrize(
    "content", [b"<html><body>Sign in</body></html>", b'{"status": "compl', b"", b"\xff\xfe", b"[" * 99_999]
)
def test_an_answer_that_is_cut_or_is_a_page_is_never_a_signature(
    signing: SigningShop, monkeypatch: pytest.MonkeyPatch, platform: str, content: bytes
) -> None:
    box, reader = signing.at.box(platform), signing.at.reader(platform)
    contract = str(box.hand.send(deal_ref="N-1"))
    perform = box.perform
    page = Answer(200, content, {"content-type": "text/html"})
    monkeypatch.setattr(box, "perform", lambda call: page if contract in call.path else perform(call))
    with pytest.raises(DealbooksError):
        reader.signature(contract)


@every_platform
def test_a_reference_that_is_longer_than_any_of_ours_is_for_a_person(signing: SigningShop, platform: str) -> None:
    hand = signing.at.box(platform).hand
    contract = str(hand.send(deal_ref="N" * 100_000))
    with pytest.raises(UnreadableSignature):
        signing.at.reader(platform).signature(contract)
