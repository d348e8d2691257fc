"""Drain the outbox of one book into its ledger: send, record, read back, and look up what is in doubt.

One transaction a batch: it records what became of the last batch and makes the intent of the next one durable, and only
then does a byte leave. Killed anywhere, the next drain finds effects in `sending` under an older fencing token, calls
them unknown, and looks each one up before it may be sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from dealbooks.canonical import canonical_json
from dealbooks.errors import StopConnection
from dealbooks.ledger import Ledger, Lookup, Outcome, Presence, Request, Verdict, always
from dealbooks.outbox.enqueue import waiting_on
from dealbooks.outbox.ready import ready
from dealbooks.outbox.requests import requests_of
from dealbooks.outbox.result import DrainResult, compare, effect_counts
from dealbooks.outbox.settle import settle_deals
from dealbooks.outbox.states import EffectState, check_move
from dealbooks.store import Lease, Store, Tx
from dealbooks.store.db import Row, read_rows, stamp
from dealbooks.store.tables import effects, exchanges

if TYPE_CHECKING:  # an embedded ledger needs no HTTP client
    from dealbooks.http import Exchange

Progress = Callable[[int, int], None]
_S = EffectState
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 900.0  # seconds between attempts of one effect
_TAKEN_AWAY = "somebody may have deleted it there. It is not made again, and counts as posted once it is back."


@dataclass(slots=True)
class _Result:
    """A new state for one effect, and why."""

    row: Row
    state: EffectState
    ref: str = ""
    figures: str = ""
    reason: str = ""
    next_at: str = ""


class Drain:
    """Drains one book. `run` may be called again and again; each call goes on where the last one stopped. `may_go_on`
    is asked before each batch: False ends the sending, and leaves the rest pending."""

    def __init__(
        self,
        store: Store,
        book: str,
        ledger: Ledger,
        *,
        progress: Progress | None = None,
        may_go_on: Callable[[], bool] = always,
        lease_seconds: float = 30.0,
    ) -> None:
        self._store = store
        self._book = book
        self._ledger = ledger
        self._progress = progress
        self._may_go_on = may_go_on
        self._lease = Lease(store, f"ledger:{book}", seconds=lease_seconds)
        self._actor = f"drain {book}"
        self._counts: dict[EffectState, int] = {}
        self._some_held = True

    def run(self) -> DrainResult:
        """Send everything that may be sent now, then return.

        Raises:
            LeaseLost: another process drains this book.
            StopConnection: the ledger cannot be used now; what was sent is recorded, the rest stays pending.
        """
        try:
            with self._lease:
                self._recover()
                self._look_up()
                self._read_disputed()
                self._sweep_held()
                self._send_all()
                self._look_up()
        finally:
            self._keep_rest()
        return self._result()

    def send_refused_again(self, who: str) -> int:
        """A person's command: what the ledger refused may be sent again, under its own key. Returns how many.

        Raises:
            LeaseLost: another process drains this book.
        """
        with self._lease, self._store.transaction(who, "send again what the ledger refused") as tx:
            self._lease.check(tx)
            refused = (effects.c.book == self._book) & (effects.c.state == _S.REFUSED.value)
            rows = tx.rows(select(effects).where(refused))
            self._record(tx, [_Result(row, _S.PENDING, reason=f"Sent again by {who}.", next_at=tx.at) for row in rows])
            return len(rows)

    # -- sending ---------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        total = self._pending()
        done = 0
        results: list[_Result] = []
        while True:
            batch = self._turn(results, more=self._may_go_on())
            done += len(results)
            if self._progress is not None and total:
                self._progress(min(done, total), total)
            if not batch:
                return
            try:
                results = self._send(batch)
            except StopConnection as error:
                wait = self._later(_FIRST_WAIT)
                self._turn([_Result(row, _S.PENDING, reason=error.message, next_at=wait) for row in batch], more=False)
                raise

    def _turn(self, results: Sequence[_Result], *, more: bool = True) -> list[Row]:
        """One transaction: record results, then take the next batch and make its intent durable."""
        with self._store.transaction(self._actor, "post") as tx:
            self._lease.check(tx)
            self._record(tx, results)
            if not more:
                return []
            size = self._ledger.capabilities.batch_size
            rows = tx.rows(select(effects).where(ready(self._book, tx.at)).order_by(effects.c.seq).limit(size))
            for row in rows:
                check_move(row["id"], row["state"], _S.SENDING)
            return tx.change(
                "effects",
                [
                    (
                        row,
                        {
                            "state": _S.SENDING.value, "attempts": row["attempts"] + 1, "token": self._lease.token,
                            "sent_at": tx.at, "updated_at": tx.at,
                        },
                    )
                    for row in rows
                ],
            )  # fmt: skip

    def _send(self, rows: Sequence[Row]) -> list[_Result]:
        requests = self._requests(rows)
        outcomes = self._ledger.send(requests)
        results: list[_Result] = []
        happened: list[tuple[Row, Request, str]] = []
        for row, request, outcome in zip(rows, requests, outcomes, strict=True):
            if outcome.verdict is Verdict.HAPPENED:
                happened.append((row, request, outcome.ref))
            else:
                results.append(self._not_happened(row, outcome))
        return results + self._read_back(happened)

    def _not_happened(self, row: Row, outcome: Outcome) -> _Result:
        if outcome.verdict is Verdict.REFUSED:
            return _Result(row, _S.REFUSED, reason=outcome.reason)
        if outcome.verdict is Verdict.DID_NOT_HAPPEN:
            wait = max(outcome.retry_after or 0.0, self._backoff(row))
            return _Result(row, _S.PENDING, reason=outcome.reason, next_at=self._later(wait))
        return _Result(row, _S.UNKNOWN, ref=outcome.ref, reason=outcome.reason, next_at=self._later(0))

    def _read_back(self, happened: Sequence[tuple[Row, Request, str]]) -> list[_Result]:
        """Posted means that the ledger's own figures were read, by a read of its own, and equal ours."""
        if not happened:
            return []
        try:
            readings = self._ledger.read([ref for _, _, ref in happened])
        except StopConnection as error:
            reason = f"It was sent, but could not be read back: {error.message}"
            return [
                _Result(row, _S.UNKNOWN, ref=ref, reason=reason, next_at=self._later(_FIRST_WAIT))
                for row, _, ref in happened
            ]
        results = []
        for (row, request, ref), reading in zip(happened, readings, strict=True):
            if reading.figures is None:
                reason = f"The ledger says that it took the posting, but does not show it ({ref})."
                results.append(_Result(row, _S.UNKNOWN, ref, reason=reason, next_at=self._later(_FIRST_WAIT)))
                continue
            differences = compare(self._ledger.expected(request), reading.figures)
            state = _S.DISPUTED if differences else _S.POSTED
            results.append(_Result(row, state, ref, canonical_json(dict(reading.figures)), "; ".join(differences)))
        return results

    # -- in doubt --------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """What an earlier holder of the lease left in `sending` may have happened."""
        with self._store.transaction(self._actor, "recover") as tx:
            self._lease.check(tx)
            left = (effects.c.book == self._book) & (effects.c.state == _S.SENDING.value)
            rows = tx.rows(select(effects).where(left & (effects.c.token != self._lease.token)))
            reason = "The process that sent it stopped before it could record the answer."
            self._record(tx, [_Result(row, _S.UNKNOWN, row["ref"], reason=reason, next_at=tx.at) for row in rows])

    def _look_up(self) -> None:
        size = self._ledger.capabilities.batch_size
        while True:
            with self._store.read() as conn:
                due = (effects.c.book == self._book) & (effects.c.state == _S.UNKNOWN.value)
                due &= effects.c.next_at <= self._store.now()
                query = select(effects).where(due).order_by(effects.c.seq).limit(size)
                rows = read_rows(conn, query)
            if not rows:
                return
            requests = self._requests(rows)
            asked = self._store.clock()
            lookups = self._ledger.find(requests)
            found = [
                (row, request, lookup.ref)
                for row, request, lookup in zip(rows, requests, lookups, strict=True)
                if lookup.presence is Presence.FOUND
            ]
            results = self._read_back(found) + [
                self._absent(row, lookup, asked)
                for row, lookup in zip(rows, lookups, strict=True)
                if lookup.presence is not Presence.FOUND
            ]
            with self._store.transaction(self._actor, "look up") as tx:
                self._lease.check(tx)
                self._record(tx, results)

    def _read_disputed(self) -> None:
        """Somebody may have corrected in the ledger what did not equal ours: read again, posted when it does now."""
        with self._store.read() as conn:
            disputed = (effects.c.book == self._book) & (effects.c.state == _S.DISPUTED.value)
            rows = read_rows(conn, select(effects).where(disputed))
        size = self._ledger.capabilities.batch_size
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            pairs = zip(some, self._requests(some), strict=True)
            read = self._read_back([(row, request, row["ref"]) for row, request in pairs])
            equal = [result for result in read if result.state is _S.POSTED]
            if equal:
                with self._store.transaction(self._actor, "read again what was disputed") as tx:
                    self._lease.check(tx)
                    self._record(tx, equal)

    def _absent(self, row: Row, lookup: Lookup, asked: datetime) -> _Result:
        can = self._ledger.capabilities
        sent = datetime.strptime(row["sent_at"], "%Y-%m-%dT%H:%M:%S.%f%z")
        age = (asked - sent).total_seconds()
        absent = lookup.presence is Presence.ABSENT
        # A key that the platform remembers for a while proves nothing: it may be forgotten when the next send comes.
        proven = can.searchable and age >= can.settle_seconds
        if absent and (can.safe_resend or proven):
            if row["ref"]:
                reason = f"The ledger confirmed it as {row['ref']}, and does not show it any more: {_TAKEN_AWAY}"
                return _Result(row, _S.DISPUTED, row["ref"], reason=reason)
            return _Result(row, _S.PENDING, reason="Looked up: it is not in the ledger.", next_at=self._later(0))
        if absent and can.searchable:
            wait = max(can.settle_seconds - age, _FIRST_WAIT)
            reason = (
                f"Not in the ledger yet; it counts as absent only {can.settle_seconds:.0f} seconds after it was sent."
            )
            return _Result(row, _S.UNKNOWN, row["ref"], reason=reason, next_at=self._later(wait))
        reason = lookup.reason or "The ledger cannot tell whether it took this posting: look for it there, then decide."
        return _Result(row, _S.UNKNOWN, row["ref"], reason=reason, next_at=self._later(self._backoff(row)))

    # -- recording -------------------------------------------------------------------------------------

    def _record(self, tx: Tx, results: Iterable[_Result]) -> None:
        self._keep_exchanges(tx)
        pairs = []
        for result in results:
            check_move(result.row["id"], result.row["state"], result.state)
            self._counts[result.state] = self._counts.get(result.state, 0) + 1
            # The call may have been the last of a long batch: it may have left until now.
            in_doubt = result.state is _S.UNKNOWN and result.row["state"] == _S.SENDING.value
            values = {
                "state": result.state.value, "ref": result.ref, "figures": result.figures, "reason": result.reason,
                "next_at": result.next_at or result.row["next_at"], "updated_at": tx.at,
                "sent_at": tx.at if in_doubt else result.row["sent_at"],
            }  # fmt: skip
            pairs.append((result.row, values))
        changed = tx.change("effects", pairs)
        if not changed:
            return
        self._release_held(tx, [row for row in changed if row["state"] == _S.POSTED.value])
        settle_deals(tx, changed)

    def _keep_rest(self) -> None:
        """What was said last, also where the ledger could not be used any more."""
        said = self._ledger.exchanges()
        if said:
            with self._store.transaction(self._actor, "what was said") as tx:
                self._write_exchanges(tx, said)

    def _keep_exchanges(self, tx: Tx) -> None:
        """What was said to the ledger, for `trace`."""
        self._write_exchanges(tx, self._ledger.exchanges())

    def _write_exchanges(self, tx: Tx, said: Sequence[Exchange]) -> None:
        if said:
            rows = [
                {
                    "id": number, "book": self._book, "effect": one.effect, "at": one.at, "what": one.what,
                    "method": one.method, "url": one.url, "request": one.request, "status": one.status,
                    "response": one.response, "seconds": f"{one.seconds:.3f}",
                }
                for number, one in zip(tx.next_ids("exchanges", len(said)), said, strict=True)
            ]  # fmt: skip
            tx.conn.execute(exchanges.insert(), rows)

    def _release_held(self, tx: Tx, posted: Sequence[Row]) -> None:
        """Effects that waited for these, and for nothing else that is open, may be sent."""
        if not posted or not self._some_held:
            return
        held = waiting_on(tx, sorted({row["deal_id"] for row in posted}))
        self._free(tx, held)

    def _sweep_held(self) -> None:
        """Effects whose last need was posted while nobody looked, and whether any are left to be looked at."""
        with self._store.transaction(self._actor, "release what waited") as tx:
            self._lease.check(tx)
            waiting = (effects.c.book == self._book) & (effects.c.state == _S.HELD.value)
            held = tx.rows(select(effects).where(waiting))
            self._some_held = self._free(tx, held) < len(held)

    @staticmethod
    def _free(tx: Tx, held: Sequence[Row]) -> int:
        """Release those of which every need is posted; how many."""
        needed = sorted({effect for row in held for effect in json.loads(row["waits_for"]).values()})
        there: set[str] = set()
        for start in range(0, len(needed), 500):
            some = effects.c.id.in_(needed[start : start + 500])
            query = select(effects.c.id).where(some & (effects.c.state == _S.POSTED.value))
            there.update(row.id for row in tx.conn.execute(query))
        free = [row for row in held if there.issuperset(json.loads(row["waits_for"]).values())]
        tx.update("effects", free, state=_S.PENDING.value, next_at=tx.at, updated_at=tx.at)
        return len(free)

    def _requests(self, rows: Sequence[Row]) -> list[Request]:
        return requests_of(self._store, rows, self._lease.held)

    def _pending(self) -> int:
        with self._store.read() as conn:
            waiting = (effects.c.book == self._book) & effects.c.state.in_([_S.PENDING.value, _S.HELD.value])
            return conn.execute(select(func.count()).where(waiting)).scalar_one()

    def _later(self, seconds: float) -> str:
        return stamp(self._store.clock() + timedelta(seconds=seconds))

    @staticmethod
    def _backoff(row: Row) -> float:
        return float(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** max(0, row["attempts"] - 1)))

    def _result(self) -> DrainResult:
        count = self._counts
        return DrainResult(
            self._book, count.get(_S.POSTED, 0), count.get(_S.DISPUTED, 0), count.get(_S.REFUSED, 0),
            count.get(_S.PENDING, 0), count.get(_S.UNKNOWN, 0), effect_counts(self._store, self._book),
        )  # fmt: skip
