"""What is deployed: one `deal-sync` a source, one `period-close` a book and one for all, one `drift-watch` a book, and
the two ways to correct a deal.

Pure: from a configuration to plain values. `dealbooks up` makes deployments of them; `prefect.yaml` states the same
for the sample configuration, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealbooks.config import Config

# Cron with the book's own time zone. Neither fires between 01:00 and 03:00, when clocks change: a run there would be
# skipped, doubled or early (PrefectHQ/prefect #7381, #7468). What arrives in those hours is read at 03:00.
SYNC_CRON = "*/15 0,3-23 * * *"
DRIFT_CRON = "40 0,3-23 * * *"
CLOSE_CRON = "0 6 2 * *"
WORK_POOL = "dealbooks"


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """One deployment. `skip_when_busy`: a run that finds another one at work is dropped, since that one does it all."""

    flow: str
    name: str
    description: str
    parameters: dict[str, Any]
    tags: tuple[str, ...]
    cron: str = ""
    timezone: str = ""
    skip_when_busy: bool = True
    limit: int = field(default=1)

    @property
    def full_name(self) -> str:
        """As Prefect names it: `flow/deployment`."""
        return f"{self.flow}/{self.name}"


def planned(config: Config, path: str) -> list[PlannedDeployment]:
    """Every deployment of a configuration; `path` is how the runs find it."""
    return [
        *(_sync(config, path, source) for source in config.sources),
        *(_close(config, path, book) for book in config.books),
        *(_drift(config, path, book) for book in config.books),
        PlannedDeployment(
            flow="period-close",
            name="all-books",
            description="Compare last month's postings of every book with its ledger, and wait for who signs each.",
            parameters={"config": path},
            tags=("dealbooks", "close"),
            skip_when_busy=False,
        ),
        PlannedDeployment(
            flow="quarantine-fix",
            name="correct",
            description="Correct one field of a deal that waits in quarantine, and release it. Started by a person.",
            parameters={"config": path},
            tags=("dealbooks", "quarantine"),
            skip_when_busy=False,
            limit=4,
        ),
        PlannedDeployment(
            flow="quarantine-review",
            name="review",
            description="Go through the deals in quarantine one by one, with a form for each. Started by a person.",
            parameters={"config": path},
            tags=("dealbooks", "quarantine"),
            skip_when_busy=False,
            limit=4,
        ),
    ]


def books_of(config: Config, source: str) -> list[str]:
    """The books that a source's deals go to, each once, in the order of the configuration."""
    wanted = set(config.sources[source].books.values())
    return [book for book in config.books if book in wanted]


def _sync(config: Config, path: str, source: str) -> PlannedDeployment:
    books = books_of(config, source)
    return PlannedDeployment(
        flow="deal-sync",
        name=source,
        description=f"Read what is new in {source}, check it, and post it to {', '.join(books)}.",
        parameters={"config": path, "source": source},
        tags=("dealbooks", f"source:{source}", *(f"book:{book}" for book in books)),
        cron=SYNC_CRON,
        timezone=config.books[books[0]].timezone if books else "UTC",
    )


def _close(config: Config, path: str, book: str) -> PlannedDeployment:
    settings = config.books[book]
    return PlannedDeployment(
        flow="period-close",
        name=book,
        description=f"Compare last month's postings of {settings.name} with its ledger, and wait for who signs it.",
        parameters={"config": path, "book": book},
        tags=("dealbooks", f"book:{book}"),
        cron=CLOSE_CRON,
        timezone=settings.timezone,
        # A run that was signed begins again: it may have to wait for its turn, and must not be dropped.
        skip_when_busy=False,
    )


def _drift(config: Config, path: str, book: str) -> PlannedDeployment:
    settings = config.books[book]
    return PlannedDeployment(
        flow="drift-watch",
        name=book,
        description=f"See what somebody changed in the ledger of {settings.name} since the last look.",
        parameters={"config": path, "book": book},
        tags=("dealbooks", f"book:{book}"),
        cron=DRIFT_CRON,
        timezone=settings.timezone,
    )
