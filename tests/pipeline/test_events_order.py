"""Events doubled, reordered, taken by several processes, killed: everything is posted once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from events_support import arrives, signed, states, taken, told, with_hooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline_support import Dealership, posted, sale

from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.pipeline import events as events_module
from dealbooks.pipeline.sync import sync
from dealbooks.store.audit import verify


def _events_of(numbers: range) -> list[tuple[str, Any]]:
    listed_: list[tuple[str, Any]] = []
    for number in numbers:
        ref = f"drop:LEEDS:N-{number}"
        listed_ += [
            ("ours", told("deal.completed", ref)),
            ("esign", signed(ref, envelope=f"e-{number}", at=f"2026-09-{11 + number}T10:00:00.000000Z")),
            ("esign", signed("", envelope=f"e-{number}", key=f"again-{number}")),
            ("ours", told("invoice.issued", ref, at=f"2026-09-{12 + number}T10:00:00.000000Z")),
        ]
    return listed_


def _books(folder: Path, steps: list[tuple[str, Any]]) -> dict[str, bytes]:
    """The books after some steps: an event of a hook, a file of sales, or a sync; and a sync at the end."""
    shop = Dealership(folder, f"sqlite:///{folder.parent / f'{folder.name}.db'}")
    shop.book["post_when"] = {"all": ["completed", "signed", "invoiced"], "date": "ready"}
    with_hooks(shop)
    try:
        for what, value in [*steps, ("sync", None), ("sync", None)]:
            if what == "sync":
                shop.sync()
            elif what == "sales":
                shop.sales(value, sale(value))
            else:
                arrives(shop, what, value)
        shop.sound()
        return shop.files()
    finally:
        shop.close()


_SALES = [("sales", 1), ("sales", 2)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The books when all comes in order."""
    return _books(tmp_path_factory.mktemp("quiet") / "shop", [*_SALES, *_events_of(range(1, 3))])


def test_doubled_five_times_and_reordered_the_books_are_the_same(tmp_path: Path, quiet: dict[str, bytes]) -> None:
    steps = [*_SALES, *(_events_of(range(1, 3)) * 5), ("sync", None), ("sync", None)]
    random.Random(7).shuffle(steps)
    assert _books(tmp_path / "shop", steps) == quiet
    assert len(quiet) > 0


_AT_LEISURE: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=4, **_AT_LEISURE)
@given(data=st.data())
def test_any_order_and_number_of_events_and_sweeps_ends_in_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject
) -> None:
    _any_order(tmp_path_factory, quiet, data)


@pytest.mark.long
@settings(max_examples=60, **_AT_LEISURE)
@given(data=st.data())
def test_many_orders_end_in_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject
) -> None:
    _any_order(tmp_path_factory, quiet, data)


def _any_order(factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject) -> None:
    more = data.draw(st.lists(st.sampled_from([*_events_of(range(1, 3)), ("sync", None)]), max_size=6))
    steps = data.draw(st.permutations([*_SALES, *_events_of(range(1, 3)), *more]))
    assert _books(factory.mktemp("any") / "shop", steps) == quiet


def test_several_processes_take_each_event_once(any_shop: Dealership) -> None:
    with_hooks(any_shop)
    any_shop.sales(12, sale(1), sale(2))
    any_shop.sync()
    arrives(any_shop, "esign", *(signed(f"drop:N-{n % 2 + 1}", envelope=f"e-{n % 7}", key=f"{n}") for n in range(40)))

    def take(_: int) -> int:
        with House.open(load_config(any_shop.config_file), clock=any_shop.clock) as house:
            return sum(events_module.take_events(house, limit=5).matched for _ in range(4))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 40
    assert set(states(any_shop)) == {"matched"}
    with any_shop.open() as house:
        assert verify(house.store).intact


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("point", ["record_objects", "_remember", "_expire", "_unread"])
def test_killed_anywhere_and_run_again_it_is_posted_once(
    signing: Dealership, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise _Killed

    arrives(signing, "esign", signed("drop:N-1", envelope="e-1"), signed(envelope="e-1", key="b"))
    signing.sync()
    signing.sales(12, sale(1))
    with monkeypatch.context() as patch:
        patch.setattr(events_module, point, killed)
        with pytest.raises(_Killed):
            signing.sync()
    signing.close()
    signing.sync()
    assert posted(signing) == {"N-1"}
    assert states(signing) == ["matched", "matched"]
    assert "sale-v1" in signing.entry_ids(1)
    assert len(signing.files()) == len(signing.entry_ids())
    signing.sound()


def test_killed_between_match_and_post_it_is_posted_once(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("drop:N-1"))
    with signing.open() as house:
        sync(house, post=False)
    assert taken(signing).matched == 0
    signing.close()
    signing.sync()
    signing.sync()
    assert posted(signing) == {"N-1"}
    assert len(signing.files()) == len(signing.entry_ids())
