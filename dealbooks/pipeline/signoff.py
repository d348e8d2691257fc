"""What was shown of a period for signing, and who signed it, as the store keeps it.

A signature is for one statement. When something else is shown of the period, the signatures before it are void: they
stay in the store, and count for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.closing.signers import KEY, Signer
from dealbooks.closing.statement import entry_hash, same_shown, signed_bytes, statement_hash
from dealbooks.closing.texts import name_key, one_line
from dealbooks.errors import UsageError
from dealbooks.periods import Period
from dealbooks.store import Store, Tx
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import signatures, signoffs

_MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """What waits for signatures: the statement, what stood in the way and what was totalled when it was shown
    (`seen`), the page that shows it, what is otherwise than what was shown before it (`changed`), and the signatures
    that count, oldest first. `run` is the flow run that shows it, `answers` how many of its forms were dealt with."""

    id: str
    book: str
    period: str
    number: int
    statement: Mapping[str, Any]
    seen: Mapping[str, Any]
    page: str
    run: str
    answers: int
    shown_at: str
    changed: tuple[str, ...] = ()
    signatures: tuple[Mapping[str, Any], ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the statement."""
        return statement_hash(self.statement)

    @property
    def obstacles(self) -> Sequence[Mapping[str, Any]]:
        """What stood in the way when it was shown."""
        found: Sequence[Mapping[str, Any]] = self.seen["obstacles"]
        return found

    @property
    def accepted(self) -> dict[str, str]:
        """Exceptions that were accepted by a signature that counts: id -> note."""
        return {item["id"]: item["note"] for one in self.signatures for item in one["accepted"]}

    @property
    def wanted(self) -> int:
        """How many signatures are still wanted."""
        return max((2 if self.statement["four_eyes"] else 1) - len(self.signatures), 0)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "shown": self.number, "sha256": self.sha256, "shown_at": self.shown_at, "page": self.page,
            "statement": dict(self.statement), "signatures": [dict(one) for one in self.signatures],
            "signatures_wanted": self.wanted, "changed": list(self.changed),
        }  # fmt: skip


def waiting(conn: Connection, book: str, period: Period) -> Shown | None:
    """What of a period waits for signatures, if anything was shown."""
    mine = (signoffs.c.book == book) & (signoffs.c.period == str(period)) & (signoffs.c.state == "waiting")
    rows = read_rows(conn, select(signoffs).where(mine))
    return _shown(conn, rows[0]) if rows else None


def half_signed(conn: Connection, book: str) -> tuple[Shown, ...]:
    """The months of a book that one person has signed, and that wait for a second, oldest first."""
    mine = (signoffs.c.book == book) & (signoffs.c.state == "waiting")
    rows = read_rows(conn, select(signoffs).where(mine).order_by(signoffs.c.period))
    found = (_shown(conn, row) for row in rows)
    return tuple(one for one in found if one.signatures and one.wanted)


def show(
    tx: Tx,
    book: str,
    period: Period,
    statement: Mapping[str, Any],
    seen: Mapping[str, Any],
    *,
    page: str,
    run: str = "",
) -> tuple[Shown, Shown | None]:
    """Keep what is shown now. Gives it, and what was shown before if that was something else; signatures that were
    given for that are void. What is the same as before stays as it was, with its signatures."""
    before = waiting(tx.conn, book, period)
    if before is not None and same_shown(before.statement, statement):
        if run and run != before.run:
            _of_run(tx, before, run, 0)
        return before, None
    changed: tuple[str, ...] = ()
    if before is not None:
        end(tx, before, "superseded")
        changed = what_changed(before.seen, seen)
    number = len(read_rows(tx.conn, select(signoffs.c.id).where(signoffs.c.book == book))) + 1
    full = {**statement, "shown_at": tx.at}
    body = canonical_json({"statement": full, "seen": dict(seen), "page": page, "changed": list(changed)})
    row: Row = {
        "id": f"{book}/{period}/{number}", "book": book, "period": str(period), "number": number, "state": "waiting",
        "run": f"{run}/0", "body": body, "body_hash": sha256_hex(body), "shown_at": tx.at,
    }  # fmt: skip
    tx.insert("signoffs", [row])
    return _shown(tx.conn, row), before


def answered(store: Store, actor: str, shown: Shown) -> None:
    """One more form of the run that shows it was dealt with, and signed nothing."""
    with store.transaction(actor, f"answer about {shown.period}") as tx:
        _of_run(tx, shown, shown.run, shown.answers + 1)


def _of_run(tx: Tx, shown: Shown, run: str, answers: int) -> None:
    tx.conn.execute(signoffs.update().where(signoffs.c.id == shown.id).values(run=f"{run}/{answers}"))


def end(tx: Tx, shown: Shown, state: str) -> None:
    """Bring what was shown to its end: superseded, declined or closed. Signatures count only with closed."""
    own = read_rows(tx.conn, select(signoffs).where(signoffs.c.id == shown.id))
    tx.update("signoffs", own, state=state)
    if state != "closed":
        mine = (signatures.c.signoff == shown.id) & (signatures.c.state == "counts")
        tx.update("signatures", read_rows(tx.conn, select(signatures).where(mine)), state="void")


