"""The audit chain: whatever is changed by hand in the store, verify finds it and names the row or the link."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from events_support import arrives, signed, with_hooks
from pipeline_support import Dealership, financed, sale
from schema_template import database
from sqlalchemy import Column, Integer, delete, insert, select, update

from dealbooks.canonical import sha256_hex
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.periods import move
from dealbooks.pipeline.quarantine import fix
from dealbooks.pipeline.standing import pause, resume
from dealbooks.store import Store
from dealbooks.store.audit import AuditReport, heads, verify
from dealbooks.store.db import make_link
from dealbooks.store.tables import CONTENT, COVERED, PRIMARY, audit, audit_heads, inbox, metadata

BOOK = "northgate"


_SELDOM = (
    "acceptances", "bank_statements", "bank_lines", "bank_links", "outside_lists", "signoffs", "signatures",
    "reopenings", "drift", "exceptions",
)  # fmt: skip


def _made(table: str) -> dict[str, Any]:
    """A row of a table; its content is what its hash says."""
    row: dict[str, Any] = {
        column.name: 1 if isinstance(column.type, Integer) else column.name for column in metadata.tables[table].columns
    }
    content, seal = CONTENT.get(table, ("", ""))
    return row | {"book": BOOK} | ({content: '{"n": 0}', seal: sha256_hex('{"n": 0}')} if content else {})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with rows in every table that the chain covers."""
    folder = tmp_path_factory.mktemp("audit")
    url = f"sqlite:///{folder / 'store.db'}"
    if request.param == "postgresql":
        url = database(request.getfixturevalue("postgres"))
    shop = Dealership(folder / "shop", url)
    with_hooks(shop)
    arrives(shop, "esign", signed("drop:N-1", envelope="e-10"))
    shop.sales(11, financed(1), sale(2, vehicle_cost="", stock_book_price="8000.00"), sale(3, vehicle_cost=""))
    shop.events(15, ("N-1", "funded", "9000.00", "F1", ""))
    shop.sync()
    with shop.open() as house:
        pause(house, BOOK, who="Ann Lee", why="year-end audit")
        resume(house, BOOK, who="Ann Lee")
        fix(house, "N-2", "vehicle_cost", "8000.00", who="Ann Lee", why="typed wrongly")
        with house.store.transaction("test", "close") as tx:
            move(tx, BOOK, Period.parse("2026-07"), PeriodState.CLOSING, who="Ann Lee")
        with house.store.transaction("test", "what only imports and decisions write") as tx:
            for table in _SELDOM:
                tx.insert(table, [_made(table)])
    shop.sync()
    with shop.open() as house:
        yield house.store
    shop.close()


@pytest.fixture
def full(stored: Store) -> Iterator[Store]:
    """That store, to be spoiled: nothing of it remains."""
    with stored.rehearse() as trial:
        yield trial


def _by_hand(store: Store, *statements: Any) -> None:
    with store.transaction("somebody", "by hand") as tx:  # a transaction that tells the chain nothing
        for statement in statements:
            tx.conn.execute(statement)


def _rows(store: Store, table: str) -> list[dict[str, Any]]:
    target = metadata.tables[table]
    with store.read() as conn:
        return [dict(row) for row in conn.execute(select(target).order_by(*target.primary_key)).mappings()]


def _wheres(report: AuditReport) -> list[str]:
    return [one.where for one in report.breaks]


def _other(column: Column[Any], value: Any) -> Any:
    return (value or 0) + 1 if isinstance(column.type, Integer) else f"{value or ''}x"


def test_every_table_that_is_covered_has_rows_and_all_is_well(full: Store) -> None:
    assert {table for table in COVERED if not _rows(full, table)} == set()
    report = verify(full)
    assert report.intact
    assert report.rows == sum(len(_rows(full, table)) for table in COVERED)
    assert report.links == len(_rows(full, "audit"))


def test_an_edited_row_is_found_whichever_column_it_is(full: Store) -> None:
    for table, columns in COVERED.items():
        target, key = metadata.tables[table], PRIMARY[table]
        row = _rows(full, table)[-1]
        for column in columns:
            mine = target.c[key] == row[key]
            _by_hand(full, update(target).where(mine).values({column: _other(target.c[column], row[column])}))
            report = verify(full)
            assert _wheres(report) == [f"{table} {row[key]}"], column
            assert "by hand" in report.breaks[0].message
            _by_hand(full, update(target).where(mine).values({column: row[column]}))
    assert verify(full).intact


def test_a_row_that_is_gone_is_found(full: Store) -> None:
    for table in COVERED:
        target, key = metadata.tables[table], PRIMARY[table]
        row = _rows(full, table)[0]
        _by_hand(full, delete(target).where(target.c[key] == row[key]))
        (found,) = verify(full).breaks
        assert (found.where, "it is gone" in found.message) == (f"{table} {row[key]}", True)
        _by_hand(full, insert(target).values(row))


def test_a_row_that_somebody_added_is_found(full: Store) -> None:
    for table in COVERED:
        target, key = metadata.tables[table], PRIMARY[table]
        row = dict(_rows(full, table)[0])
        row[key] = row[key] + 1000 if isinstance(row[key], int) else "added"
        row |= {name: 999 for name in ("version",) if table == "deal_versions"}
        row |= {"dedupe_key": "added"} if table in ("inbox", "events") else {}
        _by_hand(full, insert(target).values(row))
        (found,) = verify(full).breaks
        assert (found.where, "in no audit link" in found.message) == (f"{table} {row[key]}", True)
        _by_hand(full, delete(target).where(target.c[key] == row[key]))


