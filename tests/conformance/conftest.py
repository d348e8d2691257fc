"""Every test of the suite for every ledger of the registry; skips are those of skips.yaml and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance import deals, results
from conformance.rig import REGIONS, Rig, Unable
from conformance.table import RIGS, Table

_HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-results", action="store_true", help="keep the result of the suite in the package")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.path.parent != _HERE:
        return
    if "mode" in metafunc.fixturenames:
        rows = [
            pytest.param(name, mode, case, id="-".join(filter(None, (name, mode.removeprefix("long "), case))),
                         marks=[pytest.mark.long] if mode.startswith("long") else [])
            for name, rig in RIGS.items()
            for mode in rig.modes
            for case in deals.NAMES
        ]  # fmt: skip
        metafunc.parametrize(("ledger", "mode", "case"), rows)
    elif {"rig", "make"} & set(metafunc.fixturenames):
        metafunc.parametrize("ledger", list(RIGS))


@pytest.fixture
def make(ledger: str, tmp_path: Path) -> Callable[..., Rig]:
    """Makes a rig of the ledger: for a region, with settings."""
    count = iter(range(100))
    return lambda region="uk", **settings: RIGS[ledger](tmp_path / str(next(count)), region, **settings)


@pytest.fixture
def rig(make: Callable[..., Rig]) -> Rig:
    """A rig of the ledger, for a book in the United Kingdom."""
    return make()


@pytest.fixture
def region(case: str) -> str:
    """The region of a golden case."""
    return REGIONS[case]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    yield from _or_skipped()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield from _or_skipped()


def _or_skipped() -> Iterator[None]:
    try:
        yield
    except Unable as error:
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    """A skip that is not in the table fails, and a row of the table that is not skipped."""
    report = yield
    named = results.named(item.nodeid)
    if named is None or report.when == "teardown":
        return report
    row = Table.read().row(named.ledger, named.test)
    if report.skipped and row is None:
        report.outcome, report.longrepr = (
            "failed",
            f"{item.nodeid} is skipped, and skips.yaml has no row for it: {report.longrepr}",
        )
    if report.when == "call" and report.passed and row is not None:
        report.outcome, report.longrepr = "failed", f"{item.nodeid} passes, and skips.yaml says that it is skipped"
    return report


_SEEN: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Where tests run in several processes, this is called in the one that started them."""
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        _SEEN[report.nodeid] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-results", default=False) and not hasattr(session.config, "workerinput"):
        results.write(_SEEN)