def add_signature(
    tx: Tx, shown: Shown, signer: Signer, *, note: str, accepted: Sequence[Mapping[str, str]], state: str = "counts"
) -> Shown:
    """Sign what is shown. `accepted` are the exceptions that this person accepts, each with a note. Who has signed it
    already signs nothing again.

    Raises:
        UsageError: the book asks for two people with a key each, and this is no key, or one that has signed; or what
            was shown waits for nobody any more.
    """
    [own] = read_rows(tx.conn, select(signoffs).where(signoffs.c.id == shown.id))
    if own["state"] != "waiting":
        raise UsageError(
            f"What was shown of {shown.period} of {shown.book} is {own['state']}, and waits for nobody any more.",
            fix=f"dealbooks close {shown.book} {shown.period} shows it anew.",
        )
    if state == "counts":
        check_signer(shown, signer)
        if signed_by(shown, signer) is not None:
            return shown
    entry: dict[str, Any] = {
        "part": "approved by" if shown.signatures else "signed by", "name": signer.name,
        "identified_by": signer.identified_by, "account": signer.account, "at": tx.at, "note": note,
        "accepted": [dict(one) for one in accepted], "before": [entry_hash(one) for one in shown.signatures],
    }  # fmt: skip
    if signer.key is not None:
        entry["key"] = signer.key.public
        entry["signature"] = signer.key.sign(signed_bytes(shown.statement, entry))
    body = canonical_json(entry)
    count = len(read_rows(tx.conn, select(signatures.c.id).where(signatures.c.signoff == shown.id)))
    row: Row = {
        "id": f"{shown.id}/{count + 1}", "book": shown.book, "signoff": shown.id, "state": state,
        "name": signer.name, "body": body, "body_hash": sha256_hex(body), "at": tx.at,
    }  # fmt: skip
    tx.insert("signatures", [row])
    return _shown(tx.conn, own)


def stands(conn: Connection, shown: Shown) -> bool:
    """Whether something waits as it was shown, with the very signatures that it had."""
    now = waiting(conn, shown.book, Period.parse(shown.period))
    return now is not None and (now.id, now.signatures) == (shown.id, shown.signatures)


def check_signer(shown: Shown, signer: Signer) -> None:
    """Raise UsageError when this person cannot sign what is shown."""
    if not shown.statement["four_eyes"]:
        return
    if signer.identified_by != KEY or signer.key is None:
        raise UsageError(
            f"{shown.book} is closed by two people, each with a personal signing key.",
            fix=f"dealbooks close {shown.book} {shown.period} --sign '{signer.name}' --key FILE",
        )
    same_name = signed_by(shown, signer)
    if same_name is not None and shown.wanted:
        raise UsageError(
            f"{signer.name} has signed already; the second signature is somebody else's.",
            fix="Let another person sign, with a key of their own.",
        )
    if same_name is None and any(one.get("key") == signer.key.public for one in shown.signatures):
        raise UsageError(
            f"The key of {signer.name} is the one that {shown.signatures[0]['name']} signed with.",
            fix="Two people sign with two keys: 'dealbooks keys new NAME' makes one for each.",
        )


def signed_by(shown: Shown, signer: Signer) -> Mapping[str, Any] | None:
    """The signature of this person that counts."""
    return next((one for one in shown.signatures if name_key(one["name"]) == name_key(signer.name)), None)


def decline(store: Store, actor: str, shown: Shown, signer: Signer, note: str) -> None:
    """Keep that a person would not sign what was shown; it waits for nobody any more.

    Raises:
        UsageError: it waits for nobody since it was read, or the note is none that can stand on paper.
    """
    note = one_line(note, "The note")
    with store.transaction(actor, f"decline to close {shown.period}") as tx:
        add_signature(tx, shown, signer, note=note, accepted=(), state="declined")
        end(tx, shown, "declined")


def what_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What is shown now and was not before, and the reverse, in words without a customer's data; `seen` of both."""
    words: list[str] = []
    was = {one["id"]: one for one in old["obstacles"]}
    now = {one["id"]: one for one in new["obstacles"]}
    words += [f"New: {_named(one)}." for one_id, one in now.items() if one_id not in was]
    words += [f"No longer there: {_named(one)}." for one_id, one in was.items() if one_id not in now]
    both = [(was[one_id], one) for one_id, one in now.items() if one_id in was]
    words += [f"Not as it was: {_named(one)}." for before, one in both if before["what"] != one["what"]]
    for account in sorted({*old["closing"], *new["closing"]}):
        before, after = old["closing"].get(account, "nothing"), new["closing"].get(account, "nothing")
        if before != after:
            words.append(f"{account} was {before}, and is {after}.")
    if not words:
        files = sorted({*old["files"], *new["files"]})
        differ = [name for name in files if old["files"].get(name) != new["files"].get(name)]
        made = ", ".join(differ) or "the versions that it was made with, or how many people sign it"
        words = [f"The same totals, and otherwise not the same: {made}."]
    more = len(words) - _MOST_WORDS
    return (*words[:_MOST_WORDS], f"And {more} more.") if more > 0 else tuple(words)


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['code']}{', deal ' if one['deal'] else ''}{one['deal']} ({one['id']})"


def _shown(conn: Connection, row: Row) -> Shown:
    body = json.loads(row["body"])
    mine = (signatures.c.signoff == row["id"]) & (signatures.c.state == "counts")
    found = read_rows(conn, select(signatures).where(mine).order_by(signatures.c.at, signatures.c.id))
    run, _, answers = row["run"].partition("/")
    return Shown(
        row["id"], row["book"], row["period"], row["number"], body["statement"], body["seen"], body["page"],
        run, int(answers), row["shown_at"], tuple(body["changed"]), tuple(json.loads(one["body"]) for one in found),
    )  # fmt: skip
