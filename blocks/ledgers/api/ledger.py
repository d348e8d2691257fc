"""The base of a ledger over HTTP. A platform's own module says what to call and what its answers mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TypeVar

from dealbooks.errors import StopConnection
from dealbooks.http import Call, Connection, Exchange, NoReply, Renewal, Reply, refused
from dealbooks.ledger import Capabilities, Outcome, Request, Verdict
from dealbooks.oauth import TokenSource

_T = TypeVar("_T")
_R = TypeVar("_R")
_TOO_MANY = 429
_IN_DOUBT = Outcome(
    Verdict.DID_NOT_HAPPEN, reason="It is not known yet whether what this makes is there: it waits until that is known."
)
_FOR_READS = 10  # calls that are left for reading back what the last batch of a day wrote


class ApiLedger(ABC):
    """Makes the calls of a platform. `tokens` are what authorises them, for `dealbooks connect`; `renew` gets a new
    authorisation when the old one is refused; `together` is how many calls may be on their way at once."""

    def __init__(
        self,
        connection: Connection,
        *,
        tokens: TokenSource | None = None,
        renew: Callable[[], None] | None = None,
        together: int = 1,
    ) -> None:
        self.connection = connection
        self.tokens = tokens
        self._renewal = Renewal(renew or (tokens.renew if tokens is not None else None))
        self._together = together

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """See `dealbooks.ledger.Ledger`."""

    @abstractmethod
    def kept_in(self) -> str:
        """What the platform calls the company that the book is kept in. Raises StopConnection."""

    @abstractmethod
    def write(self, request: Request) -> Outcome:
        """Make the call, or the few calls, of one effect, and say how it ended. Called by several threads at once where
        `together` says so.

        Raises:
            StopConnection: it was not done, and the platform cannot be used now.
        """

    def get_ready(self) -> None:
        """Have a token that holds. A platform that has lists to look up adds them."""
        if self.tokens is not None:
            self.tokens.token()

    def touches(self, request: Request) -> Iterable[str]:
        """What of the platform an effect works on: two that share something go one after another. What it makes for
        others too, and the documents that it refers to; a platform's own module may know more, or less."""
        return (request.subject, *request.refs.values())

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make the calls of several effects, in order or some at once; one outcome each. What the limits of the day do
        not leave room for is not begun, so that what was sent can be read back.

        Raises:
            StopConnection: none of the calls was made.
        """
        self.connection.held = requests[0].held
        begun = self._begun(requests)
        stopped: list[StopConnection] = []
        chains = [list(range(len(begun)))]
        if self._together > 1:
            chains = _chains([{thing for thing in self.touches(request) if thing} for request in begun])
        outcomes = self._in_chains(begun, chains, stopped)
        if stopped and all(outcome.verdict is Verdict.DID_NOT_HAPPEN for outcome in outcomes):
            raise stopped[0]
        later = Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{self.connection.name} allows no more calls for now.")
        return outcomes + [later] * (len(requests) - len(begun))

    def _begun(self, requests: Sequence[Request]) -> Sequence[Request]:
        room = self.connection.room()
        if room is None or room >= len(requests) + _FOR_READS:
            return requests
        if room <= _FOR_READS:
            raise StopConnection(
                f"{self.connection.name} allows no more calls for now: those of a day are spent.",
                fix="Nothing is lost; a later run goes on.",
            )
        return requests[: room - _FOR_READS]

    def _in_chains(
        self, requests: Sequence[Request], chains: Sequence[Sequence[int]], stopped: list[StopConnection]
    ) -> list[Outcome]:
        """Some chains at once, each in its order. While it is not known whether one effect made something, no other
        tries to."""

        def ended(chain: Sequence[int]) -> list[tuple[int, Outcome]]:
            made, in_doubt = [], set[str]()
            for place in chain:
                request = requests[place]
                if request.subject in in_doubt:
                    made.append((place, _IN_DOUBT))
                    continue
                outcome = self._ended(request, stopped)
                made.append((place, outcome))
                if outcome.verdict is Verdict.UNKNOWN and request.subject:
                    in_doubt.add(request.subject)
            return made

        found = dict(pair for pairs in self.at_once(ended, chains) for pair in pairs)
        return [found[place] for place in range(len(requests))]

    def at_once(self, job: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Do a job for each item, some at once; the results in the order of the items. Raises what a job raises."""
        if self._together == 1 or len(items) < 2:
            return [job(item) for item in items]
        with ThreadPoolExecutor(min(self._together, len(items))) as pool:
            return list(pool.map(job, items))

    def _ended(self, request: Request, stopped: list[StopConnection]) -> Outcome:
        """One effect; nothing more is tried once the platform cannot be used."""
        if not stopped:
            try:
                return self.write(request)
            except StopConnection as error:  # it was not done
                stopped.append(error)
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=stopped[0].words)

    def call(self, call: Call, *, effect: str = "") -> Reply | Outcome:
        """Make one call that writes. What the platform answered, unless its end is clear without reading it: no answer,
        not authorised, too many calls."""
        try:
            end = self._renewal.ask(lambda: self.connection.call(call, effect=effect))
        except StopConnection as error:  # there is no authorisation: the call was not made
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=error.words)
        if isinstance(end, NoReply):
            verdict = Verdict.UNKNOWN if end.sent else Verdict.DID_NOT_HAPPEN
            return Outcome(verdict, reason=f"{call.what}: {end.reason}", retry_after=end.retry_after)
        if refused(end):
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{self.connection.name} does not accept our authorisation.")
        if end.status == _TOO_MANY:
            reason = f"{self.connection.name} asks for a pause (HTTP 429)."
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=end.retry_after or 60.0)
        return end

    def read_again(self, call: Call) -> Reply:
        """Make one call that only reads.

        Raises:
            StopConnection: the platform does not answer, is busy, or does not accept our authorisation.
        """
        reply = self._renewal.ask(lambda: self.connection.read(call))
        if refused(reply):
            raise StopConnection(
                f"{self.connection.name} does not accept our authorisation.",
                fix=f"Reconnect it: dealbooks connect {self.connection.name}"
                if self.tokens is not None
                else f"Make a new key there, and put it into books.{self.connection.name}.ledger.",
            )
        return reply

    def reached(self, given: Mapping[str, str]) -> list[str]:
        """After a consent, in words: what it is for, and what of the settings does not fit it. `given` is what came
        back with the answer. Raises StopConnection where the platform must be asked, and does not answer."""
        return []

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked."""
        return self.connection.exchanges()

    def lock_date(self) -> date | None:
        """The ledger's own closing date; a platform that has one says it."""
        return None


def _chains(touched: Sequence[set[str]]) -> list[list[int]]:
    """Places of what may go side by side; those that share something, at one remove or more, are in one chain."""
    chain_of: dict[str, list[int]] = {}
    chains: dict[int, list[int]] = {}
    for place, things in enumerate(touched):
        joined = [place]
        for other in {id(chain_of[thing]): chain_of[thing] for thing in things if thing in chain_of}.values():
            joined = other + joined
            chains.pop(id(other))
        chains[id(joined)] = joined
        for one in joined:
            chain_of.update(dict.fromkeys(touched[one], joined))
    return [sorted(chain) for chain in chains.values()]
