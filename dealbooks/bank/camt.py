"""camt.053 statements and camt.054 notifications (ISO 20022), any version: booked entries only.

A batch entry whose transactions add up to it becomes a line for each transaction; otherwise it is one line that names
all of their references. Source: ISO 20022 message definitions camt.053.001 and camt.054.001 [recalled].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from dealbooks.bank.model import (
    ZERO,
    BankLine,
    Statement,
    Unreadable,
    amount_of,
    checked,
    currency_of,
    day_of,
    shown,
)
from dealbooks.bank.xmltree import read_xml, text_at

STATEMENT, NOTIFICATION = "camt.053", "camt.054"
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", "NONE", "UNKNOWN"})
_REFERENCES = (
    "EndToEndId", "InstrId", "TxId", "PmtInfId", "MndtId", "ClrSysRef", "ChqNb", "UETR", "MsgId",
)  # fmt: skip


def read_camt(data: bytes, account: str, file: str) -> list[Statement]:
    """The statements (or notifications) of a file.

    Raises:
        Unreadable: it is no such file, or one of its statements does not add up.
    """
    root = read_xml(data, file)
    found = [one for name in ("Stmt", "Ntfctn") for one in root.iter(name)]
    if not found and root.find(".//Rpt") is not None:
        raise Unreadable(
            f"{file} is an intraday report (camt.052), which may change until the day is over.",
            fix="Import the statement of the day (camt.053).",
        )
    if not found:
        raise Unreadable(
            f"{file} holds no camt.053 statement and no camt.054 notification.",
            fix="Check that it is the export of a statement; name its --format if it is another.",
        )
    return [_statement(one, account, file) for one in found]


def _statement(node: Element, account: str, file: str) -> Statement:
    name = text_at(node, "Id") or text_at(node, "ElctrncSeqNb", "LglSeqNb")
    where = f"{file}, statement {name}"
    balances: dict[str, tuple[Decimal, str, str]] = {}
    for balance in node.findall("Bal"):
        code = text_at(balance, "Tp/CdOrPrtry/Cd")
        amount, currency = _signed(balance, where)
        balances[code] = (amount, currency, text_at(balance, "Dt/Dt", "Dt/DtTm"))
    opening = balances.get("OPBD") or balances.get("PRCD")
    closing = balances.get("CLBD")
    if node.tag == "Stmt" and (opening is None or closing is None):
        raise Unreadable(
            f"{where} states no opening and closing balance of booked entries (OPBD or PRCD, CLBD).",
            fix="Export a statement of whole days, not an intraday report.",
        )
    lines = [line for entry in node.findall("Ntry") for line in _lines(entry, account, name, where)]
    days = sorted(line.booked for line in lines)
    begins, ends = text_at(node, "FrToDt/FrDtTm", "FrToDt/FrDt"), text_at(node, "FrToDt/ToDtTm", "FrToDt/ToDt")
    made = text_at(node, "CreDtTm")
    last_text = ends or (closing[2] if closing else "") or (days[-1].isoformat() if days else made)
    last = day_of(last_text, where)
    first = day_of(begins, where) if begins else min([last, *days])
    currency = (
        text_at(node, "Acct/Ccy") or (closing or opening or ("", "", ""))[1] or (lines[0].currency if lines else "")
    )
    return checked(
        Statement(
            account=account, statement=name, format=STATEMENT if node.tag == "Stmt" else NOTIFICATION,
            currency=currency_of(currency, where), first=first, last=last, lines=tuple(lines),
            opening=opening[0] if opening else None, closing=closing[0] if closing else None,
            number=text_at(node, "Acct/Id/IBAN", "Acct/Id/Othr/Id"), stated=bool(begins and ends),
        )
    )  # fmt: skip


def _signed(node: Element, where: str) -> tuple[Decimal, str]:
    amount = node.find("Amt")
    if amount is None or not amount.text:
        raise Unreadable(f"{where} has an entry or a balance without an amount.", fix="Export it again.")
    side = text_at(node, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise Unreadable(f"{where} has an amount that is neither credit nor debit.", fix="Export it again.")
    value = amount_of(amount.text, where)
    return (value if side == "CRDT" else -value), amount.get("Ccy", "")


def _lines(entry: Element, account: str, name: str, where: str) -> Iterator[BankLine]:
    if text_at(entry, "Sts/Cd", "Sts") != "BOOK":
        return
    amount, currency = _signed(entry, where)
    booked = text_at(entry, "BookgDt/Dt", "BookgDt/DtTm")
    if not booked:
        raise Unreadable(f"{where} has a booked entry without its booking date.", fix="Export it again.")
    day = day_of(booked, where)
    value = text_at(entry, "ValDt/Dt", "ValDt/DtTm")
    parts = entry.findall("NtryDtls/TxDtls")
    own = text_at(entry, "AcctSvcrRef")
    whole = BankLine(
        account=account, statement=name, booked=day, value=day_of(value, where) if value else day, amount=amount,
        currency=currency_of(currency, where), text=_text(entry, parts), references=_references(entry, *parts),
        counterparty=_counterparty(parts[0], amount) if len(parts) == 1 else "", own_id=_meant(own),
        fee=_charges(entry, where),
    )  # fmt: skip
    amounts = [_part_amount(part, amount, whole.currency, where) for part in parts]
    if len(parts) < 2 or None in amounts or sum((one for one in amounts if one is not None), ZERO) != amount:
        yield whole
        return
    for number, (part, piece) in enumerate(zip(parts, amounts, strict=True), start=1):
        ref = _meant(text_at(part, "Refs/AcctSvcrRef"))
        yield replace(
            whole, amount=piece if piece is not None else ZERO, text=_text(entry, [part]),
            references=_references(entry, part), counterparty=_counterparty(part, amount),
            own_id=ref if ref and ref != whole.own_id else (f"{whole.own_id}/{number}" if whole.own_id else ""),
            fee=ZERO,
        )  # fmt: skip


def _part_amount(part: Element, entry: Decimal, currency: str, where: str) -> Decimal | None:
    """What a transaction moved, with the entry's side where it states none of its own; None: it does not say."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        found = part.find(path)
        if found is not None and found.text and found.get("Ccy", currency) == currency:
            value = amount_of(found.text, where)
            side = text_at(part, "CdtDbtInd")
            return -value if (side or ("CRDT" if entry >= 0 else "DBIT")) == "DBIT" else value
    return None


