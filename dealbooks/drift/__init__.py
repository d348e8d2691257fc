"""What somebody changed in a ledger between closes: findings, how they are judged, and their life. Pure."""

from dealbooks.drift.finding import Finding, finding_of
from dealbooks.drift.life import Lived, lived
from dealbooks.drift.sides import Sides, judged, sides_of

__all__ = ["Finding", "Lived", "Sides", "finding_of", "judged", "lived", "sides_of"]
