"""The base of a sandbox: takes a call, lets the fault that it meets happen at the right moment, and answers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta

from sandbox.kit.clock import Clock, RealClock, VirtualClock
from sandbox.kit.faults import Fault, FaultPlan
from sandbox.kit.log import WriteLog
from sandbox.kit.messages import Answer, Call, NoAnswer

_BEFORE = (
    Fault.REFUSED, Fault.TIMEOUT_BEFORE, Fault.SERVER_ERROR, Fault.ERROR_BODY_200, Fault.LIMIT_SECOND,
    Fault.LIMIT_MINUTE, Fault.LIMIT_DAY, Fault.LIMIT_CONCURRENT, Fault.TOKEN_EXPIRED,
)  # fmt: skip
_WRITES_ONLY = (Fault.TIMEOUT_AFTER, Fault.SERVER_ERROR_AFTER, Fault.LATE_COMMIT)
_READS = (*_BEFORE, Fault.RESET, Fault.SLOW)


class Platform(ABC):
    """A stateful stand-in of one platform. One call at a time; `clock` may be virtual.

    A subclass does the work in `perform`, and says which calls write (`kind_of`), what a fault of its own kind answers
    (`faulty`), and how long a caller waits before it gives up (`patience`).
    """

    name = "platform"
    patience = 120.0
    slow = 100.0
    late = (130.0, 600.0)

    def __init__(self, *, clock: Clock | None = None, faults: FaultPlan | None = None) -> None:
        self.clock: Clock = clock or RealClock()
        self.faults = faults or FaultPlan()
        self.log = WriteLog()
        self._alone = threading.RLock()

    @abstractmethod
    def perform(self, call: Call) -> Answer:
        """Do what the call asks for, as the platform would; every refusal is an answer."""

    @abstractmethod
    def kind_of(self, call: Call) -> str:
        """`write`, `read` or `token`."""

    @abstractmethod
    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """The platform's own answer to a fault before it does anything; None: it does not have this fault."""

    def served_at(self, address: str) -> None:  # noqa: B027 - most need not know
        """The address that it is served at; one whose answers hold its own address takes it up."""

    def possible(self, kind: str) -> Iterable[Fault]:
        """The faults that a call of a kind can meet."""
        if kind == "write":
            return (*_READS, *_WRITES_ONLY)
        return (*_READS, Fault.TOKEN_LOST) if kind == "token" else _READS

    def handle(self, call: Call) -> Answer:
        """Take a call.

        Raises:
            NoAnswer: the caller gets no whole answer; it may have been done all the same.
        """
        with self._alone:
            kind = self.kind_of(call)
            fault = self.faults.draw(kind, self.possible(kind))
            if fault is None:
                return self.perform(call)
            return self._with_fault(fault, call)

    def _with_fault(self, fault: Fault, call: Call) -> Answer:
        if fault in (Fault.REFUSED, Fault.TIMEOUT_BEFORE):
            self.faults.hit(fault)
            self._wait(fault)
            raise NoAnswer("refused" if fault is Fault.REFUSED else "timeout")
        if fault in _BEFORE:
            answer = self.faulty(fault, call)
            if answer is None:
                return self.perform(call)
            self.faults.hit(fault)
            return answer
        if fault is Fault.LATE_COMMIT:
            return self._late(call)
        answer = self.perform(call)
        if answer.status >= 300:  # nothing was committed: it is no such fault
            return answer
        self.faults.hit(fault)
        return self._after(fault, call, answer)

    def _after(self, fault: Fault, call: Call, answer: Answer) -> Answer:
        if fault is Fault.SLOW:
            self.clock.sleep(self.slow)
            return answer
        if fault is Fault.SERVER_ERROR_AFTER:
            return self.faulty(Fault.SERVER_ERROR, call) or answer
        if fault in (Fault.TIMEOUT_AFTER, Fault.TOKEN_LOST):
            self.clock.sleep(self.patience)
            raise NoAnswer("timeout")
        raise NoAnswer("reset")

    def _late(self, call: Call) -> Answer:
        """The caller gives up; the platform does it later all the same. Only time that can be moved has a later."""
        self.faults.hit(Fault.LATE_COMMIT)
        if isinstance(self.clock, VirtualClock):
            when = self.clock.now() + timedelta(seconds=self.faults.chance(*self.late))
            self.clock.at(when, lambda: self._performed(call))
        self.clock.sleep(self.patience)
        raise NoAnswer("timeout")

    def _performed(self, call: Call) -> None:
        self.perform(call)

    def _wait(self, fault: Fault) -> None:
        if fault is Fault.TIMEOUT_BEFORE:
            self.clock.sleep(self.patience)
