"""What is signed, and whether what a certificate says was signed by whom it names. Pure; needs no store.

A *statement* says what was shown: the hash of the report, of the parts of the pack that show it, the head of the audit
chain, the versions. Each signature is over the statement, over who signs, when, with which notes, and over the
signatures before it. So none of them can be moved to another report, nor a note be changed, nor one of two be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.closing.keys import holds
from dealbooks.closing.signers import KEY
from dealbooks.closing.texts import name_key

FORMAT = 1
# Parts of the statement that only say when it was made: the same report shown again is the same statement.
_WHEN = ("audit_head", "shown_at")
_SAME = ("book", "legal_entity", "currency", "period", "report_sha256", "agreed", "versions")
_PREPARED = "prepared by"


def same_shown(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two statements are of the same thing."""
    return _what(one) == _what(other)


def statement_hash(statement: Mapping[str, Any]) -> str:
    """The hash by which a statement is called."""
    return sha256_hex(canonical_json(dict(statement)))


def content_hash(files: Mapping[str, str]) -> str:
    """One hash of the files of a pack that show what is signed: file -> its SHA-256. Left out are those that the
    signatures themselves change (page, workbook, certificate), the stories of deals, which go on, and the ledger's own
    files, which hold later months too; the manifest seals them all."""
    shown = {name: value for name, value in files.items() if is_content(name)}
    return sha256_hex(canonical_json(shown)) if shown else ""


def is_content(name: str) -> bool:
    """Whether a file of a pack is among those."""
    fixed = name in ("report.json", "beancount/period.beancount")
    return fixed or (name.startswith("csv/") and name != "csv/checks.csv")


def signed_bytes(statement: Mapping[str, Any], entry: Mapping[str, Any]) -> bytes:
    """What a person's key signs: the statement and the whole entry but the signature itself."""
    without = {name: value for name, value in entry.items() if name != "signature"}
    return canonical_json({"signature": without, "statement": dict(statement)}).encode()


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash by which the next signature names this one."""
    return sha256_hex(canonical_json(dict(entry)))


def signing(certificate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The signatures of a certificate, without the line of who prepared it."""
    return [one for one in certificate.get("signatures", ()) if one.get("part") != _PREPARED]


def check_signatures(
    certificate: Mapping[str, Any], content: str, pins: Mapping[str, str] | None = None
) -> tuple[list[str], list[str]]:
    """What was checked, and what is wrong, in words. `content` is the `content_hash` of the pack's files as they are,
    `pins` give keys that are known from elsewhere: name -> public key. That person must have signed, with that key."""
    checked: list[str] = []
    wrong: list[str] = []
    if not _is_whole(certificate):
        return checked, ["names its signatures in a form that is none of ours"]
    signed = signing(certificate)
    statement = certificate.get("statement")
    if isinstance(statement, Mapping):
        wrong += _statement_differs(certificate, statement, content)
        before: list[str] = []
        for one in signed:
            wrong += _entry_wrong(statement, one, before)
            before.append(entry_hash(one))
        wrong += _not_four_eyes(statement, signed)
        wrong += _accepted_by_nobody(certificate, signed)
        keyed = [one for one in signed if one.get("identified_by") == KEY]
        if keyed:
            names = ", ".join(str(one.get("name")) for one in keyed)
            checked.append(
                f"the signatures of {names} against the keys in the certificate (whose they are must be known from "
                "elsewhere: --key NAME=FILE)"
            )
    elif any(one.get("identified_by") == KEY for one in signed):
        wrong.append("says that a key signed, and holds no statement that was signed")
    for name, public in (pins or {}).items():
        theirs = [one for one in signed if name_key(str(one.get("name", ""))) == name_key(name)]
        if isinstance(statement, Mapping) and any(_is_by(public, statement, one) for one in theirs):
            checked.append(f"the key of {name} is the one that you gave")
        else:
            wrong.append(f"was not signed by {name} with the key that you gave")
    return checked, wrong


def _is_whole(certificate: Mapping[str, Any]) -> bool:
    """Whether the parts that are read here are lists of tables, as we write them."""
    lists = [certificate.get("signatures", ()), certificate.get("accepted", ())]
    if not all(isinstance(one, list | tuple) and all(isinstance(item, dict) for item in one) for one in lists):
        return False
    inner = [one.get("accepted", ()) for one in lists[0]]
    return all(isinstance(one, list | tuple) and all(isinstance(item, dict) for item in one) for one in inner)


def _what(statement: Mapping[str, Any]) -> str:
    return canonical_json({name: value for name, value in statement.items() if name not in _WHEN})


def _statement_differs(certificate: Mapping[str, Any], statement: Mapping[str, Any], content: str) -> Iterable[str]:
    for name in _SAME:
        if statement.get(name) != certificate.get(name):
            yield f"says another {name.replace('_', ' ')} than the statement that was signed"
    if statement.get("pack_sha256") != content:
        yield "is not of the tables of this pack: other ones were shown to who signed"


def _entry_wrong(statement: Mapping[str, Any], one: Mapping[str, Any], before: Sequence[str]) -> Iterable[str]:
    name = one.get("name")
    if one.get("before") != list(before):
        yield f"the signature of {name} does not follow from those before it: one was changed, added or left out"
    if one.get("identified_by") == KEY and not _is_by(str(one.get("key")), statement, one):
        yield f"the signature of {name} is not by the key that stands beside it, or what it signs was changed"


def _is_by(public: str, statement: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether a signature was made with a key."""
    return one.get("key") == public and holds(public, signed_bytes(statement, one), str(one.get("signature")))


def _not_four_eyes(statement: Mapping[str, Any], signed: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    if statement.get("four_eyes") is not True:
        return
    people = {name_key(str(one.get("name"))) for one in signed}
    keys = {one.get("key") for one in signed if one.get("identified_by") == KEY}
    if len(people) < 2 or len(keys) < 2:
        yield "needs the signatures of two people with a key each, and has not got them"


def _accepted_by_nobody(certificate: Mapping[str, Any], signed: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    given = {str(item.get("id")): item.get("note") for one in signed for item in one.get("accepted", ())}
    said = {str(item.get("id")): item.get("note") for item in certificate.get("accepted", ())}
    if given != said:
        yield "says that other exceptions were accepted, or with other notes, than the signatures do"