def test_an_event_is_sealed_from_when_it_is_taken(full: Store) -> None:
    table = metadata.tables["events"]
    row = _rows(full, "events")[0]
    fresh = {"id": 99, "dedupe_key": "fresh", "state": "new", "deal_id": None, "rule": None}
    _by_hand(full, insert(table).values(row | fresh))
    assert verify(full).intact
    _by_hand(full, update(table).where(table.c.id == row["id"]).values(state="new"))
    assert _wheres(verify(full)) == [f"events {row['id']}"]


def test_a_content_that_was_changed_is_found_and_one_that_expired_is_no_break(full: Store) -> None:
    for table, (column, _hash) in CONTENT.items():
        target, key = metadata.tables[table], PRIMARY[table]
        row = next(one for one in _rows(full, table) if one[column])
        mine = target.c[key] == row[key]
        _by_hand(full, update(target).where(mine).values({column: row[column].replace("0", "1", 1) + " "}))
        assert _wheres(verify(full)) == [f"{table} {row[key]}"]
        _by_hand(full, update(target).where(mine).values({column: row[column]}))
    _by_hand(full, update(inbox).values(body=None))
    assert verify(full).intact


def _link(full: Store, place: int) -> dict[str, Any]:
    return [row for row in _rows(full, "audit") if row["book"] == BOOK][place]


def _one(link: dict[str, Any]) -> Any:
    return (audit.c.book == link["book"]) & (audit.c.seq == link["seq"])


EDITS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "who": lambda link: {"actor": "nobody"},
    "what was done": lambda link: {"action": "something else"},
    "when": lambda link: {"at": "2020-01-01T00:00:00.000000Z"},
    "a row left out": lambda link: {"changes": json.dumps(json.loads(link["changes"])[1:], separators=(",", ":"))},
    "no JSON": lambda link: {"changes": "{"},
    "another form": lambda link: {"changes": '{"a":1}'},
    "its hash": lambda link: {"hash": "0" * 64},
    "what it follows": lambda link: {"prev": "0" * 64},
}


def test_an_edited_link_is_found_and_named(full: Store) -> None:
    for what, edit in EDITS.items():
        link = _link(full, 1)
        _by_hand(full, update(audit).where(_one(link)).values(edit(link)))
        assert _wheres(verify(full))[0] == f"chain {BOOK}, link {link['seq']}", what
        _by_hand(full, update(audit).where(_one(link)).values(link))
    assert verify(full).intact


def test_a_link_that_was_taken_out_is_found(full: Store) -> None:
    link = _link(full, 1)
    _by_hand(full, delete(audit).where(_one(link)))
    found = verify(full).breaks[0]
    assert found.where == f"chain {BOOK}, link {link['seq'] + 1}"
    assert f"link {link['seq']} is missing" in found.message


def test_a_tail_that_was_cut_is_found_by_the_stored_head(full: Store) -> None:
    link = _link(full, -1)
    _by_hand(full, delete(audit).where(_one(link)))
    assert f"chain {BOOK}" in _wheres(verify(full))


def _rewound(full: Store) -> dict[str, tuple[int, str]]:
    """The newest link of the house's chain taken out, with its rows as they were and the stored head moved back."""
    with full.transaction("somebody", "a period") as tx:
        move(tx, "other", Period.parse("2026-08"), PeriodState.CLOSING, who="Somebody")
    with full.transaction("somebody", "another") as tx:
        move(tx, "other", Period.parse("2026-09"), PeriodState.CLOSING, who="Somebody")
    kept = heads(full)
    first = next(row for row in _rows(full, "audit") if row["book"] == "other")
    _by_hand(
        full,
        delete(audit).where((audit.c.book == "other") & (audit.c.seq == 2)),
        delete(metadata.tables["periods"]).where(metadata.tables["periods"].c.id == "other/2026-09"),
        update(audit_heads).where(audit_heads.c.book == "other").values(seq=1, hash=first["hash"]),
    )
    return kept


def test_a_tail_that_was_cut_with_all_its_traces_needs_a_head_that_was_kept(full: Store) -> None:
    kept = _rewound(full)
    assert verify(full).intact  # inside the store nothing shows it
    (found,) = verify(full, known_heads=kept).breaks
    assert found.where == "chain other"
    assert "link 2, the chain ends at 1" in found.message


def test_a_chain_that_was_rewritten_whole_needs_a_head_that_was_kept(full: Store) -> None:
    kept = heads(full)
    prev = ""
    for link in [row for row in _rows(full, "audit") if row["book"] == BOOK]:
        forged = make_link(
            BOOK, link["seq"], link["at"], "nobody", link["action"], json.loads(link["changes"]), prev
        )  # fmt: skip
        prev = forged["hash"]
        _by_hand(full, update(audit).where(_one(link)).values(forged))
    _by_hand(full, update(audit_heads).where(audit_heads.c.book == BOOK).values(hash=prev))
    assert verify(full).intact
    (found,) = verify(full, known_heads=kept).breaks
    assert found.where == f"chain {BOOK}, link {kept[BOOK][0]}"
    assert "rewritten" in found.message


def test_an_older_head_still_holds_when_work_goes_on(full: Store) -> None:
    kept = heads(full)
    with full.transaction("test", "later") as tx:
        move(tx, BOOK, Period.parse("2026-06"), PeriodState.CLOSING, who="Ann Lee")
    assert verify(full, known_heads=kept).intact
