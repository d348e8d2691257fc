"""`plan`: what would be posted, of one deal, of a worked case, or of everything that is new; nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.progress import progress
from dealbooks.cli.session import JsonOption, Session, day

if TYPE_CHECKING:
    from dealbooks.deal.rules import Known
    from dealbooks.house import House
    from dealbooks.pipeline.batch_plan import BatchPlan
    from dealbooks.posting import Worked

_MOST = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def _file(name: str, words: str) -> Any:
    return typer.Option(name, metavar="FILE", exists=True, dir_okay=False, help=words)


def plan(
    context: typer.Context,
    deal: Annotated[Path | None, _file("--deal", "One canonical deal (JSON); needs --book.")] = None,
    book: Annotated[str, typer.Option("--book", help="The book of that deal.")] = "",
    case: Annotated[Path | None, _file("--case", "A worked case (JSON); needs no configuration.")] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; may be given several times.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Only what the source dated on or after this day.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan, for 'dealbooks sync --plan FILE'.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Show what would be posted; change nothing.

    Without --deal or --case it rehearses a whole sync: what would be posted, per account and in total, and what would
    not and why. Ends 0 when every deal that was seen would be posted, 3 when some would not.
    """
    from dealbooks.errors import UsageError

    if deal is not None and case is not None:
        raise UsageError("Give a deal or a case, not both.", fix="Leave out --deal or --case.")
    if (deal is None) == bool(book):
        raise UsageError("--deal and --book belong together.", fix="Give both: --deal FILE --book NAME.")
    if (deal is not None or case is not None) and (out is not None or source or since):
        raise UsageError("--out, --source and --since belong to a plan of everything.", fix="Leave them out.")
    if case is not None:
        return _show_one(*_of_case(case), None, as_json=as_json)
    if deal is not None:
        return _of_deal(Session.of(context), deal, book, as_json=as_json)
    return _of_everything(context, source, since, out, as_json=as_json)


def read_plan(file: Path) -> BatchPlan:
    """A plan that was kept. Raises UsageError."""
    from dealbooks.cli.jsonfile import read_json
    from dealbooks.pipeline.batch_plan import BatchPlan

    return BatchPlan.from_json(read_json(file), str(file))


def _of_case(file: Path) -> tuple[Worked, dict[str, Any]]:
    """The case as it was worked, and what it comes to in the form that the case itself uses."""
    from dealbooks.cli.jsonfile import read_json
    from dealbooks.errors import UsageError
    from dealbooks.posting import work_case

    data = read_json(file)
    if not isinstance(data, dict) or not isinstance(data.get("deal"), dict):
        raise UsageError(
            f"{file} is not a case: it has no deal.",
            fix="A case is a group of fields with deal and, where the deal was amended, deal_amended.",
        )
    worked = work_case(data["deal"], data.get("deal_amended"), data.get("scenario"))
    found, wanted = worked.as_expected(), data.get("expected")
    if wanted is None:
        return worked, found
    stated = wanted.get("entries", []) if isinstance(wanted, dict) else None
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise UsageError(
            f"{file}: expected is not what a case comes to.",
            fix="Leave expected out, or write it as 'dealbooks plan --case FILE --json' shows it.",
        )
    return worked, in_form_of(found, wanted)


