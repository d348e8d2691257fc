"""Runs the suite over a batch, and routes what it found to the rows: GX's results in, our findings out.

Three traps of GX are handled here, each with a test: a datasource shared by two threads gives another batch's rows, so
every thread has a context of its own; a missing column fails with no rows named, which stops the batch instead of
reading as "no bad rows"; nulls are skipped, which the suite answers.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealbooks.catalogue import CATALOGUE, found
from dealbooks.errors import BrokenInvariant, StopBatch
from dealbooks.findings import Finding
from expectations.docs import KEEP, DataDocs
from expectations.frame import INDEX, CheckRow, to_frame
from expectations.suites import CHECK_OF_CODE, MAX_ROWS, Check, build_suite

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.datasource.fluent.interfaces import Batch
    from pandas import DataFrame

RUNS_PER_CONTEXT = 1000  # GX keeps something of every batch; a new context lets go of it
_RESULT_FORMAT: dict[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [INDEX],
    "include_unexpected_rows": False,
}
_QUIET = {"TQDM_DISABLE": "1", "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """`findings` holds the rows that broke a rule, in the order of the rows; `batch_findings` what is wrong with the
    batch as a whole; `docs` the page of this batch, where Data Docs are kept."""

    findings: dict[int, list[Finding]]
    batch_findings: list[Finding] = field(default_factory=list)
    docs: Path | None = None


class BatchValidator:
    """Checks batches of deals; one may be used by any number of threads."""

    def __init__(self, *, docs: Path | None = None, keep_docs: int = KEEP) -> None:
        """`docs` is the folder for Data Docs, of the newest `keep_docs` batches; None: none are made."""
        self._docs = DataDocs(docs, keep=keep_docs) if docs is not None else None
        self._local = threading.local()

    def get_ready(self) -> None:
        """Load the engine, and have this thread's context: seconds that the first batch would wait otherwise."""
        to_frame(())
        build_suite()
        self._batch_definition()

    def check(self, rows: Sequence[CheckRow], *, name: str) -> BatchOutcome:
        """Check a batch. `name` is the batch's id, shown in the docs.

        Raises:
            StopBatch: an expectation could not be evaluated, so nothing is known of any row.
        """
        by_id = {row.row_id: row for row in rows}
        if len(by_id) != len(rows):
            raise BrokenInvariant("two rows of a batch have the same row id", fix="report this")
        if not rows:
            return BatchOutcome({})
        return self.check_frame(to_frame(rows), by_id, name=name)

    def check_frame(self, frame: DataFrame, by_id: Mapping[int, CheckRow], *, name: str) -> BatchOutcome:
        """`check`, for a frame that stands already."""
        result = _validated(self._batch_definition().get_batch({"dataframe": frame}), len(frame))
        found_in_row: dict[int, list[Finding]] = {row_id: [] for row_id in by_id}
        batch_findings: list[Finding] = []
        for one in result.results:
            if one.success:
                continue
            check = _check_of(one)
            if not check.per_row:
                batch_findings.append(_batch_finding(check, one.result, name))
                continue
            for row_id in _row_ids(check, one.result, name):
                if row_id not in by_id:
                    raise BrokenInvariant(
                        f"the checks of batch {name} named row {row_id}, which is not in it", fix="report this"
                    )
                found_in_row[row_id].append(_row_finding(check, by_id[row_id]))
        page = self._docs.add(result, name) if self._docs is not None else None
        return BatchOutcome({row_id: all_ for row_id, all_ in found_in_row.items() if all_}, batch_findings, page)

    def _batch_definition(self) -> BatchDefinition[None]:
        """This thread's own: two threads that share one get each other's rows, without an error."""
        if getattr(self._local, "runs", RUNS_PER_CONTEXT) >= RUNS_PER_CONTEXT:
            self._local.definition = _new_batch_definition()
            self._local.runs = 0
        self._local.runs += 1
        definition: BatchDefinition[None] = self._local.definition
        return definition


def _new_batch_definition() -> BatchDefinition[None]:
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("deals").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole")


def _validated(batch: Batch, rows: int) -> ExpectationSuiteValidationResult:
    """The whole suite, with details of what failed and of the table-level expectations. To ask for the details of what
    holds as well would take nearly twice as long."""
    result = batch.validate(build_suite(), result_format="BOOLEAN_ONLY")
    closer = [check for one in result.results if not ((check := _check_of(one)).per_row and one.success)]
    detailed = {
        _check_of(one).code: one for one in batch.validate(build_suite(closer), result_format=_RESULT_FORMAT).results
    }
    for place, one in enumerate(result.results):
        one.result = {"element_count": rows, "unexpected_count": 0, "unexpected_percent": 0.0}
        result.results[place] = detailed.get(_check_of(one).code, one)
    return result


def _check_of(one: ExpectationValidationResult) -> Check:
    if one.expectation_config is None:
        raise BrokenInvariant("GX gave a result without its expectation", fix="report this")
    return CHECK_OF_CODE[one.expectation_config.meta["code"]]


def _batch_finding(check: Check, result: Mapping[str, Any], name: str) -> Finding:
    """What is wrong with the batch as a whole. Other columns than the suite knows: nothing can be told of any row."""
    observed = result.get("observed_value")
    if check.code != "F502" or not isinstance(observed, int):
        raise _not_evaluated(check, name, result.get("details", {}).get("mismatched", {}))
    return found(check.code, "", observed, least=1, most=MAX_ROWS)


def _row_ids(check: Check, result: Mapping[str, Any], name: str) -> list[int]:
    """The rows that break an expectation. Failed with none named means that it was not evaluated at all."""
    named = result.get("unexpected_index_list")
    if not named:
        raise _not_evaluated(check, name, check.arguments)
    return list(dict.fromkeys(int(entry[INDEX]) for entry in named))


def _not_evaluated(check: Check, name: str, details: Mapping[str, Any]) -> StopBatch:
    told = ", ".join(f"{key} {value}" for key, value in details.items())
    return StopBatch(
        f"batch {name} cannot be checked: rule {check.code} ({CATALOGUE[check.code].title}) could not be evaluated "
        f"[{check.kind}: {told}]; nothing of the batch was taken",
        fix="this is a fault of the program, not of the deals: report it, with this message",
    )


def _row_finding(check: Check, row: CheckRow) -> Finding:
    """The rule's text filled from our own row, never from GX's values (NumPy scalars, NaN)."""
    words = {word: row.columns[column] or "" for word, column in check.words.items()}
    path = (row.columns[check.field_column] or "") if check.field_column else check.field
    return found(check.code, path, (row.columns[check.value] or "") if check.value else "", **words)
