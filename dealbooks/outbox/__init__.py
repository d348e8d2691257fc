"""The outbox: every accepted posting gets into its ledger exactly once. Runs without Prefect."""

from dealbooks.outbox.drain import Drain
from dealbooks.outbox.enqueue import Planned, enqueue
from dealbooks.outbox.result import DrainResult
from dealbooks.outbox.states import EffectState

__all__ = ["Drain", "DrainResult", "EffectState", "Planned", "enqueue"]
