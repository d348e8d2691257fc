"""The house: one open configuration, with its store, books, sources and ledgers, each built when it is first used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from dealbooks import registry
from dealbooks.book import Book, Chart
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.charts import load_chart
from dealbooks.config import BookConfig, Config, SourceConfig
from dealbooks.config_told import BankAccountConfig
from dealbooks.determine import Rulebook, load_rulebook
from dealbooks.errors import ConfigError, UsageError
from dealbooks.ledger import Ledger
from dealbooks.mapping import FieldMap
from dealbooks.payments import PaymentReader
from dealbooks.reconcile.model import MatchPolicy
from dealbooks.signatures import SignatureReader
from dealbooks.store import Store
from dealbooks.store.db import Clock, utc_now
from dealbooks.store.schema import ensure


class House:
    """Everything that a command or a flow needs. Not thread-safe; open one a thread."""

    def __init__(self, config: Config, *, actor: str = "dealbooks", clock: Clock = utc_now) -> None:
        self.config = config
        self.actor = actor
        self.clock = clock
        self.store = Store(store_url(config), clock=clock)
        self._ledgers: dict[str, Ledger] = {}
        self._sources: dict[str, Any] = {}
        self._books: dict[str, Book] = {}
        self._rulebooks: dict[str, Rulebook] = {}
        self._maps: dict[str, FieldMap] = {}
        self._payments: dict[str, PaymentReader] = {}
        self._signatures: dict[str, SignatureReader] = {}

    @classmethod
    @contextmanager
    def open(cls, config: Config, *, actor: str = "dealbooks", clock: Clock = utc_now) -> Iterator[House]:
        """Open a house, its store created or checked; closed at the end."""
        house = cls(config, actor=actor, clock=clock)
        try:
            ensure(house.store)
            yield house
        finally:
            house.store.close()

    @property
    def var(self) -> Path:
        """The folder for archives, reports, Data Docs and logs."""
        return self.config.path(self.config.var)

    def book_config(self, name: str) -> BookConfig:
        """Settings of a book.

        Raises:
            UsageError: naming the books there are.
        """
        if name not in self.config.books:
            known = ", ".join(sorted(self.config.books))
            raise UsageError(
                f"There is no book called {name!r}; there is {known}.", fix="See books: in dealbooks.yaml."
            )
        return self.config.books[name]

    def source_config(self, name: str) -> SourceConfig:
        """Settings of a source.

        Raises:
            UsageError: naming the sources there are.
        """
        if name not in self.config.sources:
            known = ", ".join(sorted(self.config.sources))
            raise UsageError(
                f"There is no source called {name!r}; there is {known}.", fix="See sources: in dealbooks.yaml."
            )
        return self.config.sources[name]

    def bank_accounts(self, book: str) -> dict[str, tuple[BankAccountConfig, str]]:
        """Accounts at banks and payment providers that belong to a book, with their currency."""
        own = self.book_config(book).currency
        return {name: (one, one.currency or own) for name, one in self.config.bank_accounts.items() if one.book == book}

    def payers(self, book: str) -> dict[str, tuple[str, ...]]:
        """By which names banks may know the finance companies and lienholders of a book, by their ids."""
        finance = self.rulebook(book).finance
        lenders = {one.id: (one.name, *one.names) for one in finance.lenders}
        return lenders | {one.id: (*lenders.get(one.id, ()), *one.names) for one in finance.lienholders}

    def today(self, book: str) -> date:
        """The business date in a book's time zone."""
        return self.clock().astimezone(self.book_config(book).zone()).date()

    def book(self, name: str) -> Book:
        """A book as the posting rules need it."""
        if name not in self._books:
            config = self.book_config(name)
            self._books[name] = Book(
                name=name,
                legal_entity=config.legal_entity,
                currency=config.currency,
                regime=config.regime,
                chart=self.chart(name),
                policies=config.policies,
            )
        return self._books[name]

    def book_of_entity(self, legal_entity: str) -> str:
        """The book of another legal entity of the group.

        Raises:
            ConfigError: when no book is kept for it here.
        """
        for name, config in self.config.books.items():
            if config.legal_entity == legal_entity:
                return name
        raise ConfigError(
            f"A car came from {legal_entity}, and no book of dealbooks.yaml is kept for that legal entity.",
            fix="Add its book, or correct legal_entity.",
        )

    def chart(self, name: str) -> Chart:
        """A book's chart of accounts, its own accounts laid over it."""
        config = self.book_config(name)
        return load_chart(self._shipped_or_path(config.chart), config.accounts)

    def rulebook(self, name: str) -> Rulebook:
        """A book's rulebook.

        Raises:
            ConfigError: when it cannot be read, or is for another regime than the book's.
        """
        if name not in self._rulebooks:
            config = self.book_config(name)
            rules = load_rulebook(self._shipped_or_path(config.rules))
            if rules.regime != config.regime:
                raise ConfigError(
                    f"{self.config.file}: books.{name}.rules is {config.rules}, a rulebook for the regime "
                    f"{rules.regime}, but books.{name}.regime is {config.regime}.",
                    fix=f"Name a rulebook for the regime {config.regime}, or correct books.{name}.regime.",
                )
            self._rulebooks[name] = rules
        return self._rulebooks[name]

    def field_map(self, source: str) -> FieldMap:
        """A source's field map."""
        if source not in self._maps:
            config = self.source_config(source)
            wanted = config.map or registry.source_platform(config.platform).default_map
            self._maps[source] = FieldMap.load(self._shipped_or_path(wanted))
        return self._maps[source]

    def source(self, name: str) -> Any:
        """A source, ready to be read."""
        if name not in self._sources:
            config = self.source_config(name)
            platform = registry.source_platform(config.platform)
            wanted = {}
            if platform.kind == "records":
                services = registry.Services(self.store, self.var)
                wanted = {"services": services, "fields": self.field_map(name).reads()}
            self._sources[name] = platform.build(
                name=name,
                settings=self._settings(config.settings, config.block),
                folder=self.config.folder,
                **wanted,
            )
        return self._sources[name]

    def payments(self, name: str) -> PaymentReader:
        """Where the payments of an entry under payments: are read."""
        if name not in self._payments:
            config = self.config.payments[name]
            self._payments[name] = registry.payment_platform(config.platform).build(
                name=name, settings=self._settings(config.settings, config.block)
            )
        return self._payments[name]

    def signatures(self, name: str) -> SignatureReader:
        """Where the contracts of an entry under signatures: are read."""
        if name not in self._signatures:
            config = self.config.signatures[name]
            self._signatures[name] = registry.signature_platform(config.platform).build(
                name=name, settings=self._settings(config.settings, config.block)
            )
        return self._signatures[name]

    def ledger(self, book: str) -> Ledger:
        """The ledger that a book is kept in."""
        if book not in self._ledgers:
            config = self.book_config(book).ledger
            settings = self._settings(dict(config.model_extra or {}), config.block)
            self._ledgers[book] = registry.ledger_platform(config.platform).build(
                book=self.book(book),
                title=self.book_config(book).name,
                locations={code: place.dimension or code for code, place in self.book_config(book).locations.items()},
                settings=settings,
                folder=self.config.folder,
                services=registry.Services(self.store, self.var),
            )
        return self._ledgers[book]

    @cached_property
    def validator(self) -> Any:
        """The data-quality engine (Great Expectations), imported when it is first used."""
        module, _, name = registry.VALIDATOR.partition(":")
        return getattr(import_module(module), name)(docs=self.var / "data_docs")

    def check_row(self, row_id: int, **what: Any) -> Any:
        """A row for the data-quality engine (see `expectations.frame.check_row`)."""
        return import_module("expectations.frame").check_row(row_id, **what)

    def first_look(self, policy: MatchPolicy, key_length: int) -> Any:
        """An empty look over many months (see `dealbooks.pipeline.months`)."""
        module, _, name = registry.FIRST_LOOK.partition(":")
        return getattr(import_module(module), name)(policy, key_length)

    def config_hash(self, book: str, source: str) -> str:
        """Hash of the configuration that a version is pinned to: map, rulebook, chart and policies."""
        config = self.book_config(book)
        parts: Mapping[str, Any] = {
            "map": self.field_map(source).content_hash,
            "rules": self.rulebook(book).content_hash,
            "chart": self.chart(book).model_dump(mode="json"),
            "policies": config.policies.model_dump(mode="json"),
        }
        return sha256_hex(canonical_json(parts))

    def _shipped_or_path(self, value: str) -> str | Path:
        if "/" in value or value.endswith((".yaml", ".yml")):
            return self.config.path(value)
        return value

    def _settings(self, own: dict[str, Any], block: str | None) -> dict[str, Any]:
        if block is None:
            return own
        try:
            resolve = import_module("blocks.resolve").resolve
        except ImportError as error:
            raise ConfigError(
                f"The connection {block} is a Prefect block, and Prefect is not installed here.",
                fix="Install Prefect, or write the settings into dealbooks.yaml.",
            ) from error
        return {**resolve(block), **own}


def store_url(config: Config) -> str:
    """The database URL of a configuration, a relative file taken from its folder.

    Raises:
        ConfigError: it is not a database URL.
    """
    try:
        url = make_url(config.store)
    except Exception as error:  # SQLAlchemy raises ArgumentError and ValueError subclasses here
        raise ConfigError(
            f"{config.file}: store: is not a database URL.", fix="Write sqlite:///var/dealbooks.db or postgresql://..."
        ) from error
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        url = url.set(database=str(config.path(url.database)))
    return url.render_as_string(hide_password=False)
