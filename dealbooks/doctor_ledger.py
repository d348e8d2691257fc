"""The part of `dealbooks doctor` that looks at ledgers: settings and tokens here; with `online` the ledger itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from dealbooks.checkup import Check
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from dealbooks.registry import ledger_platform


def check_ledger(house: House, book: str, *, online: bool) -> Iterator[Check]:
    """How the ledger of a book stands. An embedded one is always looked into; one over the internet is asked only when
    `online` says so: its name, its closing date, and everything that is missing in it, all at once."""
    what, config = f"book {book}, ledger", house.book_config(book).ledger
    try:
        platform = ledger_platform(config.platform)
        ledger: Any = house.ledger(book)
    except DealbooksError as error:
        yield Check.failed(what, error)
        return
    if not platform.embedded:
        try:
            authorised = _authorisation(house, book, ledger, what)
        except DealbooksError as error:
            authorised = Check.failed(f"{what}, authorisation", error)
        yield authorised
        if authorised.state == "problem":
            return
        if not online:
            yield Check(what, "ok", f"{platform.title}; it was not asked ('dealbooks doctor --online' asks it)")
            return
    yield from _asked(ledger, what, config.platform, None if platform.embedded else house.today(book))


def _authorisation(house: House, book: str, ledger: Any, what: str) -> Check:
    """Whether there is something to show to the platform, by what is kept here. Raises ConfigError."""
    name, tokens = f"{what}, authorisation", getattr(ledger, "tokens", None)
    if tokens is None:
        return Check(name, "ok", "a key is set")
    kept = tokens.state()
    if not tokens.needs_person:
        return Check(name, "ok", "it needs nobody's consent: it has a secret of its own")
    if kept is None:
        return Check(name, "problem", f"{book} is not connected", f"Connect it: dealbooks connect {book}")
    got = f"{kept.renewed_at[:16].replace('T', ' ')} UTC"
    if kept.dead:
        found = f"the ledger does not accept our authorisation any more (since {got})"
        return Check(name, "problem", found, f"Reconnect it: dealbooks connect {book}")
    left = int((kept.until - house.clock()).total_seconds() // 60)
    holds = f"holds for {left} more minutes" if left > 0 else "has run out, and is renewed when it is next needed"
    return Check(name, "ok", f"connected; the token of {got} {holds}")


def _asked(ledger: Any, what: str, platform: str, today: date | None) -> Iterator[Check]:
    """What the ledger itself says; `today` where it has a name and a closing date of its own."""
    try:
        problems = ledger.problems()
        if not problems:
            yield Check(what, "ok", platform if today is None else _standing(ledger, platform, today))
    except DealbooksError as error:
        yield Check.failed(what, error)
        return
    for text in problems:
        yield Check(what, "problem", text, "Mend it in the ledger, then run this again.")


def _standing(ledger: Any, platform: str, today: date) -> str:
    lock = ledger.lock_date()
    closed = f"closed up to {lock}" if lock is not None else "no period is closed"
    early = " (that is in the future: nothing can be posted)" if lock is not None and lock >= today else ""
    return f"{platform}: {ledger.kept_in()}; {closed}{early}; accounts, tax codes and dimensions are there"