def _charges(entry: Element, where: str) -> Decimal:
    """Charges that were kept back before the entry was booked."""
    total = ZERO
    for record in entry.findall("Chrgs/Rcrd"):
        if text_at(record, "ChrgInclInd") == "true":
            amount = amount_of(text_at(record, "Amt") or "0", where)
            total += -amount if text_at(record, "CdtDbtInd") == "CRDT" else amount
    return total


def _meant(text: str) -> str:
    return "" if text.upper() in _NO_REFERENCE else text


def _references(entry: Element, *parts: Element) -> tuple[str, ...]:
    found = [text_at(entry, "NtryRef")] if not parts else []
    for part in parts:
        found += [text_at(part, f"Refs/{name}") for name in _REFERENCES]
        found += [node.text or "" for node in part.findall("RmtInf/Strd/CdtrRefInf/Ref")]
        found += [node.text or "" for node in part.findall("RmtInf/Strd/RfrdDocInf/Nb")]
    return tuple(dict.fromkeys(shown(one) for one in found if one.strip() and _meant(one.strip())))


def _text(entry: Element, parts: list[Element]) -> str:
    words = [node.text or "" for part in parts for node in part.findall("RmtInf/Ustrd")]
    words += [text_at(part, "AddtlTxInf") for part in parts]
    words.append(text_at(entry, "AddtlNtryInf"))
    return shown(" ".join(words))


def _counterparty(part: Element, amount: Decimal) -> str:
    side = "Dbtr" if amount >= 0 else "Cdtr"
    return shown(text_at(part, f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm", f"RltdPties/Ultmt{side}/Nm"))
