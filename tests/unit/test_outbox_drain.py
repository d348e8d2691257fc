"""The outbox against a ledger whose answers the test decides, on each database."""

from __future__ import annotations

import pytest
from conftest import HandClock
from fakes import FakeLedger, planned, posting
from sqlalchemy import select

from dealbooks.errors import BrokenInvariant, LeaseLost, StopConnection
from dealbooks.ledger import Outcome, Posting, Verdict
from dealbooks.outbox import Drain, enqueue
from dealbooks.outbox.result import effect_counts
from dealbooks.store import Lease, Store
from dealbooks.store.audit import verify
from dealbooks.store.tables import effects, entries


def put(store: Store, ledger: FakeLedger, *postings: Posting) -> None:
    with store.transaction("test", "enqueue") as tx:
        enqueue(tx, ledger, planned(ledger, *postings))


def drain(store: Store, ledger: FakeLedger):
    return Drain(store, "northgate", ledger).run()


def rows(store: Store) -> list[dict]:
    with store.read() as conn:
        return [dict(row) for row in conn.execute(select(effects).order_by(effects.c.seq)).mappings()]


def test_each_posting_stands_once_and_a_second_drain_sends_nothing(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, *(posting(f"D{n}") for n in range(25)))
    result = drain(store, ledger)
    assert (result.posted, result.clean) == (25, True)
    assert [len(documents) for documents in ledger.documents.values()] == [1] * 25
    again = drain(store, ledger)
    assert again.posted == 0
    assert len(ledger.sends) == 25
    assert verify(store).intact


def test_the_same_posting_enqueued_twice_is_one_and_other_amounts_are_an_error(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    put(store, ledger, posting("D1"))
    assert len(rows(store)) == 1
    with pytest.raises(BrokenInvariant, match="other amounts"):
        put(store, ledger, posting("D1", amount="101.00"))


def test_an_answer_that_was_lost_after_the_commit_is_found_and_not_sent_again(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": ["committed, then lost"]})
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1


def test_absence_counts_only_after_the_settle_time(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]})
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"unknown": 1}
    clock.forward(60)
    assert drain(store, ledger).by_state == {"unknown": 1}
    assert len(ledger.sends) == 1
    clock.forward(61)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 2


def test_a_first_write_that_commits_late_is_found_before_it_is_sent_again(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": ["committed, then lost"]})
    put(store, ledger, posting("D1"))
    ledger.hidden = {rows(store)[0]["id"]}  # the search lags
    assert drain(store, ledger).by_state == {"unknown": 1}
    ledger.hidden = set()
    clock.forward(200)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1


def test_the_settle_time_begins_when_the_doubt_begins_and_not_when_its_batch_did(
    store: Store, clock: HandClock
) -> None:
    """The calls of a batch may take long: the last one may have left minutes after the intent was kept."""
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]})
    put(store, ledger, posting("D1"))
    original = ledger.send

    def slow(requests):
        clock.forward(300)
        return original(requests)

    ledger.send = slow
    assert drain(store, ledger).by_state == {"unknown": 1}
    clock.forward(119)
    assert drain(store, ledger).by_state == {"unknown": 1}
    clock.forward(2)
    assert drain(store, ledger).by_state == {"posted": 1}


def test_a_look_up_proves_absence_as_of_when_it_began(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]})
    put(store, ledger, posting("D1"))
    original = ledger.find

    def slow(requests):
        found = original(requests)
        clock.forward(300)
        return found

    ledger.find = slow
    assert drain(store, ledger).by_state == {"unknown": 1}
    assert len(ledger.sends) == 1


def test_what_may_be_made_by_one_effect_is_not_made_by_another(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]}, subject="party:C-001")
    put(store, ledger, posting("D1"), posting("D2"))
    drain(store, ledger)
    clock.forward(60)
    assert drain(store, ledger).by_state == {"unknown": 1, "pending": 1}
    assert len(ledger.sends) == 1, "neither in one batch, nor by a later drain"
    clock.forward(61)
    assert drain(store, ledger).by_state == {"posted": 2}
    assert ledger.sends == [rows(store)[0]["id"]] * 2 + [rows(store)[1]["id"]]


def test_effects_that_make_different_things_go_in_one_batch(store: Store) -> None:
    ledger = FakeLedger(subject="party:C-001")
    put(store, ledger, posting("D1"), posting("D2"))
    ledger.subject = "party:C-002"
    put(store, ledger, posting("D3"))
    ledger.subject = ""
    put(store, ledger, posting("D4"), posting("D5"))
    sent: list[int] = []
    original = ledger.send

    def counting(requests):
        sent.append(len(requests))
        return original(requests)

    ledger.send = counting
    assert drain(store, ledger).by_state == {"posted": 5}
    assert sent == [4, 1]
    ledger.send = original
    ledger.subject = "party:C-003"
    put(store, ledger, posting("D6"), posting("D7"))
    ledger.subject = "party:C-001"
    put(store, ledger, posting("D8"), posting("D9"))
    ledger.send = counting
    assert drain(store, ledger).by_state == {"posted": 9}
    assert sent == [4, 1, 3, 1], "who is in the ledger already is found by both, who is not is made by one"


