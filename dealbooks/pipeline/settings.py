"""Which book a record belongs to, and by which configuration it is judged."""

from __future__ import annotations

from collections.abc import Sequence

from dealbooks import registry
from dealbooks.deal.rules import Known
from dealbooks.draft import RawRecord
from dealbooks.house import House
from dealbooks.pipeline.judge import Judged, Setting


class BookFinder:
    """Finds the book of each record of one source by its store code, as `sources.NAME.books` maps locations."""

    def __init__(self, house: House, source: str) -> None:
        self._house = house
        self._source = source
        self._books = house.source_config(source).books
        self._settings: dict[str, Setting] = {}
        self._by_store = self._stores()
        self._reads_records = registry.source_platform(house.source_config(source).platform).kind == "records"

    def store_code(self, record: RawRecord) -> str:
        """The store as the record names it; empty when it does not. A record over an API says it through its map."""
        said = record.data.get("store_code")
        if not said and self._reads_records:
            said = self._house.field_map(self._source).value("said.store_code", record.data)
        return str(said or "")

    def book_of(self, record: RawRecord) -> str | None:
        """The record's book; None when its store is not mapped."""
        return self.book_of_store(self.store_code(record))

    def book_of_store(self, store_code: str) -> str | None:
        """The book of a store code; without one, the source's only book."""
        if store_code:
            return self._by_store.get(store_code.upper())
        only = set(self._books.values())
        return only.pop() if len(only) == 1 else None

    def location_of_store(self, book: str, store_code: str) -> str:
        """The location of a store code in its book; the code itself when the rulebook does not say."""
        for place in self._house.rulebook(book).locations:
            if store_code.upper() in {code.upper() for code in (*place.store_codes, place.location)}:
                return str(place.location)
        return store_code

    def setting(self, record: RawRecord, known: str = "") -> Setting | None:
        """The configuration for a record; None when its store is not mapped to a book. A record that takes back a deal
        of the book `known` need not name its store."""
        book = known if known and record.action == "void" and not self.store_code(record) else self.book_of(record)
        if book is None:
            return None
        if book not in self._settings:
            config = self._house.book_config(book)
            self._settings[book] = Setting(
                book=self._house.book(book),
                rulebook=self._house.rulebook(book),
                field_map=self._house.field_map(self._source),
                source=self._source,
                locations=config.locations,
                known=Known(
                    legal_entities=frozenset(one.legal_entity for one in self._house.config.books.values()),
                    locations=frozenset(config.locations),
                    sources=frozenset(self._house.config.sources),
                    base_currency=config.currency,
                    regime=config.regime,
                    vat_period_starts=config.policies.vat_period_starts,
                    today=self._house.today(book),
                    future_days=config.future_days,
                ),
            )
        return self._settings[book]

    def identity(self, record: RawRecord, judged: Judged) -> Sequence[str]:
        """What makes two records one sale, by the policy of the book."""
        deal = judged.deal
        if deal is not None and self._house.book_config(self._house_book(record)).identity == "vin_customer_date":
            return ("vin_customer_date", deal.vehicle.vin, deal.customer.id, deal.accounting_date.isoformat())
        number = record.natural_key.rsplit(":", 1)[-1]
        if self._reads_records:  # there the key is the platform's own id
            number = str(self._house.field_map(self._source).value("deal_id", record.data) or number)
        return ("deal_number", self.store_code(record).upper(), number)

    def _house_book(self, record: RawRecord) -> str:
        return self.book_of(record) or ""

    def _stores(self) -> dict[str, str]:
        stores: dict[str, str] = {}
        for location, book in self._books.items():
            stores[location.upper()] = book
            for place in self._house.rulebook(book).locations:
                if place.location == location:
                    stores.update({code.upper(): book for code in place.store_codes})
        return stores
