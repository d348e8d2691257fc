"""Statements as banks write them, and money of ours to match them with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconcile_support import BOOK, MARCH, SmallHouse

from dealbooks.bank.items import BankItem
from dealbooks.bank.model import BankLine
from dealbooks.canonical import compact_json, sha256_hex
from dealbooks.config import Config
from dealbooks.config_told import BankAccountConfig
from dealbooks.entries import Entry, Line
from dealbooks.money import Money
from dealbooks.periods import Period
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.bank_side import BankReconciliation, bank_side
from dealbooks.pipeline.bank_store import Imported

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
 <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-05T06:00:00</CreDtTm></GrpHdr>
 <Stmt><Id>STM-0045</Id><CreDtTm>2026-03-05T06:00:00</CreDtTm>
  <FrToDt><FrDtTm>2026-03-03T00:00:00</FrDtTm><ToDtTm>2026-03-04T23:59:59</ToDtTm></FrToDt>
  <Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id><Ccy>GBP</Ccy></Acct>
  <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="GBP">10000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
   <Dt><Dt>2026-03-03</Dt></Dt></Bal>
  <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="GBP">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
   <Dt><Dt>2026-03-04</Dt></Dt></Bal>
  <Ntry><Amt Ccy="GBP">12500.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
   <BookgDt><Dt>2026-03-03</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt><AcctSvcrRef>FP-77</AcctSvcrRef>
   <NtryDtls><TxDtls><Refs><EndToEndId>RCPT-884512</EndToEndId></Refs>
    <RltdPties><Dbtr><Pty><Nm>Jörg Smith</Nm></Pty></Dbtr></RltdPties>
    <RmtInf><Ustrd>car deposit A-104233</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
  <Ntry><Amt Ccy="GBP">4000.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
   <BookgDt><DtTm>2026-03-04T10:00:00+00:00</DtTm></BookgDt><AcctSvcrRef>BULK-1</AcctSvcrRef>
   <NtryDtls>
    <TxDtls><Refs><EndToEndId>PO-1</EndToEndId></Refs><Amt Ccy="GBP">1500.00</Amt>
     <RltdPties><Cdtr><Nm>Lienholder One</Nm></Cdtr></RltdPties></TxDtls>
    <TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="GBP">2500.00</Amt></TxDtls>
   </NtryDtls></Ntry>
  <Ntry><Amt Ccy="GBP">976.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-04</Dt></BookgDt>
   <Chrgs><Rcrd><Amt Ccy="GBP">23.50</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>
   <AddtlNtryInf>MERCHANT SETTLEMENT</AddtlNtryInf></Ntry>
  <Ntry><Amt Ccy="GBP">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
 </Stmt></BkToCstmrStmt></Document>"""

MT940 = """{{1:F01BANKGB2LAXXX0000000000}}{{4:
:20:STARTUMS
:25:20201555/555555555GBP
:28C:45/1
:60F:C260302GBP10000,00
:61:2603030303C12500,00NTRFRCPT-884512//FP-77
:86:FASTER PAYMENT FROM JOHN SMITH REF A-
104233 THANK YOU
:61:2603040304D350,25NMSCNONREF
:86:166?00SEPA?20EREF+PO-778?21SVWZ+LIEN?22 PAYOFF 884?30ABC?31DE12?32MOTOR FIN?33ANCE
:62F:C260304GBP{closing}
-}}
"""

OFX_SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260305<LANGUAGE>ENG</SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>121000358<ACCTID>000777<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260303000000<DTEND>20260304235959
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260303120000[-5:EST]<TRNAMT>21000.00<FITID>202603031
<NAME>ALLY FINANCIAL &amp; CO<MEMO>CONTRACT 7781234</STMTTRN>
<STMTTRN><TRNTYPE>CHECK<DTPOSTED>20260304<TRNAMT>-410.55<FITID>202603042<CHECKNUM>1042<NAME>DMV</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>25589.45<DTASOF>20260304</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""

OFX_XML = """<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD</CURDEF><BANKACCTFROM><ACCTID>000777</ACCTID></BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260303</DTSTART><DTEND>20260304</DTEND>
<STMTTRN><DTPOSTED>20260303</DTPOSTED><TRNAMT>21000.00</TRNAMT><FITID>202603031</FITID>
<NAME>ALLY FINANCIAL &amp; CO</NAME><MEMO>CONTRACT 7781234</MEMO></STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>26000.00</BALAMT><DTASOF>20260304</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS>
</BANKMSGSRSV1></OFX>"""

CSV = """Date,Description,Paid out,Paid in,Balance,Payer
03/03/2026,FASTER PAYMENT A-104233,,"12,500.00","22,500.00",John Smith
04/03/2026,DIRECT DEBIT RENT,"1,200.00",,"21,300.00",Landlord
04/03/2026,CREDIT,,500.00,"21,800.00",
04/03/2026,CREDIT,,500.00,"22,300.00",
"""

STRIPE = """automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created,available_on,currency,\
gross,fee,net,reporting_category,description,payment_intent_id,charge_id,payment_metadata[deal_ref]
po_1Abc,2026-03-06 00:00:00,txn_1,2026-03-03 10:00:00,2026-03-05 00:00:00,gbp,1000.00,14.20,985.80,charge,\
Deposit,pi_3Abcdef,ch_3Abcdef,drop:A-104233
po_1Abc,2026-03-06 00:00:00,txn_2,2026-03-04 11:00:00,2026-03-06 00:00:00,gbp,-250.00,0.00,-250.00,refund,\
Refund,pi_3Zyxwvu,ch_3Zyxwvu,
po_1Abc,2026-03-06 00:00:00,txn_3,2026-03-04 12:00:00,2026-03-04 12:00:00,gbp,-2.00,0.00,-2.00,fee,Radar,,,
"""


