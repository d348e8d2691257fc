"""What every source over an API promises, and what a sweep makes of it: nothing missed, nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from conformance.sources.source_rig import NAMES, PAGE, SourceRig, rig_of

from dealbooks.canonical import canonical_json
from dealbooks.errors import StopConnection
from dealbooks.pipeline.sweep import Swept
from dealbooks.source import SourceRecord
from dealbooks.store import Tx
from sandbox.kit import Fault


def test_every_test_that_is_left_out_is_one(request: pytest.FixtureRequest) -> None:
    known = {item.function.__name__ for item in request.session.items if isinstance(item, pytest.Function)}
    for name in NAMES:
        if len(known) > 10:  # not when a single test is asked for
            assert set(rig_of(name).cannot) <= known


def test_what_was_sold_is_read_and_known_the_next_time(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    assert deals.sweep().new == 7
    assert deals.sweep(86_000).new == 0
    assert deals.many() == dict.fromkeys(keys, 1)


def test_a_record_is_plain_whole_and_named(deals: SourceRig) -> None:
    key = deals.sell(1, "9876.50")
    deals.clock.sleep(60)
    record = deals.source.fetch(key)
    assert record is not None
    assert (record.key, record.counts, record.gone) == (key, True, False)
    assert record.place
    assert deals.price_of(record.data) == "9876.5"
    assert canonical_json(record.data)
    assert not _floats(record.data)


def _floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_floats, value.values()))
    return any(map(_floats, value)) if isinstance(value, list) else isinstance(value, float)


def test_a_deal_is_the_same_by_every_way_of_reading(deals: SourceRig) -> None:
    key = deals.sell(1)
    deals.clock.sleep(60)
    one = deals.source.fetch(key)
    assert one is not None
    told = [record for page in deals.source.everything(deals.clock.now()) for record in page.records]
    assert [(record.key, record.data) for record in told] == [(key, one.data)]
    if deals.source.capabilities.cursor != "everything":
        changed = [record for page in deals.source.changes(None, deals.clock.now()) for record in page.records]
        assert {record.key: record.data for record in changed} == {key: one.data}


def test_no_such_deal(deals: SourceRig) -> None:
    key = deals.sell(1)
    deals.delete(key)
    deals.clock.sleep(60)
    found = deals.source.fetch(key)
    assert found is None or found.gone


def test_nothing_is_taken_that_is_no_completed_sale(deals: SourceRig) -> None:
    key = deals.quote(1)
    assert deals.sweep().new == 0
    deals.complete(key)
    assert deals.sweep().new == 1


def test_every_content_is_a_row_also_one_that_comes_back(deals: SourceRig) -> None:
    key = deals.sell(1, "10000.00")
    deals.sweep()
    for price in ("9900.00", "10000.00"):
        deals.reprice(key, price)
        deals.sweep()
    assert deals.prices(key) == ["10000", "9900", "10000"]


def test_what_is_saved_as_it_was_is_no_change(deals: SourceRig) -> None:
    key = deals.sell(1)
    deals.sweep()
    deals.touch(key)
    assert deals.sweep().new == 0


def test_a_line_that_changes_without_its_deal_is_found(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 6)]
    deals.sweep(3600)
    deals.clock.sleep(3600)
    deals.edit_line(keys[1])
    assert deals.sweep().new == 1
    assert deals.many()[keys[1]] == 2


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_records_of_one_moment_are_all_read_at_every_edge_of_a_page(deals: SourceRig, count: int) -> None:
    for number in range(1, count + 1):
        deals.sell(number)
    assert deals.sweep().new == count
    assert deals.twice() == []


def test_what_becomes_visible_late_is_found(deals: SourceRig) -> None:
    deals.sell(1)
    deals.sweep()
    key = deals.sell_late(2, deals.late())
    assert deals.sweep(1).new == 1
    assert deals.prices(key) == ["10000"]


def test_what_changes_while_it_is_read_is_not_missed(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    deals.clock.sleep(60)
    start = deals.taken

    def change() -> None:
        if deals.taken == start + 3:
            deals.each_call = lambda: None
            deals.reprice(keys[0], "9000.00")
            deals.reprice(keys[6], "9100.00")

    deals.each_call = change
    deals.sweep()
    deals.sweep()
    assert deals.prices(keys[0])[-1] == "9000"
    assert deals.prices(keys[6])[-1] == "9100"
    assert deals.twice() == []


def test_a_sale_that_was_reopened_is_told_once(deals: SourceRig) -> None:
    key = deals.sell(1)
    deals.sell(2)
    deals.sweep()
    deals.reopen(key)
    assert deals.sweep().gone == 1
    assert deals.sweep().gone == 0
    assert deals.prices(key) == ["10000", "void"]


def test_a_sale_that_is_gone_is_told_once(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 6)]
    deals.sweep()
    deals.delete(keys[2])
    assert deals.sweep(86_400).gone == 1
    assert deals.sweep(86_400).gone == 0
    assert deals.prices(keys[2]) == ["10000", "void"]
    assert sum(deals.many().values()) == 6


def test_what_never_counted_goes_without_a_word(deals: SourceRig) -> None:
    deals.sell(2)
    key = deals.quote(1)
    deals.sweep()
    deals.delete(key)
    assert deals.sweep(86_400).gone == 0


def test_a_platform_that_fails_at_any_call_leaves_nothing_out(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    for failing in range(12):
        deals.reprice(keys[failing % 7], f"{9000 + failing}.00")
        deals.restart()
        deals.faults.order([*[None] * failing, *[Fault.SERVER_ERROR] * deals.tries], "read")
        deals.clock.sleep(60)
        _until_it_answers(deals)
        assert deals.prices(keys[failing % 7])[-1] == f"{9000 + failing}"
    assert deals.twice() == []
    assert set(deals.many()) == set(keys)


def _until_it_answers(deals: SourceRig) -> None:
    for _ in range(20):
        try:
            deals.sweep()
        except StopConnection:
            continue
        if not deals.faults._ordered.get("read"):
            return


def test_a_token_that_expires_in_the_middle_costs_nothing(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    deals.clock.sleep(60)
    start = deals.taken

    def expire() -> None:
        if deals.taken == start + 3:
            deals.each_call = lambda: None
            deals.expire_token()

    deals.each_call = expire
    if deals.renews:
        assert deals.sweep().new == 7
    else:
        with pytest.raises(StopConnection, match="authorisation"):
            deals.sweep()
        deals.sweep()
    assert deals.many() == dict.fromkeys(keys, 1)


def test_an_expired_cursor_compares_everything(deals: SourceRig) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    deals.sweep()
    deals.reprice(keys[3], "9000.00")
    deals.delete(keys[5])
    deals.expire_cursor()
    swept = deals.sweep()
    assert swept.compared_all
    assert (swept.new, swept.gone) == (1, 1)
    assert deals.sweep().new == 0


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_killed_at_any_commit_nothing_is_missed_and_nothing_is_twice(
    deals: SourceRig, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [deals.sell(number) for number in range(1, 8)]
    seal, count = Tx.seal, 0

    def stop(self: Tx) -> None:
        nonlocal count
        count += "read crm" in self._action
        if count == killed_at:
            raise KeyboardInterrupt
        seal(self)

    with monkeypatch.context() as patch:
        patch.setattr(Tx, "seal", stop)
        try:
            deals.sweep()
        except KeyboardInterrupt:
            deals.restart()
    deals.sweep()
    assert deals.many() == dict.fromkeys(keys, 1)


def test_a_second_sweep_asks_little(deals: SourceRig) -> None:
    for number in range(1, 13):
        deals.sell(number)
    start = deals.taken
    deals.sweep()
    first = deals.taken - start
    deals.clock.sleep(3600)
    deals.sweep()  # what is looked up once is known by now
    start = deals.taken
    deals.clock.sleep(3600)
    assert deals.sweep() == Swept() or deals.source.capabilities.cursor == "everything"
    assert deals.taken - start <= max(2, first // 3) or deals.source.capabilities.cursor == "everything"


def test_what_is_not_there_is_said_of_those_that_were_asked_for(deals: SourceRig) -> None:
    if deals.source.capabilities.deletions != "asked":
        assert list(deals.source.missing(["1"])) == []
        return
    keys = [deals.sell(number) for number in range(1, 4)]
    deals.delete(keys[1])
    assert set(deals.source.missing(keys)) == {keys[1]}


def test_a_working_connection_has_no_problems(deals: SourceRig) -> None:
    assert deals.source.problems() == []


def test_what_was_said_can_be_shown_without_secrets(deals: SourceRig) -> None:
    key = deals.sell(1)
    deals.clock.sleep(60)
    deals.source.fetch(key)
    said = deals.source.exchanges()
    assert said
    assert deals.source.exchanges() == []
    assert not [one for one in said for secret in _secrets(deals) if secret in f"{one.url}{one.request}{one.response}"]


def _secrets(deals: SourceRig) -> list[str]:
    return [secret for secret in getattr(deals, "secrets", []) if secret]


def test_pages_are_as_large_as_was_said(deals: SourceRig) -> None:
    for number in range(1, 9):
        deals.sell(number)
    deals.clock.sleep(60)
    pages: list[tuple[SourceRecord, ...]] = [page.records for page in deals.source.everything(deals.clock.now())]
    assert max(len(page) for page in pages) <= deals.source.capabilities.page_size
    assert sum(len(page) for page in pages) == 8