def test_what_a_pending_effect_makes_later_does_not_hold_others_up_now(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.DID_NOT_HAPPEN]}, subject="party:C-001")
    put(store, ledger, posting("D1"), posting("D2"))
    assert drain(store, ledger).by_state == {"pending": 1, "posted": 1}


def test_without_key_and_without_search_it_stays_unknown_for_a_person(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]}).can(searchable=False)
    put(store, ledger, posting("D1"))
    for _ in range(5):
        drain(store, ledger)
        clock.forward(100_000)
    assert effect_counts(store, "northgate") == {"unknown": 1}
    assert len(ledger.sends) == 1


def test_a_key_that_is_remembered_for_a_while_does_not_make_a_second_send_safe(store: Store, clock: HandClock) -> None:
    """It could be looked up while the platform remembers the key, and be sent when it has forgotten it."""
    ledger = FakeLedger(script={"*": [Verdict.UNKNOWN]}).can(searchable=True, native_key_seconds=360.0)
    put(store, ledger, posting("D1"))
    drain(store, ledger)
    clock.forward(1)
    assert drain(store, ledger).by_state == {"unknown": 1}
    assert len(ledger.sends) == 1
    clock.forward(ledger.able.settle_seconds)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 2


def test_what_did_not_happen_is_sent_again_later_and_not_before(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(script={"*": [Verdict.DID_NOT_HAPPEN, Verdict.DID_NOT_HAPPEN]})
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"pending": 1}
    assert drain(store, ledger).posted == 0
    clock.forward(2)
    assert drain(store, ledger).by_state == {"pending": 1}
    clock.forward(2)
    assert drain(store, ledger).posted == 0, "the wait doubles"
    clock.forward(2)
    assert drain(store, ledger).by_state == {"posted": 1}


def test_one_poison_deal_does_not_stop_the_others(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, *(posting(f"D{n}") for n in range(12)))
    poison = rows(store)[3]["id"]
    ledger.script = {poison: [Verdict.REFUSED]}
    result = drain(store, ledger)
    assert result.by_state == {"posted": 11, "refused": 1}
    assert rows(store)[3]["reason"] == "It said refused."


