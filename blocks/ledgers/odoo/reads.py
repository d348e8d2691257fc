"""What stands in Odoo: entries by our key, their figures, what is open between two of them, and a period's records."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from blocks.ledgers.odoo.directory import Directory
from blocks.ledgers.odoo.figures import dimensions_text, lines_text, taxes_text
from blocks.odoo.values import id_of, name_of
from dealbooks.ledger import Reading, Record, RecordLine
from dealbooks.money import MoneyError, amount_text, exact

MATCHED = "nothing left to match"
_MOVE = ("move_type", "state", "date", "invoice_date", "journal_id", "partner_id", "amount_total", "amount_tax")
_KEY = re.compile(r"\b[0-9a-f]{40}\b")
_ZERO = Decimal(0)
_LINES_OF = 200  # entries whose lines are read in one call
_IDS = 2000  # ids in one search


class Reads:
    """Reads of one company. Every method may raise StopConnection."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.server = directory.server

    def moves(self, key_field: str, keys: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """Entries that carry a key, in any state, oldest first, by key. One in the reference is found within it,
        because people add to references."""
        found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
        fields = ["state", "date", "move_type", "posted_before", "create_uid", key_field]
        company = ["company_id", "=", self.directory.company.id]
        if key_field != "ref":
            rows = self.server.rows("account.move", [company, [key_field, "in", sorted(keys)]], fields, order="id asc")
            for row in rows:
                found[row[key_field]].append(row)
            return found
        for key in keys:
            found[key] = self.server.rows("account.move", [company, ["ref", "like", key]], fields, order="id asc")
        return found

    def contacts(self, field: str, parties: Collection[str]) -> dict[str, int]:
        """The contacts with our ids, archived ones too; the oldest where people made another."""
        domain: list[Any] = [[field, "in", sorted(parties)], ["company_id", "in", [self.directory.company.id, False]]]
        domain.append(["active", "in", [True, False]])  # a mention of `active` shows archived ones too
        found: dict[str, int] = {}
        for row in self.server.rows("res.partner", domain, (field,), order="id asc"):
            found.setdefault(str(row[field]), int(row["id"]))
        return found

    def analytic(self, values: Mapping[str, Any]) -> int | None:
        """The analytic account of a code in a plan."""
        domain = [["plan_id", "=", values["plan_id"]], ["code", "=", values["code"]]]
        rows = self.server.rows("account.analytic.account", domain, ("name",), order="id asc", limit=1)
        return int(rows[0]["id"]) if rows else None

    def open_of_deal(self, account: int, deal: str) -> list[dict[str, Any]]:
        """Posted lines of a deal (its number and our id of it) on an account on which something is open."""
        company = ["company_id", "=", self.directory.company.id]
        return self._open(account, [["move_id.invoice_origin", "=", deal], company])

    def open_of_moves(self, account: int, moves: Sequence[int]) -> list[dict[str, Any]]:
        """The same, of entries."""
        return self._open(account, [["move_id", "in", list(moves)]])

    def matched_of_move(self, account: int, move: int) -> list[int]:
        """Lines of an entry on an account that were matched with something, wholly or in part."""
        domain = [["move_id", "=", move], ["account_id", "=", account]]
        rows = self.server.rows("account.move.line", domain, ("amount_residual", "balance"), order="id asc")
        return [row["id"] for row in rows if exact(row["amount_residual"]) != exact(row["balance"])]

    def _open(self, account: int, which: list[Any]) -> list[dict[str, Any]]:
        domain = [*which, ["account_id", "=", account], ["parent_state", "=", "posted"], ["reconciled", "=", False]]
        rows = self.server.rows(
            "account.move.line", domain, ("amount_residual", "move_id", "partner_id"), order="id asc"
        )
        return [row for row in rows if row["amount_residual"]]

    def readings(self, refs: Sequence[str]) -> list[Reading]:
        """The figures of each ref, read anew; those of one kind together."""
        kinds: dict[str, list[list[str]]] = {}
        for ref in refs:
            parts = ref.split("/")
            kinds.setdefault(parts[0], []).append(parts)
        found: dict[str, dict[str, str]] = {}
        for kind, some in kinds.items():
            if kind == "match":
                found |= self._matches(some)
                continue
            numbers = {int(parts[1]) for parts in some}
            read = self._moves(numbers) if kind == "account.move" else self._named(kind, numbers)
            found |= {f"{kind}/{number}": figures for number, figures in read.items()}
        return [Reading(ref, found.get(ref), found.get(ref, {}).get("status") == "cancel") for ref in refs]

    def records(self, first: date, last: date) -> Iterator[Record]:
        """Posted entries of a period, by id from page to page: entries that are made meanwhile shift nothing."""
        domain: list[Any] = [
            ["state", "=", "posted"],
            ["date", ">=", first.isoformat()],
            ["date", "<=", last.isoformat()],
        ]
        for rows in self._pages(domain):
            yield from self._with_lines(rows)

    def changed(self, since: str) -> tuple[list[Record], str]:
        """Entries in any state of which a field, or a line, was written since a moment (naive UTC), and the newest of
        these moments; what is not posted has no lines."""
        domain = [["company_id", "=", self.directory.company.id], ["write_date", ">=", since]]
        fields = ("move_id", "write_date")
        lines = self.server.rows("account.move.line", domain, fields, order="id asc")
        heads = self.server.rows("account.move", domain, ("write_date",), order="id asc")
        newest = max((str(row["write_date"]) for row in (*lines, *heads)), default="")
        return self.by_id({row["id"] for row in heads} | {id_of(row["move_id"]) for row in lines}), newest

    def by_id(self, numbers: Collection[int]) -> list[Record]:
        """Entries by their ids, in any state; those that are not there are left out."""
        wanted, found = sorted(numbers), list[Record]()
        for start in range(0, len(wanted), _LINES_OF):
            for rows in self._pages([["id", "in", wanted[start : start + _LINES_OF]]]):
                found += self._with_lines(rows)
        return found

    def there(self, numbers: Collection[int]) -> set[int]:
        """Those of some ids that an entry has."""
        wanted, found = sorted(numbers), set[int]()
        for start in range(0, len(wanted), _IDS):
            domain = [["id", "in", wanted[start : start + _IDS]]]
            found |= {row["id"] for row in self.server.rows("account.move", domain, ("state",), order="id asc")}
        return found

    def newest(self) -> str:
        """When something of the company's entries was last written, by Odoo's own clock; empty: there are none."""
        company = ["company_id", "=", self.directory.company.id]
        rows = [
            self.server.rows(model, [company], ("write_date",), order="write_date desc, id desc", limit=1)
            for model in ("account.move", "account.move.line")
        ]
        return max((str(row["write_date"]) for some in rows for row in some), default="")

    def _pages(self, domain: list[Any]) -> Iterator[list[dict[str, Any]]]:
        key_field, page, after = self.directory.settings.marker_field, self.directory.settings.page, 0
        fields = ["name", "date", "ref", "state", "write_uid"]
        if self.directory.has("account.move", key_field):
            fields.append(key_field)
        company: list[Any] = [["company_id", "=", self.directory.company.id], *domain]
        while True:
            rows = self.server.rows("account.move", [*company, ["id", ">", after]], fields, order="id asc", limit=page)
            for start in range(0, len(rows), _LINES_OF):
                yield rows[start : start + _LINES_OF]
            if len(rows) < page:
                return
            after = rows[-1]["id"]

    def _with_lines(self, rows: Sequence[dict[str, Any]]) -> Iterator[Record]:
        lines = self._lines([row["id"] for row in rows if row["state"] == "posted"])
        for row in rows:
            ref = str(row["ref"] or "")
            inside = _KEY.search(ref)
            key = row.get(self.directory.settings.marker_field) or (inside[0] if inside else "")
            narration = " ".join(part for part in (str(row["name"] or ""), ref) if part)
            told = tuple(
                RecordLine(self._account(line["account_id"]), line["balance"], self.directory.company.currency)
                for line in lines.get(row["id"], ())
                if line["balance"]
            )
            who = name_of(row["write_uid"])
            yield Record(f"account.move/{row['id']}", str(key), date.fromisoformat(row["date"]), narration, told, who)

    def _moves(self, numbers: set[int]) -> dict[int, dict[str, str]]:
        if not numbers:
            return {}
        wanted = sorted(numbers)
        rows = self.server.rows("account.move", [["id", "in", wanted]], _MOVE)
        fields = ["tax_ids", "tax_line_id"]
        if self.directory.settings.analytic and self.directory.has("account.move.line", "analytic_distribution"):
            fields += ["analytic_distribution", "display_type"]
        lines = self._lines(wanted, fields)
        return {row["id"]: self._figures(row, lines.get(row["id"], [])) for row in rows}

    def _figures(self, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        sums: dict[str, Decimal] = {}
        for line in lines:
            code = self._code(line["account_id"])
            sums[code] = sums.get(code, _ZERO) + line["balance"]
        spread = [
            ",".join(line.get("analytic_distribution") or ()) for line in lines if line.get("display_type") != "tax"
        ]
        taxed = [(self._code(line["account_id"]), line["tax_ids"]) for line in lines if not line["tax_line_id"]]
        return {
            "type": str(row["move_type"]),
            "status": str(row["state"]),
            "date": str(row["date"] or ""),
            "invoice date": str(row["invoice_date"] or ""),
            "journal": str(id_of(row["journal_id"])),
            "customer": str(id_of(row["partner_id"])),
            "total": _money(exact(row["amount_total"]), self.directory.book.currency),
            "tax": _money(exact(row["amount_tax"]), self.directory.book.currency),
            "lines": _sums(sums, self.directory.book.currency),
            "taxes": taxes_text(taxed),
            "dimensions": dimensions_text(spread),
        }

    def _lines(self, moves: Sequence[int], more: Sequence[str] = ()) -> dict[int, list[dict[str, Any]]]:
        domain = [["move_id", "in", list(moves)], ["account_id", "!=", False]]
        found: dict[int, list[dict[str, Any]]] = {}
        fields = ["move_id", "account_id", "balance", *more]
        for row in self.server.rows("account.move.line", domain, fields, order="id asc"):
            row["balance"] = exact(row["balance"])
            found.setdefault(id_of(row["move_id"]), []).append(row)
        return found

    def _matches(self, refs: Sequence[list[str]]) -> dict[str, dict[str, str]]:
        """Whether anything can still be matched among the entries of each ref."""
        found: dict[str, dict[str, str]] = {}
        for account in {parts[1] for parts in refs}:
            mine = {"/".join(parts): _numbers(parts[2]) for parts in refs if parts[1] == account}
            lines = self.open_of_moves(int(account), sorted(set().union(*mine.values())))
            for ref, moves in mine.items():
                rest = to_match([line for line in lines if id_of(line["move_id"]) in moves])
                found[ref] = {"open": "debits and credits that are not matched" if rest else MATCHED}
        return found

    def _named(self, model: str, numbers: Collection[int]) -> dict[int, dict[str, str]]:
        field = self.directory.settings.partner_field if model == "res.partner" else "code"
        domain: list[Any] = [["id", "in", sorted(numbers)], ["active", "in", [True, False]]]
        return {row["id"]: {"key": str(row[field] or "")} for row in self.server.rows(model, domain, (field,))}

    def _code(self, account: Any) -> str:
        known = self.directory.account_names.get(id_of(account))
        return known[0] if known else name_of(account) or str(id_of(account))

    def _account(self, account: Any) -> str:
        known = self.directory.account_names.get(id_of(account))
        return f"{known[0]} {known[1]}" if known else name_of(account)


def to_match(lines: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Open lines that can be matched, by partner: where debits and credits of one stand beside each other."""
    partners: dict[int, list[Mapping[str, Any]]] = {}
    for line in lines:
        partners.setdefault(id_of(line["partner_id"]), []).append(line)
    return [
        [line["id"] for line in some]
        for some in partners.values()
        if len({exact(line["amount_residual"]) > 0 for line in some}) == 2
    ]


def _numbers(text: str) -> set[int]:
    return {int(one) for one in text.split("+")}


def _money(amount: Decimal, currency: str) -> str:
    """An amount in the currency's decimals; with more of them as it stands, so that it is disputed."""
    try:
        return amount_text(amount, currency)
    except MoneyError:
        return format(amount, "f")


def _sums(sums: Mapping[str, Decimal], currency: str) -> str:
    try:
        return lines_text(sums, currency)
    except MoneyError:
        return ", ".join(f"{code} {sums[code]}" for code in sorted(sums) if sums[code])
