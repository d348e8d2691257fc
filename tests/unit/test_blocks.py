"""Block standards: every block of ours has what the Prefect UI and the next release need."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.types import SecretDict

import blocks as blocks_package
from blocks import resolve as resolving
from blocks.ledgers.beancount.block import BeancountBooks
from blocks.register import BLOCKS, LEDGER_BLOCKS, PAYMENT_BLOCKS, SIGNATURE_BLOCKS, SOURCE_BLOCKS
from blocks.sources.csv_files.block import CsvDrop
from dealbooks import registry
from dealbooks.book import Account, Book, Chart
from dealbooks.errors import ConfigError

every_block = pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)


def test_every_block_in_the_tree_is_registered() -> None:
    found = set()
    for module in pkgutil.walk_packages(blocks_package.__path__, "blocks."):
        if module.name.endswith(".block"):
            members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
            found |= {cls for _, cls in members if issubclass(cls, Block) and cls.__module__ == module.name}
    assert found == set(BLOCKS)


def test_every_platform_has_a_block() -> None:
    assert set(LEDGER_BLOCKS) == set(registry.LEDGERS)
    assert set(SOURCE_BLOCKS) == set(registry.SOURCES)
    assert set(PAYMENT_BLOCKS) == set(registry.PAYMENTS)
    assert set(SIGNATURE_BLOCKS) == set(registry.SIGNATURES)


def test_the_package_itself_imports_nothing() -> None:
    assert Path(str(blocks_package.__file__)).read_text(encoding="utf-8") == ""


# Slugs are for ever: documents are found by them.
def test_slugs_are_as_they_always_were() -> None:
    assert {block.__name__: block.get_block_type_slug() for block in BLOCKS} == {
        "AdobeSign": "adobe-sign",
        "BeancountBooks": "beancount",
        "CsvDrop": "csv-files",
        "DocuSign": "docusign",
        "DropboxSign": "dropbox-sign",
        "GoCardless": "gocardless",
        "GoogleSheets": "google-sheets",
        "HubSpot": "hubspot",
        "Odoo": "odoo",
        "OdooSales": "odoo-sales",
        "QuickBooksOnline": "quickbooks",
        "Salesforce": "salesforce",
        "Stripe": "stripe",
        "Xero": "xero",
    }


@every_block
def test_the_slug_is_stated_not_made_from_the_class_name(block: type[Block]) -> None:
    assert vars(block).get("_block_type_slug")
    assert vars(block).get("_block_type_name")


@every_block
def test_the_block_says_what_it_is_and_how_it_is_used(block: type[Block]) -> None:
    assert len(block.get_description() or "") > 40
    assert "block:" in (inspect.getdoc(block) or "")


@every_block
def test_every_field_has_a_title_a_description_and_a_default(block: type[Block]) -> None:
    for name, field in block.model_fields.items():
        assert field.title, name
        assert field.description, name
        assert not field.is_required(), f"{name}: a document of an older release would not load"


@every_block
def test_a_document_of_an_older_release_loads(block: type[Block]) -> None:
    assert block.model_validate({}) == block()


@every_block
def test_what_may_be_secret_is_masked(block: type[Block]) -> None:
    words = ("secret", "token", "password", "key", "storage")
    for name, field in block.model_fields.items():
        if any(word in name for word in words):
            assert field.annotation is SecretDict or "Secret" in str(field.annotation), name


def test_a_secret_of_a_drop_folder_is_shown_nowhere() -> None:
    drop = CsvDrop(path="s3://bucket/out", storage=SecretDict({"secret": "hunter2", "key": "AKIA1"}))
    shown = f"{drop!r} {drop} {drop.model_dump_json()} {drop.model_dump()}"
    assert "hunter2" not in shown
    assert "AKIA1" not in shown
    assert CsvDrop.model_json_schema()["secret_fields"] == ["storage.*"]
    assert drop.settings()["storage"] == {"secret": "hunter2", "key": "AKIA1"}


def test_a_drop_folder_block_builds_the_source(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    drop = CsvDrop(path="inbox", layouts=["completed_sale"])
    source = drop.build("drop", tmp_path)
    assert source.name == "drop"
    assert Path(source.settings.path) == tmp_path / "inbox"
    assert drop.check(tmp_path) == []


def test_a_drop_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    problems = CsvDrop(path="gone").check(tmp_path)
    assert len(problems) == 1
    assert "gone" in problems[0]


def _book() -> Book:
    accounts = {"sales.used": Account(number="4000", name="Used vehicle sales", type="income")}
    return Book("northgate", "NG", "GBP", "uk", chart=Chart(name="test", roles=accounts))


def test_a_beancount_block_builds_the_ledger(tmp_path: Path) -> None:
    ledger = BeancountBooks(path="books/ng").build(_book(), folder=tmp_path)
    assert ledger.main == tmp_path / "books" / "ng" / "main.beancount"
    assert BeancountBooks(path="books/ng").check(tmp_path) == []


def test_a_ledger_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "books").write_text("not a folder")
    assert "is a file" in BeancountBooks(path="books/ng").check(tmp_path)[0]


def test_settings_left_empty_do_not_hide_the_defaults() -> None:
    assert BeancountBooks(path="books/ng").settings() == {"path": "books/ng"}


@pytest.mark.parametrize("reference", ["beancount", "abacus/main", "/name", "beancount/"])
def test_a_reference_that_names_no_block_is_a_configuration_error(reference: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolving.resolve(reference)
    assert "beancount, csv-files" in caught.value.fix


def test_a_reference_is_resolved_to_the_settings_of_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []

    def load(_cls: type[Block], name: str, *, _sync: bool = False, **_: Any) -> CsvDrop:
        asked.append((name, _sync))
        return CsvDrop(path="s3://bucket/out", storage=SecretDict({"key": "k"}))

    monkeypatch.setattr(CsvDrop, "load", classmethod(load))
    assert resolving.resolve("csv_files/drop")["storage"] == {"key": "k"}
    assert asked == [("drop", True)]
