"""Reconcile as a Prefect task: compare what we hold with what the ledger itself lists, for one book and period."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.reconcile import reconcile as reconcile_book
from tasks.work import in_house, may_read_again


@task(
    name="reconcile",
    task_run_name="reconcile {book} {period}",
    description="Compare our entries with the ledger's own, for one book and one month. Only reads.",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[10, 60],
    retry_condition_fn=may_read_again,
)
async def reconcile(config: str, book: str, period: str) -> Reconciliation:
    """Reconcile a month (`2026-03`) of a book. Raises DealbooksError."""
    return await in_house(config, "prefect", lambda house: reconcile_book(house, book, period))
