"""The examination behind `dealbooks doctor`: every part that a house needs, each told in a line with what to do."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module, metadata
from pathlib import Path

from dealbooks import registry
from dealbooks.checkup import Check, State
from dealbooks.config import Config, load_config
from dealbooks.determine import Rulebook
from dealbooks.doctor_ledger import check_ledger
from dealbooks.doctor_secrets import clear_secrets
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from dealbooks.payments import PaymentReader
from dealbooks.signatures import SignatureReader

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(\[[^]]*\])?==(?P<version>[^;\s]+)(?P<marker>.*)")
_LEAST_FREE = 1 << 30
_PREFECT = "http://127.0.0.1:4200/api"


def examine(config_file: Path | None, *, upgrade_store: bool = False, online: bool = False) -> Iterator[Check]:
    """Look at everything; one part that is wrong does not hide the others. Changes nothing but, when asked, the store's
    schema. A ledger over the internet is asked only when `online` says so."""
    yield from _versions()
    try:
        config = load_config(config_file)
        house = House(config)
    except DealbooksError as error:
        yield Check.failed("configuration", error)
        return
    yield Check("configuration", "ok", str(config.file))
    yield from clear_secrets(config)
    try:
        yield _store(house, upgrade=upgrade_store)
        for book in config.books:
            yield from _book(house, book, online=online)
        for source in config.sources:
            yield from _source(house, source)
        for name, one in config.payments.items():
            yield _provider("payments", name, house.payments, f"payments of hook {one.hook}")
        for name, contract in config.signatures.items():
            yield _provider("signatures", name, house.signatures, f"contracts of hook {contract.hook}")
    finally:
        house.store.close()
    yield _disk(house)
    yield from _programs(config)
    yield _prefect()


def _versions() -> Iterator[Check]:
    yield Check("Python", "ok", ".".join(str(part) for part in sys.version_info[:3]))
    wrong = 0
    for name, wanted, optional in _pins():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if not optional:
                wrong += 1
                yield Check(f"version of {name}", "problem", f"{name} {wanted} is not installed", "Run 'uv sync'.")
            continue
        if found != wanted:
            wrong += 1
            fix = f"Install {name}=={wanted}: only this set was run together."
            yield Check(f"version of {name}", "warning", f"{found} is installed, {wanted} is expected", fix)
    if not wrong:
        yield Check("versions", "ok", "every package that is pinned is the one expected (FastAPI among them)")


def _pins() -> list[tuple[str, str, bool]]:
    """Name, version and whether it is optional, of everything that this package pins."""
    found = []
    for text in metadata.requires("dealbooks") or ():
        match = _PINNED.match(text)
        if match is not None:
            found.append((match["name"], match["version"], "extra" in match["marker"]))
    return found


def _store(house: House, *, upgrade: bool) -> Check:
    from dealbooks.store.schema import HEAD, ensure

    try:
        ensure(house.store, upgrade_existing=upgrade)
    except DealbooksError as error:
        return Check.failed("store", error)
    return Check("store", "ok", f"{_shown_url(house.store.url)}, schema {HEAD}")


def _shown_url(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _book(house: House, book: str, *, online: bool) -> Iterator[Check]:
    name = f"book {book}"
    try:
        chart = house.chart(book)
        rules = house.rulebook(book)
    except DealbooksError as error:
        yield Check.failed(name, error)
        return
    yield Check(f"{name}, chart", "ok", f"{chart.name}: {len(chart.roles)} account roles")
    today = house.today(book)
    known = {place.location for place in rules.locations}
    lost = sorted(set(house.book_config(book).locations) - known)
    if lost:
        fix = "Add them under locations: in the rulebook, with the tax jurisdiction of each."
        yield Check(f"{name}, rulebook", "problem", f"the rulebook does not know {', '.join(lost)}", fix)
    elif rules.on(today).defaults is None:
        fix = "Add a section under defaults: that holds today."
        yield Check(f"{name}, rulebook", "problem", f"no defaults of the rulebook hold on {today}", fix)
    else:
        yield Check(f"{name}, rulebook", "ok", f"{rules.rulebook}, in force on {today}")
    yield from _deposits(house, book, rules, today)
    yield from check_ledger(house, book, online=online)


def _deposits(house: House, book: str, rules: Rulebook, today: date) -> Iterator[Check]:
    """The policy that taxes deposits of an earlier VAT period, where the law of the book does not."""
    policies = house.book_config(book).policies
    held = [rule for rule in rules.tax.jurisdictions if rule.covers(today)]
    if policies.vat_period_starts and not any(rule.deposit_tax_point for rule in held):
        found = f"vat_period_starts taxes deposits when they are taken, and by {rules.rulebook} they are no tax point"
        fix = "Take vat_period_starts out of the book's policies, or have your accountant confirm deposit_tax_point."
        yield Check(f"book {book}, policies", "warning", found, fix)


def _source(house: House, source: str) -> Iterator[Check]:
    name = f"source {source}"
    try:
        field_map = house.field_map(source)
        built = house.source(source)
        if registry.source_platform(house.source_config(source).platform).kind == "records":
            yield from _records(name, field_map.name, built.problems())
            return
        listing = built.look(house.clock())
    except DealbooksError as error:
        yield Check.failed(name, error)
        return
    yield Check(name, "ok", f"map {field_map.name}; {len(listing.ready)} files are there")
    for one in listing.waiting:
        if one.overdue:
            fix = "Ask whoever sends it, or drop the missing part."
            yield Check(f"{name}, {one.name}", "warning", f"it waits: {one.reason}", fix)


def _provider(section: str, name: str, reader: Callable[[str], PaymentReader | SignatureReader], reads: str) -> Check:
    """A provider of payments or of contracts; its key is tried."""
    what = f"{section} {name}"
    try:
        problems = reader(name).problems()
    except DealbooksError as error:
        return Check.failed(what, error)
    if problems:
        return Check(what, "problem", problems[0], f"See docs/{section}.md.")
    return Check(what, "ok", f"{reads} can be read")


def _records(name: str, field_map: str, problems: list[str]) -> Iterator[Check]:
    """A source over an API."""
    for text in problems:
        yield Check(name, "problem", text, "Mend it at the source or in its settings, then run this again.")
    if not problems:
        yield Check(name, "ok", f"map {field_map}; it can be read")


def _disk(house: House) -> Check:
    place = next(path for path in (house.var, *house.var.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    shown = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < _LEAST_FREE:
        return Check("disk", "problem", shown, "Free some space: less than 1 GiB is left.")
    return Check("disk", "ok", shown)


def _programs(config: Config) -> Iterator[Check]:
    """The separate programs that read and show the embedded ledger."""
    if not any(book.ledger.platform == "beancount" for book in config.books.values()):
        return
    find = import_module("blocks.ledgers.beancount.programs").find_program
    for program, state in (("bean-check", "problem"), ("bean-query", "problem"), ("fava", "warning")):
        if find(program) is not None:
            yield Check(program, "ok", "installed")
        else:
            missing: State = "problem" if state == "problem" else "warning"
            yield Check(program, missing, "not installed", "Install it with: pip install 'dealbooks[ledger]'")


def _prefect() -> Check:
    """Whether a Prefect server answers; nothing that posts needs one."""
    import httpx

    url = os.environ.get("PREFECT_API_URL") or _PREFECT
    shown = httpx.URL(url).copy_with(username=None, password=None)
    try:
        httpx.get(f"{url}/health", timeout=3.0).raise_for_status()
    except httpx.HTTPError:
        fix = "'dealbooks up' starts one; 'dealbooks sync' works without."
        return Check("Prefect server", "warning", f"none answers at {shown}", fix)
    return Check("Prefect server", "ok", f"answers at {shown}")
