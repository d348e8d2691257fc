"""`pack` and `verify`: the folder that goes to the auditor, and the proof that nothing in it was changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import FAULT
from dealbooks.cli.periods import BookArgument, PeriodArgument
from dealbooks.cli.session import JsonOption, Session, Switch
from dealbooks.plural import counted


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("pack")(pack)
    app.command("verify")(verify)


def pack(
    context: typer.Context,
    book: BookArgument,
    period: PeriodArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where to; by default packs/BOOK-PERIOD-draft in the var folder."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the close pack of a month as a draft.

    Report, workbook, CSV, JSON, trial balance, checks, and the ledger for bean-check. It is marked DRAFT and has no
    certificate: that comes with `dealbooks close --sign`. The same books give the same bytes.
    """
    from dealbooks.pack import draft_pack

    with Session.of(context).house() as house:
        output.working(f"Reading the ledger of {book} for {period}, and writing the pack ...")
        made = draft_pack(house, book, period, out)
    if as_json:
        output.say_json(made.as_json())
    else:
        output.say(
            f"The draft is {made.folder / 'report.html'} ({counted(made.files, 'file')}). Nothing is closed or signed."
        )


def verify(
    context: typer.Context,
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="The folder of a close pack.")],
    store: Annotated[
        Switch, typer.Option("--store", help="Also hold it against the store of this configuration.")
    ] = False,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="NAME=FILE",
            help="A public key that you were given by the person, in a file: NAME must have signed with it.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Check a close pack: that no file was changed, added, removed or renamed.

    Also that the certificate, the page, the workbook, the CSV and the JSON say the same, and, where it is installed,
    that bean-check accepts the ledger. Signatures by key are checked too; whose a key is must be known from
    elsewhere (--key). Needs no store and no network; with --store the audit chain is asked too.

    Ends 0 when all is as it was made, 1 when something is not (and names it), 2 when the folder is no pack.
    """
    from dealbooks.pack import verify_pack

    verdict = verify_pack(pack, keys=_keys(key or ()))
    if store:
        from dealbooks.pack.chain import held_against_store

        with Session.of(context).house() as house:
            verdict = held_against_store(house, verdict)
    if as_json:
        output.say_json(verdict.as_json())
        return 0 if verdict.intact else FAULT
    output.heading(f"{verdict.book}, {verdict.period}: {'a draft, not signed' if verdict.draft else 'signed'}")
    for said in verdict.checked:
        output.say(f"Checked: {said}.")
    if verdict.problems:
        output.table(["file", "what is wrong"], [(one.file, one.what) for one in verdict.problems], title="Not as made")
    if verdict.certificate:
        output.say(f"The certificate's SHA-256 is {verdict.certificate}: compare it with the one you were told.")
    wrong = f"{counted(len(verdict.problems), 'thing is', 'things are')} not as made."
    output.say("All is as it was made." if verdict.intact else wrong)
    return 0 if verdict.intact else FAULT


def _keys(given: Iterable[str]) -> dict[str, str]:
    """`NAME=FILE` as name -> public key. Raises UsageError."""
    from dealbooks.closing.keys import read_public
    from dealbooks.errors import UsageError

    found = {}
    for one in given:
        name, mark, file = one.partition("=")
        if not mark or not name.strip():
            raise UsageError(f"--key: “{one}” names no person and file.", fix="Write it as --key 'Ann Lee=ann.pub'.")
        found[name.strip()] = read_public(Path(file))
    return found
