"""What Prefect blocks of ours have in common: the settings that they hand over, and the test of the connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from prefect.blocks.core import Block
from pydantic import BaseModel, Secret, SecretStr

from dealbooks import registry
from dealbooks.book import Book
from dealbooks.errors import DealbooksError
from dealbooks.ledger import Ledger
from dealbooks.mapping import FieldMap
from dealbooks.payments import PaymentReader
from dealbooks.signatures import SignatureReader
from dealbooks.source import DealSource


class SettingsBlock(Block, ABC):
    """A block that holds settings of a connection. `_named` are fields that are called otherwise than their setting; a
    field `more` holds settings that have no field of their own, by name."""

    _named: ClassVar[Mapping[str, str]] = {}

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml, secrets in clear: never log them. What is as it usually
        is is left out; what was set to no or to nothing is not."""
        found: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if name != "more" and value != field.get_default(call_default_factory=True):
                found[self._named.get(name, name)] = _in_clear(value)
        return found | dict(getattr(self, "more", {}))


class RecordsBlock(SettingsBlock, ABC):
    """The block of a source whose records are read over an API."""

    _platform: ClassVar[str]

    def build(
        self,
        name: str = "",
        *,
        fields: Collection[str] = (),
        folder: Path | None = None,
        services: registry.Services | None = None,
    ) -> DealSource:
        """The source, under its name in dealbooks.yaml. `fields` are the paths that its map reads, by default those of
        the shipped map; `folder` is where a relative path starts; `services` keep the tokens that a person's consent
        gives.

        Raises:
            ConfigError: a setting is missing or wrong.
        """
        platform = registry.source_platform(self._platform)
        built = platform.build(
            name=name or self._platform,
            settings=self.settings(),
            folder=folder or Path(),
            services=services,
            fields=fields or FieldMap.load(platform.default_map).reads(),
        )
        return cast(DealSource, built)

    def check(self, name: str = "check", services: registry.Services | None = None) -> list[str]:
        """What is wrong with the settings and the connection, in words: asks for what the map reads, and for one
        record. Empty when all is well. `name` is that of the source in dealbooks.yaml, where `services` keep tokens."""
        return _told(lambda: self.build(name, services=services))


class PaymentsBlock(SettingsBlock, ABC):
    """The block of a provider at which payments are read."""

    _platform: ClassVar[str]

    def build(self, name: str = "") -> PaymentReader:
        """The reader, under its name in dealbooks.yaml.

        Raises:
            ConfigError: a setting is missing or wrong.
        """
        platform = registry.payment_platform(self._platform)
        return cast(PaymentReader, platform.build(name=name or self._platform, settings=self.settings()))

    def check(self) -> list[str]:
        """What is wrong with the settings and the connection, in words: asks for a payment. Empty when all is well."""
        return _told(lambda: self.build("check"))


class SignaturesBlock(SettingsBlock, ABC):
    """The block of a provider at which signed contracts are read."""

    _platform: ClassVar[str]

    def build(self, name: str = "") -> SignatureReader:
        """The reader, under its name in dealbooks.yaml.

        Raises:
            ConfigError: a setting is missing or wrong.
        """
        platform = registry.signature_platform(self._platform)
        return cast(SignatureReader, platform.build(name=name or self._platform, settings=self.settings()))

    def check(self) -> list[str]:
        """What is wrong with the settings and the connection, in words: asks the provider. Empty when all is well."""
        return _told(lambda: self.build("check"))


class LedgerBlock(SettingsBlock, ABC):
    """The block of a ledger over an API."""

    _platform: ClassVar[str]

    @abstractmethod
    def check_settings(self) -> None:
        """Check them without a book. Raises ConfigError: a setting is missing or wrong."""

    def build(
        self,
        book: Book,
        *,
        services: registry.Services | None = None,
        title: str = "",
        locations: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Ledger:
        """The ledger of a book. `services` keep the tokens of a ledger that needs a person's consent; `locations` gives
        a location code its name in the ledger.

        Raises:
            ConfigError: a setting is missing or wrong, or the book has no chart that fits.
        """
        built = registry.ledger_platform(self._platform).build(
            book=book,
            title=title or book.name,
            locations=locations or {},
            settings=self.settings(),
            folder=folder or Path(),
            services=services,
        )
        return cast(Ledger, built)

    def check(self, book: Book | None = None, services: registry.Services | None = None) -> list[str]:
        """What is wrong with the settings and, for a book, with the connection, the company and the accounts, in words.
        Empty when all is well."""
        return _told(lambda: self.build(book, services=services) if book is not None else self.check_settings())


class _Connection(Protocol):
    def problems(self) -> list[str]: ...


def _told(make: Callable[[], _Connection | None]) -> list[str]:
    """What is wrong with a connection, or why it cannot be made. None: there is none to be asked."""
    try:
        made = make()
        return made.problems() if made is not None else []
    except DealbooksError as error:
        return [error.words]


def _in_clear(value: Any) -> Any:
    if isinstance(value, SecretStr | Secret):
        return value.get_secret_value()
    return value.model_dump() if isinstance(value, BaseModel) else value
