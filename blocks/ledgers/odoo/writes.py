"""The effects as they are done: looked for first, then one call that writes (posting may drop drafts that lost)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from blocks.ledgers.odoo.reads import Reads, to_match
from blocks.odoo.answers import is_posted_already, outcome_of
from blocks.odoo.values import id_of
from blocks.odoo.wires import Failed
from dealbooks.ledger import Lookup, Outcome, Presence, Request, Verdict

MOVE = "account.move"
_AMOUNTS = frozenset({"price_unit", "debit", "credit", "amount_currency"})
_HAPPENED, _REFUSED = Verdict.HAPPENED, Verdict.REFUSED


class Writes:
    """Effects of one company. `locked` is the company's lock date when a batch began. Every method may raise
    StopConnection, and then nothing was written."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self.server = reads.server
        self.locked: date | None = None
        self._moves: dict[str, list[dict[str, Any]]] = {}
        self._contacts: dict[str, int] = {}
        self._deeds = {
            "customer": self._made,
            "analytic": self._made,
            "draft": self._made,
            "post": self._post,
            "match": self._match,
        }

    def begin(self, requests: Sequence[Request]) -> None:
        """Look once for what a batch is about: entries by their keys, contacts by our ids. A late commit of an earlier
        try cannot come in between: it is over before a request may be sent again (`settle_seconds`)."""
        self._moves, self._contacts = {}, {}
        keys: dict[str, set[str]] = {}
        parties: dict[str, set[str]] = {}
        for one in requests:
            if one.payload["do"] in ("draft", "post"):
                keys.setdefault(one.payload["key_field"], set()).add(_key_of(one))
            elif one.payload["do"] == "customer":
                parties.setdefault(one.payload["field"], set()).add(one.payload["party"])
        for key_field, wanted in keys.items():
            self._moves |= self.reads.moves(key_field, wanted)
        for field, wanted in parties.items():
            self._contacts |= self.reads.contacts(field, wanted)

    def do(self, request: Request) -> Outcome:
        """Do one effect, unless it has been done."""
        return self._deeds[request.payload["do"]](request)

    def look(self, request: Request) -> Lookup:
        """Whether an effect has been done."""
        payload = request.payload
        if payload["do"] == "post":
            posted = [row for row in self._alike(request) if row["state"] == "posted"]
            if len(posted) > 1:
                ids = ", ".join(str(row["id"]) for row in posted)
                return Lookup(Presence.UNDECIDED, reason=f"Odoo has it {len(posted)} times, entries {ids}: keep one.")
            ref = f"{MOVE}/{posted[0]['id']}" if posted else ""
        elif payload["do"] == "match":
            lines = self._open(request)
            open_still = to_match(lines) or self._unpaired(request)
            ref = "" if open_still else _match_ref(request, lines)
        else:
            ref = self._there(request)
        return Lookup(Presence.FOUND, ref) if ref else Lookup(Presence.ABSENT)

    # -- what is made ----------------------------------------------------------------------------------

    def _made(self, request: Request) -> Outcome:
        there = self._there(request)
        if there:
            return Outcome(_HAPPENED, there)
        payload = request.payload
        model = {"customer": "res.partner", "analytic": "account.analytic.account", "draft": MOVE}[payload["do"]]
        values = filled(payload["values"], request.refs)
        if payload["do"] == "draft":
            values |= _keyed(request)
        what = f"{model} {values.get('ref') or values.get('name')}"
        end = self.server.write(model, "create", vals_list=[values], what=f"create {what}", effect=request.key)
        if isinstance(end, Outcome):
            return end
        if isinstance(end, Failed):
            return outcome_of(end)
        if isinstance(end.value, list) and len(end.value) == 1 and isinstance(end.value[0], int):
            if payload["do"] == "customer":
                self._contacts[payload["party"]] = end.value[0]  # for the other deals of the batch
            return Outcome(_HAPPENED, f"{model}/{end.value[0]}")
        return Outcome(Verdict.UNKNOWN, reason="Odoo answered with something that is no id.")

    def _there(self, request: Request) -> str:
        """The ref of what a request makes, when it is there; drafts: the posted one, else the oldest."""
        payload = request.payload
        if payload["do"] == "draft":
            rows = self._alike(request)
            return f"{MOVE}/{_standing(rows)['id']}" if rows else ""
        if payload["do"] == "customer":
            contact = self._contacts.get(payload["party"])
            return f"res.partner/{contact}" if contact else ""
        account = self.reads.analytic(payload["values"])
        return f"account.analytic.account/{account}" if account else ""

    def _alike(self, request: Request) -> list[dict[str, Any]]:
        """Entries with the key, of the kind: a credit note that a person made from ours is a copy with our key [R]."""
        payload = request.payload
        kind = payload["move_type"] if payload["do"] == "post" else payload["values"]["move_type"]
        return [row for row in self._moves[_key_of(request)] if row["move_type"] == kind]

    # -- what is posted --------------------------------------------------------------------------------

    def _post(self, request: Request) -> Outcome:
        rows = self._alike(request)
        wanted = _number(request.refs[request.payload["draft"]])
        if not rows:
            return Outcome(_REFUSED, reason=f"The draft {wanted} is no longer in Odoo: somebody deleted it there.")
        standing = _standing(rows)
        ref = f"{MOVE}/{standing['id']}"
        if standing["state"] == "posted":
            return Outcome(_HAPPENED, ref)
        if standing["state"] != "draft":
            return Outcome(_REFUSED, reason=f"Somebody cancelled the entry {standing['id']} in Odoo.")
        if self.locked is not None and date.fromisoformat(standing["date"]) <= self.locked:
            # Odoo would post it, and move its date to the first open day without a word [C _post].
            reason = f"Odoo is closed until {self.locked.isoformat()}, and the entry is dated {standing['date']}."
            return Outcome(_REFUSED, reason=reason)
        self._drop([row for row in rows if row is not standing], request)
        end = self.server.write(MOVE, "action_post", [standing["id"]], what=f"post {ref}", effect=request.key)
        if isinstance(end, Outcome):
            return end
        if isinstance(end, Failed):
            refused = outcome_of(end)
            if is_posted_already(end) or (refused.verdict is _REFUSED and self._is_posted(request)):
                return Outcome(_HAPPENED, ref)
            return refused
        return Outcome(_HAPPENED, ref)

    def _is_posted(self, request: Request) -> bool:
        """Looked for anew: what was known when the batch began may be over."""
        self._moves |= self.reads.moves(request.payload["key_field"], [_key_of(request)])
        return any(row["state"] == "posted" for row in self._alike(request))

    def _drop(self, rows: list[dict[str, Any]], request: Request) -> None:
        """Drafts of ours under the same key that lost: made by our user, and never in the books. When they cannot be
        deleted they stay drafts, without effect."""
        mine = [
            row["id"]
            for row in rows
            if row["state"] == "draft" and not row["posted_before"] and id_of(row["create_uid"]) == self.server.uid
        ]
        if mine:
            self.server.write(MOVE, "unlink", mine, what="delete drafts that were made twice", effect=request.key)

    # -- what is matched -------------------------------------------------------------------------------

    def _match(self, request: Request) -> Outcome:
        """A credit note with its invoice first, whatever the invoice was matched with before; then the rest."""
        ended = self._pair(request)
        if ended is not None:
            return ended
        lines = self._open(request)
        ended = self._reconciled(lines, request)
        return ended or Outcome(_HAPPENED, _match_ref(request, lines))

    def _pair(self, request: Request) -> Outcome | None:
        """The invoice is freed of what paid it, and matched with its credit note, so that the payment is free for the
        new invoice: as Odoo's own reversal does [C _reverse_moves]. None: done."""
        account, pair = request.payload["account"], request.payload.get("pair")
        if pair is None:
            return None
        credit, invoice = (_number(request.refs[name]) for name in pair)
        if not self.reads.open_of_moves(account, [credit]):
            return None
        paid = self.reads.matched_of_move(account, invoice)
        ended = self._reconcile("remove_move_reconcile", paid, request) if paid else None
        if ended is not None:
            return ended
        return self._reconciled(self.reads.open_of_moves(account, [credit, invoice]), request)

    def _unpaired(self, request: Request) -> bool:
        pair = request.payload.get("pair")
        number = 0 if pair is None else _number(request.refs[pair[0]])
        return bool(number and self.reads.open_of_moves(request.payload["account"], [number]))

    def _reconciled(self, lines: Sequence[Mapping[str, Any]], request: Request) -> Outcome | None:
        """Open lines matched partner by partner; None when that was done."""
        for some in to_match(lines):
            ended = self._reconcile("reconcile", some, request)
            if ended is not None:
                return ended
        return None

    def _reconcile(self, method: str, lines: list[int], request: Request) -> Outcome | None:
        """One call; None when it was done. Repeating it after a look is harmless: only what is open is matched."""
        what = f"{method} for deal {request.payload['deal']}"
        end = self.server.write("account.move.line", method, lines, what=what, effect=request.key)
        if isinstance(end, Outcome):
            return end
        return outcome_of(end) if isinstance(end, Failed) else None

    def _open(self, request: Request) -> list[dict[str, Any]]:
        return self.reads.open_of_deal(request.payload["account"], request.payload["deal"])


