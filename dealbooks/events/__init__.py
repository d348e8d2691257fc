"""What happened to a deal and reached us: hints, which make the sweep of a source fast and never replace it."""

from dealbooks.events.hint import KINDS, SAMPLE, Hint, Kind

__all__ = ["KINDS", "SAMPLE", "Hint", "Kind"]
