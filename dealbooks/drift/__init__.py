"""What somebody changed in a ledger between closes: findings, and how they are judged. Pure."""

from dealbooks.drift.finding import Finding, finding_of
from dealbooks.drift.sides import Sides, judged, sides_of

__all__ = ["Finding", "Sides", "finding_of", "judged", "sides_of"]
