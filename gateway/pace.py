"""How often one sender may call: an even rate with a burst of ten seconds' worth, in memory that does not grow."""

from __future__ import annotations

import math
from collections import OrderedDict

_BURST = 10.0  # seconds of calls that may come at once
_MOST_SENDERS = 10_000


class Pace:
    """For each sender, when its calls so far are paid for (GCRA). Not thread-safe: one event loop uses it."""

    def __init__(self) -> None:
        self._paid_until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def wait(self, hook: str, address: str, per_minute: int, now: float) -> int:
        """Whole seconds that this sender must wait; 0: its call counts, and may go on. `now` is a monotonic clock's."""
        sender = (hook, address)
        each = 60 / per_minute
        paid = max(self._paid_until.get(sender, now), now) + each
        if paid - now > max(_BURST, each):
            return max(1, math.ceil(paid - now - _BURST))
        self._paid_until[sender] = paid
        self._paid_until.move_to_end(sender)
        if len(self._paid_until) > _MOST_SENDERS:
            self._paid_until.popitem(last=False)
        return 0
