"""A dealership whose customers sign at Adobe Sign, DocuSign and Dropbox Sign: their stand-ins, and a gateway that is
told of it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from keys_support import key_pair
from pipeline_support import Dealership

from blocks.signatures.adobe_sign.factory import connect as adobe_sign
from blocks.signatures.adobe_sign.reader import AdobeSignatures
from blocks.signatures.adobe_sign.settings import AdobeSignSettings
from blocks.signatures.docusign.factory import connect as docusign
from blocks.signatures.docusign.reader import DocuSignatures
from blocks.signatures.docusign.settings import DocuSignSettings
from blocks.signatures.dropbox_sign.factory import connect as dropbox_sign
from blocks.signatures.dropbox_sign.reader import DropboxSignatures
from blocks.signatures.dropbox_sign.settings import DropboxSignSettings
from dealbooks.canonical import canonical_json
from dealbooks.config import load_config
from dealbooks.house import House
from gateway.app import create_app
from gateway.schemes import SCHEMES
from gateway.schemes.dropbox_sign import BOUNDARY, form
from sandbox import adobe_sign as adobe
from sandbox import docusign as docu
from sandbox import dropbox_sign as dropbox
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock

START = datetime(2026, 9, 11, 10, tzinfo=UTC)
PLATFORMS = ("adobe_sign", "docusign", "dropbox_sign")
ADDRESS_SECRET = "address-secret-of-adobe-01"


@dataclass
class Providers:
    """The stand-ins, at which time is `clock`."""

    clock: VirtualClock
    faults: FaultPlan
    adobe_sign: adobe.AdobeSignSandbox
    docusign: docu.DocuSignSandbox
    dropbox_sign: dropbox.DropboxSignSandbox

    def box(self, platform: str) -> Any:
        """The stand-in of a platform."""
        return getattr(self, platform)

    def reader(self, platform: str, **settings: Any) -> AdobeSignatures | DocuSignatures | DropboxSignatures:
        """A new process's reader."""
        if platform == "adobe_sign":
            given = AdobeSignSettings.model_validate({"token": self.adobe_sign.settings.token} | settings)
            return adobe_sign("esign", given, self.clock, transport=SandboxTransport(self.adobe_sign))
        if platform == "dropbox_sign":
            key = DropboxSignSettings.model_validate({"api_key": self.dropbox_sign.settings.api_key} | settings)
            return dropbox_sign("esign", key, self.clock, transport=SandboxTransport(self.dropbox_sign))
        app = DocuSignSettings.model_validate(self.docusign_settings() | settings)
        return docusign("esign", app, self.clock, transport=SandboxTransport(self.docusign))

    def docusign_settings(self) -> dict[str, Any]:
        """What stands in dealbooks.yaml."""
        own = self.docusign.settings
        return {
            "account_id": own.account_id, "client_id": own.client_id, "user_id": own.user_id,
            "private_key": key_pair()[0],
        }  # fmt: skip


def providers() -> Providers:
    """New ones."""
    clock, faults = VirtualClock(START), FaultPlan()
    return Providers(
        clock, faults, adobe.AdobeSignSandbox(clock=clock, faults=faults),
        docu.DocuSignSandbox(docu.Settings(key_pair()[1]), clock=clock, faults=faults),
        dropbox.DropboxSignSandbox(clock=clock, faults=faults),
    )  # fmt: skip


def hooks(at: Providers) -> dict[str, Any]:
    """The webhooks of the three."""
    return {
        "adobe_sign": {
            "scheme": "adobe_sign", "client_id": at.adobe_sign.settings.client_id, "secrets": [ADDRESS_SECRET],
        },
        "docusign": {"scheme": "docusign", "secrets": ["connect-test-key"]},
        "dropbox_sign": {"scheme": "dropbox_sign", "secrets": [at.dropbox_sign.settings.api_key]},
    }  # fmt: skip


class SigningShop:
    """The dealership, with the providers behind it; a sale is posted when its contract is signed."""

    def __init__(self, shop: Dealership, patch: pytest.MonkeyPatch, at: Providers) -> None:
        self.shop, self.at = shop, at
        shop.book["post_when"] = {"all": ["completed", "signed"]}
        shop.settings["events"] = {"store_numbers": False}
        shop.settings["hooks"] = hooks(at)
        self.connect(*PLATFORMS)
        readers = {platform: at.reader(platform) for platform in PLATFORMS}
        patch.setattr(House, "signatures", lambda _house, name: readers[name])

    def connect(self, *platforms: str) -> None:
        """The settings have an entry under signatures: for these."""
        self.shop.settings["signatures"] = {one: {"platform": one, "hook": one} for one in platforms}
        self.shop.write_config()

    def tell(self, hook: str, body: dict[str, Any]) -> None:
        """A webhook arrives at the gateway as its provider sends it."""
        with self.shop.open():
            config = load_config(self.shop.config_file)
        given = config.hooks[hook]
        media = "application/json"
        sent = json.dumps(body).encode()
        if hook == "dropbox_sign":
            sent, media = form(canonical_json(body)), f"multipart/form-data; boundary={BOUNDARY}"
        headers = SCHEMES[hook].sign(sent, given, given.secrets[0], datetime.now(UTC))
        address = f"/hooks/{hook}" + (f"/{ADDRESS_SECRET}" if hook == "adobe_sign" else "")
        with TestClient(create_app(config, clock=self.at.clock.now)) as client:
            answer = client.post(address, content=sent, headers={"Content-Type": media} | headers)
        assert answer.status_code < 300, answer.text

    def told(self, platform: str, contract: str, **wrong: Any) -> None:
        """The provider tells that a contract is signed; `wrong` is what a forger writes into what it tells of it."""
        body = self.at.box(platform).hand.event(contract)
        part = {"adobe_sign": body.get("agreement"), "dropbox_sign": body.get("signature_request")}.get(platform)
        (part if part is not None else body["data"]["envelopeSummary"]).update(wrong)
        self.tell(platform, body)

    def signed(self, platform: str, deal: str = "N-1", **more: Any) -> str:
        """A contract is sent, signed by all, and told; its id."""
        hand = self.at.box(platform).hand
        contract = str(hand.send(deal_ref=deal, **more))
        hand.sign(contract)
        self.told(platform, contract)
        return contract

    def events(self) -> list[tuple[str, str]]:
        """State and note of every event."""
        return [(row["state"], row["note"]) for row in self.shop.rows("events")]


def basic(key: str) -> str:
    """A key as it is sent to Dropbox Sign."""
    return base64.b64encode(f"{key}:".encode()).decode()