def item(key: str, amount: str, day: str = "2026-03-10", **more: Any) -> BankItem:
    """Money of ours, in pounds."""
    base: dict[str, Any] = {
        "kind": "receipt", "deal_id": f"id-{key}", "deal": f"DEAL-{key}", "currency": "GBP", "names": (f"RCPT-{key}",),
    }  # fmt: skip
    return BankItem(key=key, amount=Decimal(amount), date=date.fromisoformat(day), **{**base, **more})


def line(own_id: str, amount: str, text: str = "", day: str = "2026-03-10", **more: Any) -> BankLine:
    """A line of the bank, in pounds."""
    booked = date.fromisoformat(day)
    base: dict[str, Any] = {"account": "main", "statement": "1", "value": booked, "currency": "GBP", "own_id": own_id}
    return BankLine(booked=booked, amount=Decimal(amount), text=text, **{**base, **more})


@dataclass
class BankHouse(SmallHouse):
    """A house with accounts at a bank and at a payment provider."""

    @property
    def config(self) -> Config:
        """Only what importing reads."""
        return Config.model_validate(
            {
                "books": {BOOK: self.book_config(BOOK).model_dump()}, "sources": {},
                "file": self.var / "dealbooks.yaml",
                "bank_accounts": {name: one.model_dump() for name, (one, _) in self.accounts.items()},
            }
        )  # fmt: skip

    def add_account(self, name: str, **settings: Any) -> None:
        """An account of the book, in pounds."""
        self.accounts[name] = (BankAccountConfig.model_validate({"book": BOOK, **settings}), "GBP")

    def bank(
        self, rows: Iterable[tuple[str, str, str]], *, account: str = "main", opening: str = "1000.00",
        days: tuple[str, str] = ("2026-03-01", "2026-04-10"), name: str = "bank.csv",
    ) -> list[Imported]:  # fmt: skip
        """Import a bank's CSV of (day, amount, text), with its running balance."""
        balance, text = Decimal(opening), "Date,Amount,Description,Balance\n"
        for day, amount, words in sorted(rows, key=lambda row: row[0]):
            balance += Decimal(amount)
            text += f'{day},{amount},"{words}",{balance}\n'
        first, last = (date.fromisoformat(day) for day in days)
        return import_file(self, account, self.file(name, text), days=(first, last))

    def file(self, name: str, text: str) -> Path:
        """A file in the house's folder."""
        self.var.mkdir(parents=True, exist_ok=True)
        path = self.var / name
        path.write_text(text, encoding="utf-8")
        return path

    def sold(self, number: str, customer: str, day: str = "2026-03-02", **finance: str) -> str:
        """A deal of the book; returns its id."""
        body = compact_json(
            {
                "deal_id": number, "customer": {"id": "C", "name": customer}, "finance": finance or None,
                "payments": [{"receipt_id": f"P-{number}", "processor_ref": f"pi_{number.replace('-', '')}"}],
                "trade_ins": [{"stock_no": f"T-{number}", "lienholder": "Credit Union One"}],
            }
        )  # fmt: skip
        deal_id = f"id-{number}"
        with self.store.transaction("test", "sold") as tx:
            tx.insert("deals", [{
                "id": deal_id, "book": BOOK, "state": "posted", "deal_number": number, "vin": f"VIN{number}",
                "stock_no": f"STK-{number}", "customer": customer, "location": "LEEDS", "source": "drop",
                "content_hash": number, "revision": "", "version": 1, "posted_version": 1, "accounting_date": day,
                "updated_at": tx.at,
            }])  # fmt: skip
            tx.insert("deal_versions", [{
                "id": f"{deal_id}/1", "deal_id": deal_id, "version": 1, "book": BOOK, "state": "posted",
                "content_hash": number, "inbox_id": 1, "batch_id": None, "deal": body, "deal_hash": sha256_hex(body),
                "provenance": "{}", "warnings": "[]", "config_hash": "", "note": "", "created_at": tx.at,
            }])  # fmt: skip
        return deal_id

    def booked(
        self, number: str, event: str, entry_id: str, amount: str, day: str, method: str = "bank_transfer",
        note: str = "", currency: str = "GBP",
    ) -> str:  # fmt: skip
        """Money of a deal, posted: money in positive. Returns its key."""
        value = Decimal(amount)
        role = "cash.undeposited" if entry_id.startswith("receipt") else "cash.bank"
        other = "payable.trade_payoff" if event == "trade.paid_off" else "receivable.customer"
        lines = (
            Line("payment", role, Money(value, currency), dimensions={"method": method}),
            Line("payment", other, Money(-value, currency)),
        )
        made = Entry(entry_id, event, date.fromisoformat(day), "NORTHGATE-MOTORS-LTD", currency, lines, note=note)
        body, key = compact_json(made.as_json()), f"key-{number}-{entry_id}"
        with self.store.transaction("test", "booked") as tx:
            [seq] = tx.next_ids("entries", 1)
            tx.insert("entries", [{
                "id": key, "seq": seq, "book": BOOK, "deal_id": f"id-{number}", "entry_id": entry_id, "version": 0,
                "event": event, "accounting_date": day, "currency": currency, "key": "{}", "body": body, "facts": "",
                "body_hash": sha256_hex(body), "state": "posted", "created_at": tx.at,
            }])  # fmt: skip
        return key

    def side(self, as_of: str = "2026-03-31", month: Period = MARCH, **options: Any) -> BankReconciliation:
        """The bank's side of a month."""
        with self.store.read() as conn:
            return bank_side(conn, BOOK, month, date.fromisoformat(as_of), accounts=self.accounts, **options)
