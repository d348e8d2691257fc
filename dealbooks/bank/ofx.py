"""OFX and QFX: version 1.x (SGML, most elements not closed) and 2.x (XML), bank and card statements.

OFX states only the balance at the end (LEDGERBAL); what it opened with follows from it. Source: OFX 1.6 and 2.2
specifications, sections 2 and 11 [recalled].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from dealbooks.bank.model import BankLine, Statement, Unreadable, amount_of, checked, currency_of, day_of, shown
from dealbooks.bank.xmltree import read_xml

_DEEPEST = 32
_MOST_NODES = 4_000_000
_ACCOUNTS = ("STMTRS", "CCSTMTRS")
_CHARSET = re.compile(rb"CHARSET:\s*([0-9A-Za-z-]+)")
_ENCODING = re.compile(rb"ENCODING:\s*([0-9A-Za-z-]+)")
_NO_TAG = re.compile(r"<(?!/?[A-Za-z][A-Za-z0-9._]*[ \t]*>)")  # a sign in a text that no tag begins with
_CLOSED = frozenset({"OFX", *_ACCOUNTS, "BANKTRANLIST", "STMTTRN"})  # where one does not end, lines may be missing


@dataclass(slots=True)
class _Node:
    """An element: its name, its own text, and what is in it."""

    name: str
    text: str = ""
    inner: list[_Node] = field(default_factory=list)

    def all_of(self, name: str) -> list[_Node]:
        found, open_ = [], [self]
        while open_:
            node = open_.pop()
            found += [node] if node.name == name else []
            open_ += reversed(node.inner)
        return found

    def at(self, *path: str) -> str:
        node: _Node | None = self
        for name in path:
            node = next((one for one in node.inner if one.name == name), None) if node is not None else None
        return node.text.strip() if node is not None else ""


def read_ofx(data: bytes, account: str, file: str) -> list[Statement]:
    """The statements of a file, one an account.

    Raises:
        Unreadable: it is no OFX file, or holds no bank or card statement.
    """
    head = data[:4096].lstrip()
    root = _of_xml(read_xml(data, file)) if head.startswith(b"<?xml") else _of_sgml(data, file)
    found = [node for name in _ACCOUNTS for node in root.all_of(name)]
    if not found:
        raise Unreadable(f"{file} holds no bank or card statement.", fix="Export transactions with dates, as OFX.")
    return [_statement(node, account, file) for node in found]


def _of_xml(element: Element) -> _Node:
    root = _Node(element.tag.upper(), element.text or "")
    open_ = [(element, root)]
    while open_:
        source, node = open_.pop()
        for child in source:
            made = _Node(child.tag.upper(), child.text or "")
            node.inner.append(made)
            open_.append((child, made))
    return root


class _Sgml(HTMLParser):
    """OFX 1.x: an element with text ends where the next begins; one without text (an aggregate) ends by its tag."""

    def __init__(self, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("")
        self._open = [self.root]
        self._count = 0
        self._file = file

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._leave_leaf()
        node = _Node(tag.upper())
        self._count += 1
        if len(self._open) > _DEEPEST or self._count > _MOST_NODES:
            raise Unreadable(f"{self._file} is no statement: it is too deep or too large.", fix="Export it again.")
        self._open[-1].inner.append(node)
        self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        name = tag.upper()
        if any(node.name == name for node in self._open[1:]):
            while (ended := self._open.pop().name) != name:
                if ended in _CLOSED:
                    raise Unreadable(f"{self._file} is not whole: its {ended} is not closed.", fix="Export it again.")

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """OFX has no elements whose text may hold others, as HTML has in scripts."""

    def close(self) -> None:
        """Raises Unreadable where an element is open still: the rest of the file is missing."""
        super().close()
        if any(node.name in _CLOSED for node in self._open):
            raise Unreadable(f"{self._file} ends in the middle: a part of it is missing.", fix="Export it again.")

    def handle_data(self, data: str) -> None:
        if len(self._open) > 1 and (data.strip() or self._open[-1].text):
            self._open[-1].text += data

    def _leave_leaf(self) -> None:
        if len(self._open) > 1 and self._open[-1].text.strip():
            self._open.pop()


def _of_sgml(data: bytes, file: str) -> _Node:
    start = data.upper().find(b"<OFX>")
    if start < 0:
        raise Unreadable(f"{file} is no OFX file: it has no <OFX>.", fix="Name its --format.")
    head = data[:start]
    if b"<!" in head or b"<!" in data[start:].upper():
        raise Unreadable(
            f"{file} declares a document type or entities, which no bank's statement does; it was not read.",
            fix="Export it again from the bank.",
        )
    parser = _Sgml(file)
    parser.feed(_NO_TAG.sub("&lt;", _decoded(data[start:], head)))
    parser.close()
    return parser.root


def _decoded(body: bytes, head: bytes) -> str:
    encoding, charset = _ENCODING.search(head), _CHARSET.search(head)
    named = "utf-8" if encoding and encoding[1].upper() in (b"UTF-8", b"UNICODE") else ""
    if not named and charset and charset[1].isdigit():
        named = f"cp{charset[1].decode()}"
    for name in (named, "utf-8", "cp1252"):
        try:
            return body.decode(name) if name else body.decode("ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("latin-1")


def _statement(node: _Node, account: str, file: str) -> Statement:
    of_card = node.name == "CCSTMTRS"
    number = node.at("CCACCTFROM" if of_card else "BANKACCTFROM", "ACCTID")
    where = f"{file}, account {number[-4:]}"
    currency = currency_of(node.at("CURDEF"), where)
    listed = next((one for one in node.inner if one.name == "BANKTRANLIST"), None)
    rows = [] if listed is None else [one for one in listed.inner if one.name == "STMTTRN"]
    lines = tuple(_line(row, account, currency, where) for row in rows)
    begins, ends = ("", "") if listed is None else (listed.at("DTSTART"), listed.at("DTEND"))
    days = sorted(line.booked for line in lines)
    balance, of_day = node.at("LEDGERBAL", "BALAMT"), node.at("LEDGERBAL", "DTASOF")
    if not (ends or of_day or days):
        raise Unreadable(f"{where} states no days and no transactions.", fix="Export it again.")
    last = day_of(ends, where) if ends else (day_of(of_day, where) if of_day else days[-1])
    first = day_of(begins, where) if begins else min([last, *days])
    # The balance closes the list only when it is of its last day: one of a later day (that of the download) holds what
    # was booked since.
    fits = bool(balance) and bool(of_day) and day_of(of_day, where) == max([last, *days]) and bool(listed)
    closing: Decimal | None = amount_of(balance, where) if fits else None
    opening = closing - sum((line.amount for line in lines), Decimal(0)) if closing is not None else None
    return checked(
        Statement(
            account=account, statement=f"{first.isoformat()}..{last.isoformat()}", format="ofx", currency=currency,
            first=first, last=last, lines=lines, opening=opening, closing=closing, number=number,
            stated=bool(begins and ends),
        )
    )  # fmt: skip


def _line(row: _Node, account: str, currency: str, where: str) -> BankLine:
    if not row.at("DTPOSTED") or not row.at("TRNAMT"):
        raise Unreadable(f"{where} has a transaction without its date or its amount.", fix="Export it again.")
    day = day_of(row.at("DTPOSTED"), where)
    own = row.at("CURRENCY", "CURSYM")
    references = [row.at(name) for name in ("REFNUM", "CHECKNUM", "SRVRTID")]
    name = row.at("NAME") or row.at("PAYEE", "NAME")
    return BankLine(
        account=account, statement="", booked=day, value=day_of(row.at("DTAVAIL") or row.at("DTPOSTED"), where),
        amount=amount_of(row.at("TRNAMT"), where), currency=currency_of(own, where) if own else currency,
        text=shown(row.at("MEMO")), references=tuple(dict.fromkeys(shown(one) for one in references if one)),
        counterparty=shown(name), own_id=row.at("FITID"),
    )  # fmt: skip