def test_posted_means_that_the_ledgers_own_figures_equal_ours(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"), posting("D2"))
    ledger.altered = {rows(store)[1]["id"]: "100.01"}
    assert drain(store, ledger).by_state == {"posted": 1, "disputed": 1}
    assert rows(store)[1]["reason"] == "total: we expect 100.00, the ledger shows 100.01"


def test_what_cannot_be_read_back_is_not_posted(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(blind=True)
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"unknown": 1}
    ledger.blind = False
    clock.forward(10)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1


def test_a_ledger_that_is_away_stops_the_drain_and_nothing_is_in_doubt(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(stopped=True)
    put(store, ledger, posting("D1"))
    with pytest.raises(StopConnection, match="away"):
        drain(store, ledger)
    assert effect_counts(store, "northgate") == {"pending": 1}
    ledger.stopped = False
    clock.forward(5)
    assert drain(store, ledger).by_state == {"posted": 1}


def test_an_effect_waits_for_the_one_it_needs_and_gets_its_reference(store: Store) -> None:
    ledger = FakeLedger(steps=("draft", "post")).can(drafts=True)
    put(store, ledger, posting("D1"))
    assert [row["state"] for row in rows(store)] == ["pending", "held"]
    assert drain(store, ledger).by_state == {"posted": 2}
    draft, post = rows(store)
    assert ledger.documents[post["id"]][0]["draft"] == draft["ref"]
    assert ledger.sends == [draft["id"], post["id"]]


def test_a_held_effect_is_not_sent_when_the_one_it_needs_was_refused(store: Store) -> None:
    ledger = FakeLedger(steps=("draft", "post"), script={"*": [Verdict.REFUSED]}).can(drafts=True)
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"refused": 1, "held": 1}
    assert len(ledger.sends) == 1


def test_an_entry_is_posted_only_when_all_its_effects_are(store: Store) -> None:
    ledger = FakeLedger(steps=("draft", "post")).can(drafts=True, batch_size=1)
    put(store, ledger, posting("D1"))
    post = rows(store)[1]["id"]
    ledger.script = {post: [Verdict.REFUSED]}
    drain(store, ledger)
    with store.read() as conn:
        assert conn.execute(select(entries.c.state)).scalar_one() == "planned"


def test_only_one_drain_at_a_time(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    with Lease(store, "ledger:northgate"), pytest.raises(LeaseLost, match="another process"):
        drain(store, ledger)
    assert ledger.sends == []


def test_a_paused_holder_whose_lease_was_taken_over_records_nothing(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    original = ledger.send

    def send_while_the_lease_is_lost(requests):
        clock.forward(3600)
        taker = Lease(store, "ledger:northgate")
        assert taker.acquire()
        return original(requests)

    ledger.send = send_while_the_lease_is_lost
    with pytest.raises(LeaseLost):
        drain(store, ledger)
    assert rows(store)[0]["state"] == "sending"
    ledger.send = original
    clock.forward(3600)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1, "the new holder looked it up"


def test_a_sender_that_was_stopped_for_too_long_learns_that_it_may_not_go_on(store: Store, clock: HandClock) -> None:
    """It is asked between two calls of one batch: what is on its way is looked up, what is not does not leave."""
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    told: list[bool] = []

    def send(requests):
        told.append(requests[0].held())
        clock.forward(3600)
        told.append(requests[0].held())  # nobody took over: it is renewed
        clock.forward(3600)
        assert Lease(store, "ledger:northgate").acquire()
        told.append(requests[0].held())
        return [Outcome(Verdict.DID_NOT_HAPPEN)] * len(requests)

    ledger.send = send
    with pytest.raises(LeaseLost):
        drain(store, ledger)
    assert told == [True, True, False]


def test_what_an_older_token_left_in_sending_is_looked_up_first(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"), posting("D2"))
    first, second = (row["id"] for row in rows(store))
    with store.transaction("crashed", "post") as tx:
        tx.update("effects", tx.rows(select(effects)), state="sending", attempts=1, token=0, sent_at=tx.at)
    ledger.documents[first] = [{"total": "100.00"}]  # one had got there, the other had not
    clock.forward(130)
    assert drain(store, ledger).by_state == {"posted": 1, "unknown": 1}, "it may have been sent until just now"
    clock.forward(121)
    assert drain(store, ledger).by_state == {"posted": 2}
    assert ledger.sends == [second]


def test_what_was_disputed_is_posted_once_the_ledger_shows_our_figures(store: Store) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    ledger.altered = {rows(store)[0]["id"]: "100.01"}
    assert drain(store, ledger).by_state == {"disputed": 1}
    assert drain(store, ledger).by_state == {"disputed": 1}
    ledger.altered = {}  # a bookkeeper corrected it there
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1
    assert verify(store).intact


def test_what_was_refused_is_sent_again_only_by_a_persons_command(store: Store) -> None:
    ledger = FakeLedger(script={"*": [Verdict.REFUSED]})
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"refused": 1}
    assert drain(store, ledger).by_state == {"refused": 1}
    assert Drain(store, "northgate", ledger).send_refused_again("a bookkeeper") == 1
    assert drain(store, ledger).by_state == {"posted": 1}
    assert ledger.sends == [rows(store)[0]["id"]] * 2
    assert verify(store).intact


def test_what_was_confirmed_and_taken_away_before_it_was_read_is_not_made_again(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(blind=True)
    put(store, ledger, posting("D1"))
    assert drain(store, ledger).by_state == {"unknown": 1}
    ledger.blind, ledger.documents = False, {}  # somebody deleted it
    for _ in range(4):
        clock.forward(1000)
        assert drain(store, ledger).by_state == {"disputed": 1}
    assert len(ledger.sends) == 1
    (row,) = rows(store)
    assert row["reason"].startswith(f"The ledger confirmed it as ref-{row['id']}, and does not show it any more")
    assert verify(store).intact


def test_a_key_that_is_answered_for_ever_with_what_is_gone_is_not_sent_for_ever(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger()
    put(store, ledger, posting("D1"))
    ledger.send = lambda requests: [Outcome(Verdict.HAPPENED, ref=f"ref-{one.key}") for one in requests]
    for _ in range(5):
        drain(store, ledger)
        clock.forward(1000)
    assert [(row["state"], row["attempts"]) for row in rows(store)] == [("disputed", 1)]


def test_what_was_taken_for_deleted_and_stands_there_is_posted(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger(blind=True)
    put(store, ledger, posting("D1"))
    drain(store, ledger)
    there, ledger.documents, ledger.blind = ledger.documents, {}, False
    clock.forward(1000)
    assert drain(store, ledger).by_state == {"disputed": 1}
    ledger.documents = there  # it was only out of sight
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1


def test_what_was_confirmed_waits_the_settle_time_of_a_search_before_it_counts_as_taken_away(
    store: Store, clock: HandClock
) -> None:
    ledger = FakeLedger(blind=True)
    put(store, ledger, posting("D1"))
    drain(store, ledger)
    there, ledger.documents, ledger.blind = ledger.documents, {}, False
    clock.forward(60)
    assert drain(store, ledger).by_state == {"unknown": 1}
    ledger.documents = there
    clock.forward(61)
    assert drain(store, ledger).by_state == {"posted": 1}
    assert len(ledger.sends) == 1


def test_a_drain_that_may_not_go_on_ends_after_the_batch_under_way(store: Store, clock: HandClock) -> None:
    ledger = FakeLedger()
    put(store, ledger, *(posting(f"D{n}") for n in range(25)))
    result = Drain(store, "northgate", ledger, may_go_on=lambda: not ledger.sends).run()
    assert result.by_state == {"posted": 10, "pending": 15}
    assert len(ledger.sends) == 10
    assert drain(store, ledger).by_state == {"posted": 25}
