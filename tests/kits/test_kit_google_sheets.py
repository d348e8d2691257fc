"""The Apps Script, run in Node over a stand-in of Google's services; what it sends goes to the gateway's scheme."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gateway_support import NOW, WHSEC, hook

from dealbooks.events import Hint

HEADERS = ["Deal ID", "Customer", "Status", "Price", "Sent to Dealbooks"]
ID, STATUS, MARK = 1, 3, 5
URL = "https://gateway.example/hooks/sheet"
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(node: Callable[..., dict[str, Any]], kits: Path) -> Run:
    def script(rows: list[list[Any]], *steps: tuple[str, dict[str, Any]], **task: Any) -> dict[str, Any]:
        whole = {
            "file": str(kits / "google_sheets/Code.gs"),
            "now": int(NOW.timestamp() * 1000),
            "grid": copy.deepcopy([task.pop("headers", HEADERS), *rows]),
            "properties": {"DEALBOOKS_URL": URL, "DEALBOOKS_SECRET": WHSEC},
            "steps": steps,
        }
        return node("sheets_stub.js", whole | task)

    return script


@pytest.fixture
def hints(taken: Callable[..., Hint]) -> Callable[[dict[str, Any]], list[Hint]]:
    def read(found: dict[str, Any]) -> list[Hint]:
        made = []
        for sent in found["sent"]:
            assert (sent["url"], sent["method"], sent["contentType"]) == (URL, "post", "application/json")
            at = datetime.fromtimestamp(sent["at"] / 1000, UTC)
            made.append(taken(hook("standard"), sent["headers"], sent["payload"].encode(), at))
        return made

    return read


def row(deal: Any = "GS-1", status: str = "Delivered", mark: str = "") -> list[Any]:
    return [deal, "Ann Müller", status, 18450.1, mark]


def edit(number: int, column: int, *values: list[Any], **more: Any) -> tuple[str, dict[str, Any]]:
    return ("edit", {"row": number, "column": column, "values": values, **more})


def marks(found: dict[str, Any]) -> list[str]:
    return [one[MARK - 1].partition(" ")[0] for one in found["grid"][1:]]


SWEEP: tuple[str, dict[str, Any]] = ("sweep", {})


def test_an_edit_that_makes_a_row_done_is_sent_and_marked(run: Run, hints: Callable[..., list[Hint]]) -> None:
    found = run([row(status="Ordered")], edit(2, STATUS, ["Delivered"]))
    (hint,) = hints(found)
    assert (hint.kind, hint.object_ids["deal"]) == ("deal.completed", "GS-1")
    assert (hint.object_ids["spreadsheet"], hint.object_ids["sheet"]) == ("spreadsheet-1", "0")
    assert found["grid"][1][MARK - 1] == "sent 2026-10-01T09:00:00.000Z"
    assert "Müller" not in hint.body
    assert "18450" not in hint.body
    assert found["errors"] == []


def test_a_pasted_block_of_rows_is_sent_row_by_row(run: Run, hints: Callable[..., list[Hint]]) -> None:
    found = run([row()], edit(2, 1, row("GS-1"), row("GS-2", "Ordered"), row("GS-3"), row(1042)))
    assert [one.object_ids["deal"] for one in hints(found)] == ["GS-1", "GS-3", "1042"]
    assert marks(found) == ["sent", "", "sent", "sent"]


def test_rows_that_no_trigger_saw_are_sent_by_the_sweep(run: Run, hints: Callable[..., list[Hint]]) -> None:
    found = run([row(), row("GS-2", "Ordered"), row("GS-3", " delivered ")], SWEEP, SWEEP)
    assert [one.object_ids["deal"] for one in hints(found)] == ["GS-1", "GS-3"]
    assert marks(found) == ["sent", "", "sent"]


def test_a_row_without_an_id_gets_one_that_stays(run: Run, hints: Callable[..., list[Hint]]) -> None:
    found = run([row("")], SWEEP, SWEEP, answers=[503])
    first, second = hints(found)
    assert found["grid"][1][ID - 1] == first.object_ids["deal"] == "GS-00000000-0000-4000-8000-000000000001"
    assert first.dedupe_key == second.dedupe_key


@pytest.mark.parametrize("answer", [None, 429, 500, 503, 401, 404, 302, 400])
def test_only_a_2xx_marks_a_row_as_sent_and_the_next_sweep_tries_again(
    run: Run, hints: Callable[..., list[Hint]], answer: int | None
) -> None:
    failed = run([row()], SWEEP, answers=[answer])
    assert marks(failed) == ["due"]
    found = run([row()], SWEEP, ("wait", {"ms": 300_000}), SWEEP, answers=[answer])
    first, second = hints(found)
    assert first == second
    assert marks(found) == ["sent"]


def test_when_the_gateway_is_down_a_run_does_not_try_every_row(run: Run) -> None:
    rows = [row(f"GS-{n}") for n in range(5)]
    for answer in (None, 503):
        found = run(rows, SWEEP, answers=[answer])
        assert (len(found["sent"]), len(found["warnings"]), marks(found)) == (1, 1, ["due", "", "", "", ""])
    found = run(rows, SWEEP, SWEEP, answers=[None])
    assert (len(found["sent"]), marks(found)) == (6, ["sent"] * 5)


def test_a_refusal_is_an_error_that_google_mails(run: Run) -> None:
    found = run([row("GS-1"), row("GS-2")], SWEEP, answers=[401])
    assert "refused row 2 (GS-1) with 401" in found["errors"][0]
    assert len(found["sent"]) == 1
    found = run([row("GS-1"), row("GS-2")], SWEEP, answers=[400])
    assert marks(found) == ["due", "sent"]
    assert "with 400" in found["errors"][0]


def test_a_change_of_a_row_that_was_sent_is_a_new_event(run: Run, hints: Callable[..., list[Hint]]) -> None:
    again = ("wait", {"ms": 60_000})
    found = run([row()], SWEEP, again, edit(2, 4, [17999]), again, edit(2, STATUS, ["Cancelled"]))
    told = hints(found)
    assert [one.kind for one in told] == ["deal.completed", "deal.completed", "deal.updated"]
    assert len({one.dedupe_key for one in told}) == 3


def test_clearing_the_mark_sends_again(run: Run, hints: Callable[..., list[Hint]]) -> None:
    found = run([row(mark="sent 2026-09-01T00:00:00.000Z")], SWEEP, edit(2, MARK, [""]))
    assert [one.kind for one in hints(found)] == ["deal.completed"]


def test_what_is_edited_while_it_is_sent_stays_due(run: Run, hints: Callable[..., list[Hint]]) -> None:
    change = {"row": 2, "column": MARK, "value": "due 2026-10-01T09:00:01.000Z"}
    found = run([row()], SWEEP, meanwhile={"1": [change]})
    assert found["grid"][1][MARK - 1] == change["value"]
    found = run([row()], SWEEP, SWEEP, meanwhile={"1": [change]})
    first, second = hints(found)
    assert (first.dedupe_key == second.dedupe_key, marks(found)) == (False, ["sent"])


def test_rows_sorted_while_they_are_sent_are_never_marked_for_one_another(
    run: Run, hints: Callable[..., list[Hint]]
) -> None:
    rows = [row("GS-1"), row("GS-2", "Ordered"), row("GS-3")]
    sorting = {"1": [{"sort": True}]}
    found = run(rows, SWEEP, meanwhile=sorting)
    told = {one.object_ids["deal"] for one in hints(found)}
    sent = {one[0] for one in found["grid"][1:] if str(one[MARK - 1]).startswith("sent")}
    assert sent <= told
    both_due = [row("GS-1", mark="due x"), row("GS-3", mark="due x")]
    found = run(both_due, SWEEP, meanwhile=sorting, answers=[202, 503])
    assert marks(found) == ["due", "due"]
    found = run(rows, SWEEP, SWEEP, SWEEP, meanwhile=sorting)
    assert {"GS-1", "GS-3"} <= {one.object_ids["deal"] for one in hints(found)}
    assert {one[0]: one[MARK - 1][:4] for one in found["grid"][1:]} == {"GS-1": "sent", "GS-2": "", "GS-3": "sent"}


def test_a_long_run_ends_in_time_and_the_next_goes_on(run: Run) -> None:
    rows = [row(f"GS-{n}") for n in range(10)]
    found = run(rows, SWEEP, fetchMs=60_000)
    assert len(found["sent"]) == 4
    found = run(rows, SWEEP, SWEEP, SWEEP, fetchMs=60_000)
    assert marks(found) == ["sent"] * 10
    assert len(found["sent"]) == 10


def test_while_another_run_has_the_lock_nothing_is_sent_or_lost(run: Run) -> None:
    found = run([row(mark="sent 2026-09-01T00:00:00.000Z")], edit(2, 4, [17999]), lockTaken=True)
    assert (found["sent"], marks(found), found["errors"]) == ([], ["due"], [])


def test_edits_elsewhere_send_nothing(run: Run) -> None:
    found = run(
        [row("GS-1", "Ordered")],
        edit(1, 2, ["Buyer"]),
        edit(2, 4, [1]),
        edit(2, STATUS, ["Delivered"], tab="Notes"),
        edit(2, STATUS, ["Ordered"]),
    )
    assert (found["sent"], marks(found), found["errors"]) == ([], [""], [])


def test_columns_are_found_by_their_headers(run: Run, hints: Callable[..., list[Hint]]) -> None:
    moved = ["Sent to Dealbooks ", "STATUS", "Price", "deal id"]
    found = run([["", "Delivered", 1, "GS-9"]], SWEEP, headers=moved)
    assert [one.object_ids["deal"] for one in hints(found)] == ["GS-9"]
    assert found["grid"][1][0].startswith("sent ")
    assert (
        'no column "Status"' in run([row()], SWEEP, headers=["Deal ID", "", "", "", "Sent to Dealbooks"])["errors"][0]
    )
    twice = run([row()], SWEEP, headers=["Deal ID", "Status", "Status", "", "Sent to Dealbooks"])
    assert 'two columns "Status"' in twice["errors"][0]
    assert twice["sent"] == []


def test_install_sets_its_two_triggers_once_and_leaves_others_alone(run: Run) -> None:
    found = run([row()], ("install", {}), ("install", {}), triggers=["monthlyReport", "sweep"])
    assert sorted(found["triggers"]) == [["monthlyReport", "other"], ["onSheetEdit", "edit"], ["sweep", "every 5"]]
    missing = run([row()], ("install", {}), properties={"DEALBOOKS_URL": URL})
    assert "Set DEALBOOKS_URL and DEALBOOKS_SECRET" in missing["errors"][0]
    assert missing["triggers"] == []


def test_an_empty_sheet_is_no_error(run: Run) -> None:
    found = run([], SWEEP)
    assert (found["sent"], found["errors"]) == ([], [])


def test_the_manifest_asks_for_no_more_than_it_needs(kits: Path) -> None:
    manifest = json.loads((kits / "google_sheets/appsscript.json").read_text(encoding="utf-8"))
    assert manifest["runtimeVersion"] == "V8"
    assert {one.rpartition("/")[2] for one in manifest["oauthScopes"]} == {
        "spreadsheets.currentonly",
        "script.external_request",
        "script.scriptapp",
    }
