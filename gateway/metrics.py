"""What is counted, for Prometheus. Labels are names of dealbooks.yaml and words of this program, no more."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
NO_HOOK = "-"  # a call for a hook that there is not


class Metrics:
    """The counters of one application."""

    def __init__(self, waiting: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        made = self.registry
        self.received = Counter("dealbooks_hook_calls", "Calls received.", ["hook"], registry=made)
        self.refused = Counter("dealbooks_hook_refused", "Calls refused, by reason.", ["hook", "reason"], registry=made)
        self.accepted = Counter("dealbooks_hook_events_accepted", "Events stored.", ["hook"], registry=made)
        self.duplicate = Counter(
            "dealbooks_hook_events_duplicate", "Events that were there already.", ["hook"], registry=made
        )
        self.ignored = Counter("dealbooks_hook_events_ignored", "Events of no interest here.", ["hook"], registry=made)
        self.unreadable = Counter(
            "dealbooks_hook_events_unreadable",
            "Events that could not be read, in calls that were.",
            ["hook"],
            registry=made,
        )
        self.seconds = Histogram(
            "dealbooks_hook_seconds", "From a call's arrival to its answer.", ["hook"], buckets=_SECONDS, registry=made
        )
        self.written = Histogram(
            "dealbooks_hook_rows_a_commit", "Events written by one transaction.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000), registry=made,
        )  # fmt: skip
        Gauge("dealbooks_hook_waiting", "Calls whose events wait to be written.", registry=made).set_function(waiting)
