"""How a task reaches the pipeline: one open House in a thread of its own, and errors that carry no customer's data.

Prefect keeps the text of an exception in the state message and in the logs of the run. A person's own errors
(`DealbooksError`) are written for that; any other may quote a customer's record (pydantic quotes its input), so only
its kind and the place in the code go on.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from prefect import get_run_logger
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import MissingContextError
from prefect.tasks import Task

from dealbooks.config import Config, load_config
from dealbooks.errors import BrokenInvariant, DealbooksError, LeaseLost, StopConnection
from dealbooks.house import House
from tasks.rooms import kept

T = TypeVar("T")
Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

_MANY = 1000


class _Unkept(TypedDict):
    cache_policy: CachePolicy
    persist_result: bool


# Of every task: Prefect keeps nothing of what it is given or gives back, which may hold a customer's data.
UNKEPT = _Unkept(cache_policy=NO_CACHE, persist_result=False)


class _ReadAgain(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_condition_fn: Callable[[Task[Any, Any], TaskRun, State[Any]], Coroutine[Any, Any, bool]]


_local_log = logging.getLogger("dealbooks")


class _InWords(logging.Filter):
    """A person's own error is one line in the log of a task: Prefect would write where in the code it arose."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record; what was written for a person stands in it as words."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, DealbooksError):
            record.msg, record.args, record.exc_info, record.exc_text = error.words, (), None, None
        return True


logging.getLogger("prefect.task_runs").addFilter(_InWords())


class UnexpectedFault(BrokenInvariant):
    """A fault of ours; its text names the place in the code, never what was being worked on."""


def open_config(config: str) -> Config:
    """The configuration at a path, as text; empty means DEALBOOKS_CONFIG or ./dealbooks.yaml. Raises ConfigError."""
    return load_config(Path(config) if config else None)


async def in_house(config: str, actor: str, work: Callable[[House], T], *, room: str = "") -> T:
    """Run `work` with an open House in a thread, so that the event loop (heartbeats, cancelling) stays free. A process
    that keeps rooms does it in that room, whose house is open already.

    Raises:
        DealbooksError: as the pipeline raised it; UnexpectedFault for everything else.
    """

    rooms = kept() if room else None
    if rooms is not None:
        return await rooms.run(room, actor, lambda house: guarded(lambda: work(house)))

    def run() -> T:
        with House.open(open_config(config), actor=actor) as house:
            return work(house)

    return await asyncio.to_thread(guarded, run)


def guarded(run: Callable[[], T]) -> T:
    """Run `run`; whatever it raises that was not written for a person is replaced. Raises DealbooksError."""
    try:
        return run()
    except DealbooksError as error:
        raise error from None  # what caused it may quote data: a database quotes the row it refused
    except Exception as error:  # noqa: BLE001 - the one place where a fault is stripped of data before it is shown
        fault = _without_data(error)
    raise fault


def _without_data(error: Exception) -> UnexpectedFault:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    places = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    _local_log.error("%s%s", type(error).__name__, places)
    place = f"{Path(own[-1].filename).name} line {own[-1].lineno}" if own else "an unknown place"
    return UnexpectedFault(
        f"Something in Dealbooks itself failed ({type(error).__name__} in {place}).",
        fix="Nothing half-done was kept. Run it again; if it fails again, report this line.",
    )


async def may_read_again(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry condition of the tasks that only read: a source or ledger that could not be reached, nothing else."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, StopConnection) and not isinstance(error, LeaseLost)


# Of a task that may be done again as it is.
READ_AGAIN = _ReadAgain(retries=2, retry_delay_seconds=[10, 60], retry_condition_fn=may_read_again)


def run_log() -> Log:
    """The log of the current run; outside one, the ordinary log."""
    try:
        return get_run_logger()
    except MissingContextError:
        return _local_log


class LogProgress:
    """Progress as lines of the run's log, at every tenth part of what takes a while."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        tenth = done * 10 // total if total else done // _MANY
        if self._told.get(stage, 0) == tenth or (total or done) < _MANY:
            return
        self._told[stage] = tenth
        self._log.info("%s: %s of %s", stage, done, total) if total else self._log.info("%s: %s", stage, done)
