"""When an event happened, as far as its sender can be believed: a clock that was never set counts for nothing. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

# No sale that a webhook tells about is of another century; a time outside is a placeholder or a broken clock.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def plausible(moment: datetime) -> bool:
    """Whether a moment (with its zone) may be when an event happened."""
    return EARLIEST <= moment < LATEST


def told_at(occurred_at: str) -> datetime | None:
    """The moment that a sender told, as the store has it; None where it told none that can be."""
    try:
        moment = datetime.fromisoformat(occurred_at)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and plausible(moment) else None
