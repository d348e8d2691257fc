"""The states of a deal as a person sees them: every deal is in exactly one, at every moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# Name -> what it means, and what comes next.
DEAL_STATES: Mapping[str, str] = {
    "quarantined": "It was refused by a check and waits for a correction ('dealbooks quarantine show').",
    "accepted": "It passed every check, and waits until it may be posted.",
    "held": "It was posted, and its change waits for approval ('plan --out FILE', then 'sync --plan FILE').",
    "before_go_live": "It is dated before go-live: listed, and never posted.",
    "planned": "Its entries are made and are on their way to the ledger.",
    "posted": "Every entry stands in the ledger, and the ledger's own figures equal ours.",
    "unknown": "A call to the ledger had no answer; it is looked up before anything is sent again.",
    "disputed": "It stands in the ledger with other figures than ours, or was taken away there; a person decides.",
    "refused": "The ledger refused it for good; a person decides.",
    "unwinding": "The sale was taken back, and the entries that do so are on their way.",
    "unwound": "The sale was taken back, in the ledger too.",
    "cancelled": "It was cancelled before it was posted.",
}


def state_of(deal_state: str, *, held: bool) -> str:
    """The one state to show: an amendment that waits for approval goes before the state of what stands."""
    return "held" if held and deal_state in ("accepted", "posted", "planned") else deal_state
