"""The base of a source over HTTP. A platform's own module says what to call and what its answers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from dealbooks.errors import StopConnection
from dealbooks.http import Call, Connection, Exchange, Renewal, Reply, refused
from dealbooks.oauth import TokenSource
from dealbooks.source import Cursor, Page, SourceCapabilities, SourceRecord


class ApiSource(ABC):
    """Makes the calls of a platform (see `dealbooks.source.DealSource`). `tokens` are what authorises them, for
    `dealbooks connect`; `renew` gets a new authorisation when the old one is refused."""

    def __init__(
        self,
        connection: Connection,
        *,
        tokens: TokenSource | None = None,
        renew: Callable[[], None] | None = None,
    ) -> None:
        self.connection = connection
        self.tokens = tokens
        self._renewal = Renewal(renew or (tokens.renew if tokens is not None else None))

    @property
    @abstractmethod
    def capabilities(self) -> SourceCapabilities:
        """See `DealSource`."""

    @abstractmethod
    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""

    @abstractmethod
    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""

    @abstractmethod
    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`."""

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        """See `DealSource`."""
        return ()

    @abstractmethod
    def problems(self) -> list[str]:
        """See `DealSource`."""

    def get_ready(self) -> None:
        """Have a token that holds."""
        if self.tokens is not None:
            self.tokens.token()

    def read(self, call: Call) -> Reply:
        """Make one call that only reads, again with a new authorisation when the old one is refused. What another
        status than 401 means is the platform's own to say.

        Raises:
            StopConnection: the platform does not answer, is busy, or does not accept our authorisation.
        """
        reply = self._renewal.ask(lambda: self.connection.read(call))
        if refused(reply):
            raise StopConnection(
                f"{self.connection.name} does not accept our authorisation.",
                fix=f"Check the key in its settings, or reconnect it: dealbooks connect {self.connection.name}",
            )
        return reply

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        return self.connection.exchanges()
