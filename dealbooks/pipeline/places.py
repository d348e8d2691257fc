"""Whose deals a bare deal number may be: each store numbers its deals by itself, unless the settings say otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from dealbooks.config import Config
from dealbooks.events.match import Candidate

_Place = tuple[str, str, str]  # book, location, and the source where two sources of a store may give one number twice


def others(config: Config, deal: Candidate, sources: frozenset[str] | None, source: str) -> list[str]:
    """In words, the places other than a deal's own in which another deal may have its number; none when the number is
    clear: a number is given once in the whole group, or there is one place only.

    Args:
        sources: those of which the number was said to be; None: of any.
        source: the one whose deals the webhook tells about; empty: any.
    """
    if not config.events.store_numbers:
        return []
    named = sources if sources is not None else {source} if source else config.sources
    found = dict.fromkeys(place for name in named for place in _places(config, name))
    own = _place(config, deal.book, deal.location, deal.source)
    return [_said(one, deal.book) for one in found if one != own]


def _places(config: Config, source: str) -> Iterable[_Place]:
    return [_place(config, book, location, source) for location, book in config.sources[source].books.items()]


def _place(config: Config, book: str, location: str, source: str) -> _Place:
    by_number = config.books[book].identity == "deal_number"  # then one number in a store is one deal, whoever tells it
    return book, location, "" if by_number else source


def _said(place: _Place, own_book: str) -> str:
    book, location, source = place
    words = location if book == own_book else f"{location} ({book})"
    return f"{words} that {source} tells of" if source else words
