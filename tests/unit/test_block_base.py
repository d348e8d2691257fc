"""What every block of a connection over HTTP does alike: hands over what was set, and says what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from blocks.bases import SettingsBlock
from blocks.ledgers.odoo.block import Odoo
from blocks.ledgers.odoo.settings import OdooSettings
from blocks.ledgers.quickbooks.settings import QuickBooksSettings
from blocks.ledgers.xero.block import Xero
from blocks.ledgers.xero.settings import Tracking, XeroSettings
from blocks.payments.gocardless.block import GoCardless
from blocks.payments.gocardless.settings import GoCardlessSettings
from blocks.payments.stripe.settings import StripeSettings
from blocks.register import BLOCKS, LEDGER_BLOCKS, PAYMENT_BLOCKS, SIGNATURE_BLOCKS, SOURCE_BLOCKS
from blocks.signatures.adobe_sign.settings import AdobeSignSettings
from blocks.signatures.docusign.settings import DocuSignSettings
from blocks.signatures.dropbox_sign.settings import DropboxSignSettings
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from blocks.sources.hubspot.block import HubSpot
from blocks.sources.hubspot.settings import HubSpotSettings
from blocks.sources.odoo.block import OdooSales
from blocks.sources.odoo.settings import OdooSalesSettings
from blocks.sources.salesforce.settings import SalesforceSettings
from dealbooks import registry

MODELS: dict[type[SettingsBlock], type[BaseModel]] = {
    LEDGER_BLOCKS["odoo"]: OdooSettings,
    LEDGER_BLOCKS["quickbooks"]: QuickBooksSettings,
    LEDGER_BLOCKS["xero"]: XeroSettings,
    PAYMENT_BLOCKS["gocardless"]: GoCardlessSettings,
    PAYMENT_BLOCKS["stripe"]: StripeSettings,
    SIGNATURE_BLOCKS["adobe_sign"]: AdobeSignSettings,
    SIGNATURE_BLOCKS["docusign"]: DocuSignSettings,
    SIGNATURE_BLOCKS["dropbox_sign"]: DropboxSignSettings,
    SOURCE_BLOCKS["google_sheets"]: GoogleSheetsSettings,
    SOURCE_BLOCKS["hubspot"]: HubSpotSettings,
    SOURCE_BLOCKS["odoo"]: OdooSalesSettings,
    SOURCE_BLOCKS["salesforce"]: SalesforceSettings,
}
SHIFTED = {"fields_of_deal": "fields", "fields_of_order": "fields", "fields_of_opportunity": "fields"}
NOTHING: tuple[Any, ...] = (False, 0, "", [], {}, "GBP", True, 3, ["x"], {"a": "b"}, {"fee": "fee"})
RECORDS = [block for name, block in SOURCE_BLOCKS.items() if name != "csv_files"]

every_block = pytest.mark.parametrize("block", MODELS, ids=lambda block: block.__name__)


def least(model: type[BaseModel]) -> dict[str, Any]:
    """What a model cannot do without."""
    return {name: "x" * 20 for name, field in model.model_fields.items() if field.is_required()}


def fields_of(block: type[SettingsBlock]) -> dict[str, str]:
    """Fields of a block and the settings that they are."""
    return {name: SHIFTED.get(name, name) for name in block.model_fields if name != "more"}


def test_every_block_over_http_is_looked_at() -> None:
    assert {block.__name__ for block in set(BLOCKS) - set(MODELS)} == {"BeancountBooks", "CsvDrop"}
    assert all(issubclass(block, SettingsBlock) for block in BLOCKS)


@every_block
def test_a_block_in_which_nothing_was_set_changes_no_setting(block: type[SettingsBlock]) -> None:
    assert block().settings() == {}
    model = MODELS[block]
    usual = model.model_validate(least(model))
    for name, setting in fields_of(block).items():
        if setting in least(model):
            continue
        held = getattr(block(), name)
        given = held.model_dump() if isinstance(held, BaseModel) else held
        assert getattr(model.model_validate(least(model) | {setting: given}), setting) == getattr(usual, setting), name


@every_block
def test_whatever_was_set_is_handed_over_even_if_it_is_no_or_nothing(block: type[SettingsBlock]) -> None:
    tried = 0
    for name, setting in fields_of(block).items():
        for value in NOTHING:
            try:
                made = block.model_validate({name: value})
            except ValidationError:
                continue
            held = getattr(made, name)
            if held == getattr(block(), name):
                assert made.settings() == {}, (name, value)
                continue
            tried += 1
            clear = held.get_secret_value() if isinstance(held, SecretStr) else held
            assert made.settings() == {setting: clear}, (name, value)
    assert tried >= len(fields_of(block)) - 4  # a choice between words is none of these


@every_block
def test_every_setting_can_be_made_in_its_block(block: type[SettingsBlock]) -> None:
    known, named = set(MODELS[block].model_fields), set(fields_of(block).values())
    assert named <= known
    others: dict[str, Any] = {name: f"value of {name}" for name in known - named}
    if others:
        assert block.model_validate({"more": others}).settings() == others
        first = min(named)
        assert block.model_validate({"more": {first: "told there"}}).settings() == {first: "told there"}


def test_nothing_is_lost_that_means_no() -> None:
    assert Odoo(marker_field="", vin_field="").settings() == {"marker_field": "", "vin_field": ""}
    assert GoCardless(live=False).settings() == {"live": False}
    assert OdooSales.model_validate({"more": {"behind_seconds": 0}}).settings() == {"behind_seconds": 0}


def test_a_group_of_settings_is_handed_over_as_values() -> None:
    made = Xero(tracking=Tracking(location="Site")).settings()
    assert made == {"tracking": {"location": "Site", "department": "", "departments": {}}}


def test_a_field_of_another_name_is_the_setting() -> None:
    given = {"fields_of_deal": {"vin": "chassis"}, "token": "pat"}
    assert HubSpot.model_validate(given).settings() == {"fields": {"vin": "chassis"}, "token": "pat"}


@every_block
def test_an_empty_block_says_in_words_what_is_missing(block: type[SettingsBlock]) -> None:
    (said,) = block().check()  # type: ignore[attr-defined]
    assert "missing" in said or "has no" in said or "needs" in said or "does not say" in said
    assert "(block)" in said or "check" in said


@pytest.mark.parametrize("block", RECORDS, ids=lambda block: block.__name__)
def test_a_source_is_built_under_its_name_with_the_fields_of_its_map(block: Any) -> None:
    platform = next(name for name, one in SOURCE_BLOCKS.items() if one is block)
    made = block.model_validate(dict(registry.source_platform(platform).example))
    assert made.build().connection.name == platform
    assert made.build("crm").connection.name == "crm"
    assert made.build("crm", fields=["vin"])._read_by_map == {"vin"}
    assert "customer" not in made.build("crm")._read_by_map
    assert len(made.build("crm")._read_by_map) > 5


@pytest.mark.parametrize(
    ("block", "platform"),
    [*((PAYMENT_BLOCKS[name], one) for name, one in registry.PAYMENTS.items()),
     *((SIGNATURE_BLOCKS[name], one) for name, one in registry.SIGNATURES.items())],
    ids=lambda one: getattr(one, "name", ""),
)  # fmt: skip
def test_a_reader_is_built_under_its_name(block: Any, platform: registry.Platform) -> None:
    made = block.model_validate(dict(platform.example))
    assert made.build()._connection.name == platform.name
    assert made.build("cards")._connection.name == "cards"