def in_form_of(found: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What was found without those of its details that a case of this form does not state: why an entry is dated on
    another day, and what an unwind leaves to collect."""
    unstated = {name for name in ("original_date", "note") if not any(name in one for one in wanted.get("entries", ()))}
    form = {name: value for name, value in found.items() if name != "unwind_incomplete" or name in wanted}
    form["entries"] = [
        {name: value for name, value in entry.items() if name not in unstated} for entry in found["entries"]
    ]
    return form


def _of_deal(session: Session, file: Path, book: str, *, as_json: bool) -> int:
    from dealbooks.book import Locks, OtherBook
    from dealbooks.cli.jsonfile import read_json
    from dealbooks.house import House
    from dealbooks.posting import work_deal
    from dealbooks.readiness import missing_for

    house = House(session.config())
    try:
        kept = house.book(book)
        others = {
            config.legal_entity: OtherBook(house.book(name), Locks(_closed_through(house, name)))
            for name, config in house.config.books.items()
            if name != book
        }
        locks = Locks(_closed_through(house, book))
        wanted = house.book_config(book).post_when
        worked = work_deal(
            read_json(file), kept, known=_known(house, book),
            missing=lambda deal: missing_for(deal, wanted, today=house.today(book)), locks=locks, others=others,
        )  # fmt: skip
        roles = {} if kept.chart is None else {role: f"{a.number} {a.name}" for role, a in kept.chart.roles.items()}
        return _show_one(worked, worked.as_expected(), roles, as_json=as_json)
    finally:
        house.store.close()


def _known(house: House, book: str) -> Known:
    """What the rules may know of the book. A deal may be planned before its source is set up."""
    from dealbooks.deal.rules import Known

    config = house.book_config(book)
    return Known(
        legal_entities=frozenset(one.legal_entity for one in house.config.books.values()),
        locations=frozenset(config.locations),
        base_currency=config.currency,
        regime=config.regime,
        vat_period_starts=config.policies.vat_period_starts,
    )


def _closed_through(house: House, book: str) -> Any:
    """Until when the book is closed; a store that is not there yet is not made for it."""
    from sqlalchemy.engine import make_url

    from dealbooks.pipeline.periods import locks
    from dealbooks.store.schema import revision

    url = make_url(house.store.url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        return None
    return locks(house, book).closed_through if revision(house.store) is not None else None


def _show_one(worked: Worked, data: dict[str, Any], roles: dict[str, str] | None, *, as_json: bool) -> int:
    from dealbooks.cli.page import show_page

    if as_json:
        output.say_json(data)
    else:
        show_page(worked, roles or {})
    return 0


def _of_everything(
    context: typer.Context, source: list[str] | None, since: str, out: Path | None, *, as_json: bool
) -> int:
    from dealbooks.pipeline.plan import plan as rehearse

    since_day = day(since, "--since")
    with Session.of(context).house() as house, progress() as bars:
        found = rehearse(house, sources=source, since=since_day, progress=bars)
    if out is not None:
        _keep(out, found)
    if as_json:
        output.say_json(found.as_json())
    else:
        _show_batch(found, out)
    return 0 if found.complete else NOT_ALL


def _keep(out: Path, found: BatchPlan) -> None:
    from dealbooks.errors import UsageError

    try:
        out.write_text(json.dumps(found.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.", fix="Name another file.") from error


def _show_batch(found: BatchPlan, out: Path | None) -> None:
    totals: dict[tuple[str, str], int] = {}
    for one in found.postings:
        totals[one.book, one.currency] = totals.get((one.book, one.currency), 0) + 1
    output.table(
        ["book", "deal", "entry", "date", "currency", Column("total", amount=True), "note"],
        [
            (one.book, one.deal, one.entry, one.date, one.currency, one.total, _note(one.amends, one.new))
            for one in (found.postings if not output.on_terminal() else found.postings[:200])
        ],
        title=f"Would be posted: {len(found.postings)}",
    )
    if output.on_terminal() and len(found.postings) > 200:
        output.say(f"... and {len(found.postings) - 200} more; --json or --out FILE holds all of them.")
    output.table(
        ["book", "account", "currency", Column("debit", amount=True), Column("credit", amount=True)],
        [(one.book, one.account, one.currency, one.debit, one.credit) for one in found.accounts],
        title="By account",
    )
    for book, count in found.over_limit.items():
        output.say(
            f"{count} posted deals of {book} would be changed: more than a sync does by itself. Keep this plan with"
            " --out FILE, look at it, and post it with 'dealbooks sync --plan FILE'."
        )
    if found.not_posted:
        output.table(
            ["kind", "deal or file", "place", "why"],
            [(one.kind, one.name, one.place, one.reason) for one in found.not_posted],
            title=f"Would not be posted: {len(found.not_posted)}",
        )
    output.say("Nothing was changed." + (f" The plan is kept in {out}." if out is not None else ""))


def _note(amends: object, new: object) -> str:
    return "changes a posted deal" if amends else "" if new else "planned before"
