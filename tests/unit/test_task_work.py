"""Between Prefect and the pipeline: no fault carries data into Prefect, and nothing heavy is imported early."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import traceback

import pytest
from prefect.states import Failed

from dealbooks.errors import LeaseLost, StopBatch, StopConnection
from dealbooks.findings import Finding, Severity
from flows.summary import Summary
from tasks.quarantine import reason
from tasks.work import LogProgress, UnexpectedFault, guarded, may_read_again

CUSTOMER = "Dana Quill"


def _fails_with_data() -> None:
    raise ValueError(f"row of {CUSTOMER} is odd")


def _fails_for_a_person() -> None:
    try:
        _fails_with_data()
    except ValueError as error:
        raise StopConnection("The store cannot be used now.", fix="Check it.") from error


def test_a_fault_of_ours_names_the_place_and_no_data(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "dealbooks"), pytest.raises(UnexpectedFault) as caught:
        guarded(_fails_with_data)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert CUSTOMER not in shown
    assert "ValueError" in str(caught.value)
    assert "test_task_work.py" in str(caught.value)
    assert "_fails_with_data" in caplog.text


def test_an_error_for_a_person_is_kept_and_what_caused_it_is_not() -> None:
    with pytest.raises(StopConnection) as caught:
        guarded(_fails_for_a_person)
    assert caught.value.words == "The store cannot be used now. Check it."
    assert CUSTOMER not in "".join(traceback.format_exception(caught.value))


def test_the_log_of_a_task_has_a_refusal_in_one_line() -> None:
    log = logging.getLogger("prefect.task_runs")
    records = []
    for run in (_fails_for_a_person, _fails_with_data):
        try:
            run()
        except (StopConnection, ValueError):
            said = ("Task run failed with exception: %r", ("it",), sys.exc_info())
            records.append(log.makeRecord(log.name, logging.ERROR, __file__, 1, *said))
    assert all(log.filter(record) for record in records)
    refused, fault = records
    assert (refused.getMessage(), refused.exc_info) == ("The store cannot be used now. Check it.", None)
    assert fault.exc_info is not None, "any other exception is logged as it is"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StopConnection("away"), True),
        (LeaseLost("held"), False),
        (StopBatch("bad file"), False),
        (ValueError("bug"), False),
    ],
)
def test_only_what_could_not_be_reached_is_read_again(error: Exception, again: bool) -> None:
    state = Failed(data=error, message="failed")
    assert asyncio.run(may_read_again(None, None, state)) is again  # type: ignore[arg-type]


def test_a_reason_shown_in_prefect_has_no_value() -> None:
    found = Finding("D043", Severity.ERROR, f"the VIN of {CUSTOMER} fails", "vehicle.vin", CUSTOMER)
    assert CUSTOMER not in reason(found)
    assert reason(found).startswith("D043 ")
    assert reason(found).endswith("(vehicle.vin)")
    assert CUSTOMER not in reason(Finding("Z999", Severity.ERROR, CUSTOMER, "", CUSTOMER))


def test_progress_is_told_in_tenths_and_not_of_small_things(caplog: pytest.LogCaptureFixture) -> None:
    progress = LogProgress(logging.getLogger("dealbooks.test"))
    with caplog.at_level(logging.INFO, "dealbooks.test"):
        for done in range(1, 21):
            progress("read", done, 20)
        assert caplog.messages == []
        for done in range(1, 10_001):
            progress("check", done, 10_000)
    assert caplog.messages == [f"check: {tenth * 1000} of 10000" for tenth in range(1, 11)]


def test_the_end_of_a_run_in_words() -> None:
    done = Summary()
    assert done.in_words() == "nothing new to post"
    done.quarantined = 3
    assert done.in_words() == "3 quarantined"
    done.posted_count, done.held_files, done.busy = 12, 1, ["northgate"]
    assert done.in_words() == "12 posted, 3 quarantined, 1 files held, northgate left to another run that works on it"


def test_flows_and_tasks_import_no_great_expectations_and_no_frames() -> None:
    code = (
        "import sys, flows.deal_sync, flows.period_close, flows.quarantine_fix, flows.up\n"
        "print(sorted({'great_expectations', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_supervises_imports_no_prefect() -> None:
    code = "import sys, flows.up\nprint('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