def filled(values: Mapping[str, Any], refs: Mapping[str, str]) -> dict[str, Any]:
    """Pinned values as they are sent: amounts as numbers, and in place of `@effect` the id that it came back with."""
    return {name: _value(name, value, refs) for name, value in values.items()}


def _value(name: str, value: Any, refs: Mapping[str, str]) -> Any:
    if name in _AMOUNTS:
        return Decimal(value)
    if name == "analytic_distribution":
        ids = [_number(refs[one[1:]]) if one.startswith("@") else int(one) for one in value]
        return {",".join(str(one) for one in ids): 100}
    if name in ("line_ids", "invoice_line_ids"):
        return [[code, number, filled(line, refs)] for code, number, line in value]
    if name == "partner_id" and isinstance(value, str):
        return _number(refs[value.removeprefix("@")])
    return value


def _key_of(request: Request) -> str:
    """The key of the draft that a request makes or posts."""
    return str(request.payload["key"]) if request.payload["do"] == "post" else request.key


def _keyed(request: Request) -> dict[str, Any]:
    payload = request.payload
    found: dict[str, Any] = {}
    if payload["key_field"] == "ref":
        found["ref"] = f"{payload['values']['ref']} {request.key}"
    else:
        found[payload["key_field"]] = request.key
    if "reverses" in payload:
        found["reversed_entry_id"] = _number(request.refs[payload["reverses"]])
    return found


def _standing(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several with one key: the one in the books, else the oldest that nobody cancelled, else the oldest."""
    order = ("posted", "draft", "cancel")
    return min(rows, key=lambda row: (order.index(row["state"]), row["id"]))


def _match_ref(request: Request, lines: list[dict[str, Any]]) -> str:
    """The account, and the entries that were matched on it: our own, and what was open."""
    own = {_number(request.refs[name]) for name in request.payload["moves"]}
    moves = sorted(own | {id_of(row["move_id"]) for row in lines})
    return f"match/{request.payload['account']}/" + "+".join(str(one) for one in moves)


def _number(ref: str) -> int:
    return int(ref.rpartition("/")[2])
