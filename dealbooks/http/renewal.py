"""A refused authorisation, renewed once for all the calls that it was refused to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from dealbooks.http.calls import NoReply, Reply

_End = TypeVar("_End", Reply, Reply | NoReply)
_UNAUTHORISED = 401


class Renewal:
    """Asks again with a new authorisation. `renew` gets one; None: there is no other than the one that we have. Safe
    for several threads."""

    def __init__(self, renew: Callable[[], None] | None) -> None:
        self._renew = renew
        self._alone = threading.Lock()
        self._count = 0

    def ask(self, call: Callable[[], _End]) -> _End:
        """Make a call, once more if it is refused (HTTP 401) and there is another authorisation. Of several calls that
        are refused at once, one renews. A call that is refused twice ends so.

        Raises:
            StopConnection: what the call or the renewal raises.
        """
        count = self._count
        end = call()
        if refused(end) and self._renewed(count):
            end = call()
        return end

    def _renewed(self, count: int) -> bool:
        """Have another authorisation than after so many renewals; whether there can be one."""
        if self._renew is None:
            return False
        with self._alone:
            if self._count == count:
                self._renew()
                self._count += 1
        return True


def refused(end: Reply | NoReply) -> bool:
    """Whether a call was not made because our authorisation is not accepted."""
    return isinstance(end, Reply) and end.status == _UNAUTHORISED
