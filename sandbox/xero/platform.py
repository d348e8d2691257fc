"""The Xero sandbox: the gate that every call passes, keys, and faults of Xero's own kind."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, NoAnswer, Platform, VirtualClock, as_json
from sandbox.xero.accounting import PREFIX, Accounting
from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.hand import Hand
from sandbox.xero.idempotency import Keys, fingerprint
from sandbox.xero.identity import TOKEN_PATHS, Access, App, Connection, Identity, bearer
from sandbox.xero.limits import Limits
from sandbox.xero.reads import RESOURCES
from sandbox.xero.settings import Settings
from sandbox.xero.views import whole
from sandbox.xero.wire import Refusal, as_xml, echo, exception, ms, not_found, problem, read, written

_LIMITS = {
    Fault.LIMIT_SECOND: ("app", 20), Fault.LIMIT_MINUTE: ("minute", 30), Fault.LIMIT_DAY: ("day", 4 * 3600),
    Fault.LIMIT_CONCURRENT: ("concurrent", 1),
}  # fmt: skip  # Xero has no limit by the second: that fault stands for the app's own limit by the minute
_TITLES = {500: "InternalServerError", 502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout"}


class XeroSandbox(Platform):
    """Xero Accounting with one organisation or more, its identity service beside it; all on one host.

    Paths: `/connect/token`, `/connect/revocation`, `/identity/connect/authorize`, `/connections`, `/api.xro/2.0/...`.
    `books` and `hand` are those of the first organisation.
    """

    name = "xero"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self._dice = random.Random(self.settings.seed)
        self.identity = Identity(self.settings, self.clock, self._dice)
        self.limits = Limits(self.settings, self.clock)
        self.keys = Keys(self.settings, self.clock)
        self.organisations: dict[str, Books] = {}
        self.books = self.add_organisation(self.settings.country)
        self.hand = Hand(self.books, self._alone)
        self.identity.register(App("sandbox-app", "sandbox-secret"))
        self.identity.register(App("sandbox-custom", "sandbox-secret", custom=True, tenant=self.books.tenant))
        self._errors = itertools.cycle(self.settings.server_errors)
        self._running: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._lag = 0.0
        self._hidden = False

    # For tests

    def add_organisation(self, country: str, name: str = "") -> Books:
        """One more organisation: GB, AU, NZ or US."""
        dice = random.Random(self._dice.getrandbits(64))
        tenant = f"{dice.getrandbits(32):08x}-0000-4000-8000-{dice.getrandbits(48):012x}"
        books = Books(tenant, country, self.settings, self.clock, self.log, dice, whole)
        books.name = name or books.name
        self.organisations[tenant] = books
        self.identity.connect(Connection(books.new_id(), tenant, books.name, self.clock.now()))
        return books

    def hand_of(self, tenant: str) -> Hand:
        """A person at work in another organisation."""
        return Hand(self.organisations[tenant], self._alone)

    def token(self, scopes: Iterable[str] | None = None) -> str:
        """An access token, without asking for it over the wire."""
        with self._alone:
            grant = self.identity.consent() if scopes is None else self.identity.consent(scopes=scopes)
            return str(self.identity.tokens(grant)["access_token"])

    def headers(self) -> dict[str, str]:
        """What an accounting call to the first organisation carries."""
        return {
            "authorization": f"Bearer {self.token()}", "xero-tenant-id": self.books.tenant,
            "accept": "application/json", "content-type": "application/json",
        }  # fmt: skip

    def balances(self, on: date | None = None) -> dict[str, Decimal]:
        """What stands on the accounts of the first organisation, by code, debit positive."""
        books = self.books
        found: dict[str, Decimal] = {}
        for entry in books.journals:
            for line in entry.lines if on is None or entry.date <= on else ():
                code = str((books.get("Account", line.account) or {})["Code"])
                found[code] = found.get(code, Decimal(0)) + line.net
        return {code: amount for code, amount in sorted(found.items()) if amount}

    # The platform

    def kind_of(self, call: Call) -> str:
        """`write`, `read` or `token`."""
        if call.path in TOKEN_PATHS:
            return "token"
        return "read" if call.method == "GET" else "write"

    def possible(self, kind: str) -> Iterable[Fault]:
        """The kit's, and searches that lag."""
        return (*super().possible(kind), Fault.LAGGING_SEARCH) if kind == "read" else super().possible(kind)

    def handle(self, call: Call) -> Answer:
        """Take a call; a sixth at the same time is refused."""
        if not call.path.startswith(PREFIX):
            return super().handle(call)
        tenant = call.headers.get("xero-tenant-id", "")
        with self._counting:
            self._running[tenant] += 1
            many = self._running[tenant] > self.settings.concurrent
        try:
            if many:
                return self.limits.refused("concurrent", self.settings.concurrent_retry_after, tenant, self._app(call))
            return super().handle(call)
        finally:
            with self._counting:
                self._running[tenant] -= 1

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path in TOKEN_PATHS:
            return self.identity.perform(call)
        try:
            if not call.path.startswith(PREFIX):
                return self._connections(call)
            access, books = self._gate(call)
        except Refusal as refusal:
            return refusal.answer
        if self.settings.latency:
            self.clock.sleep(self.settings.latency)
        answer = self._keyed(call, access, books)
        more = self.limits.headers(books.tenant, access.grant.app.client_id)
        answer = Answer(answer.status, answer.body, {**answer.headers, **more})
        return answer if "json" in call.headers.get("accept", "") else as_xml(answer)

    def _connections(self, call: Call) -> Answer:
        parts = [part for part in call.path.lower().split("/") if part]
        if not parts or parts[0] != "connections":
            raise not_found("Not found")
        access = self.identity.access(call)
        if call.method == "DELETE" and len(parts) == 2:
            return Answer(204 if self.identity.disconnect(access, parts[1]) else 404)
        return as_json(self.identity.listed(access))

    def _gate(self, call: Call) -> tuple[Access, Books]:
        """Token, organisation, scope, limits, in this order."""
        access = self.identity.access(call)
        tenant = call.headers.get("xero-tenant-id", "")
        if access.grant.app.custom and not tenant:
            tenant = next(iter(access.grant.tenants))
        if tenant not in access.grant.tenants or tenant not in self.organisations:
            raise problem(403, "Forbidden", "AuthenticationUnsuccessful")
        resource = call.path[len(PREFIX) :].split("/")[0]
        names = self.settings.scopes.get(resource, ())
        wanted = {*names, *(f"{name}.read" for name in names)} if call.method == "GET" else set(names)
        if wanted and not wanted & access.grant.scopes:
            raise problem(401, "Unauthorized", "AuthorizationUnsuccessful")
        if refused := self.limits.take(tenant, access.grant.app.client_id):
            raise _Limited(refused)
        return access, self.organisations[tenant]

    def _keyed(self, call: Call, access: Access, books: Books) -> Answer:
        app, key = access.grant.app.client_id, call.headers.get("idempotency-key", "")
        if not key or call.method not in ("PUT", "POST", "PATCH"):
            return self._work(call, access, books)
        if len(key) > self.settings.key_length:
            limit = self.settings.key_length
            return exception(10, "ValidationException", books.text("key_long", limit=limit)).answer
        if self.settings.key_store_down:
            return problem(500, _TITLES[500], books.text("key_store")).answer
        while held := self.keys.held(app, key):
            if held.print != fingerprint(call):
                return exception(10, "ValidationException", books.text("key_used")).answer
            if held.answer:
                return held.answer
            left = (held.due - self.clock.now()).total_seconds() if held.due else 0.0
            self.clock.sleep(min(max(left, 0.0), self.patience))
            if left > self.patience:
                raise NoAnswer("timeout")
        self.keys.claim(app, key, call)
        return self._settled(app, key, call, access, books)

    def _settled(self, app: str, key: str, call: Call, access: Access, books: Books) -> Answer:
        answer = Answer(503)  # frees the key, should the work break down
        try:
            answer = self._work(call, access, books)
        finally:
            self.keys.settle(app, key, answer)
        return answer

    def _work(self, call: Call, access: Access, books: Books) -> Answer:
        books.app = access.grant.app.client_id
        if call.method in ("PUT", "POST") and "json" not in call.headers.get("content-type", ""):
            return exception(14, "PostDataInvalidException", books.text("bad_json")).answer
        run = Accounting(books, call, key=call.headers.get("idempotency-key", ""), lag=self._lag)
        try:
            return written(run.perform())
        except Refusal as refusal:
            return refusal.answer
        finally:
            self._hidden = run.hidden

    # Faults

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Xero's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return self._server_error(call, after=False)
        if fault in _LIMITS:
            problem_name, seconds = _LIMITS[fault]
            return self.limits.refused(problem_name, seconds, call.headers.get("xero-tenant-id", ""), self._app(call))
        if call.path in TOKEN_PATHS:
            return None
        if fault is Fault.TOKEN_EXPIRED:
            self.identity.expire(bearer(call))
            try:
                self.identity.access(call)
            except Refusal as refusal:
                return refusal.answer
        return self._error_body(call) if fault is Fault.ERROR_BODY_200 else None

    def _with_fault(self, fault: Fault, call: Call) -> Answer:
        if fault is not Fault.LAGGING_SEARCH:
            return super()._with_fault(fault, call)
        self._lag, self._hidden = self.settings.search_lag, False
        try:
            answer = self.perform(call)
        finally:
            self._lag = 0.0
        if self._hidden:
            self.faults.hit(fault)
        return answer

    def _after(self, fault: Fault, call: Call, answer: Answer) -> Answer:
        if fault is Fault.SERVER_ERROR_AFTER:
            return self._server_error(call, after=True)
        return super()._after(fault, call, answer)

    def _late(self, call: Call) -> Answer:
        """Inside Xero the key is taken and the limits are counted when the call comes; it commits later."""
        if not (self.settings.late_inside and isinstance(self.clock, VirtualClock) and call.path.startswith(PREFIX)):
            return super()._late(call)
        app, key = self._app(call), call.headers.get("idempotency-key", "")
        if key and self.keys.held(app, key):
            return self.perform(call)
        try:
            access, books = self._gate(call)
        except Refusal as refusal:
            return refusal.answer
        self.faults.hit(Fault.LATE_COMMIT)
        when = self.clock.now() + timedelta(seconds=self.faults.chance(*self.late))
        if key:
            self.keys.claim(app, key, call, when)

        def commit() -> None:
            if key:
                self._settled(app, key, call, access, books)
            else:
                self._work(call, access, books)

        self.clock.at(when, commit)
        self.clock.sleep(self.patience)
        raise NoAnswer("timeout")

    def _server_error(self, call: Call, *, after: bool) -> Answer:
        """500 is kept under the key, the others are not. [C2]"""
        status = next(self._errors)
        app, key = self._app(call), call.headers.get("idempotency-key", "")
        if status == 500 and key and self.keys.held(app, key) and not after:
            status = 503
        if call.path in TOKEN_PATHS or status != 500:
            return problem(status, _TITLES.get(status, "Error"), self.books.text("internal")).answer
        answer = problem(500, _TITLES[500], self.books.text("internal")).answer
        if key:
            self.keys.claim(app, key, call)
            self.keys.settle(app, key, answer)
        return answer

    def _error_body(self, call: Call) -> Answer | None:
        """Status 200, and the elements say ERROR."""
        parts = call.path[len(PREFIX) :].split("/")
        app, key = self._app(call), call.headers.get("idempotency-key", "")
        if call.method == "GET" or parts[0] not in RESOURCES or len(parts) > 2 or (key and self.keys.held(app, key)):
            return None
        try:
            sent = read(call.body)
        except ValueError:
            return None
        resource = RESOURCES[parts[0]]
        listed = sent.get(resource.plural, [sent]) if isinstance(sent, dict) else sent
        if not isinstance(listed, list):
            return None
        message = self.books.text("try_again")
        elements = [
            {**echo(item, [message], ID_FIELDS[resource.kind]), "StatusAttributeString": "ERROR"} for item in listed
        ]
        head = {"Id": self.books.tenant, "Status": "OK", "ProviderName": "Sandbox", "DateTimeUTC": ms(self.clock.now())}
        answer = written({**head, resource.plural: elements})
        if key:
            self.keys.claim(app, key, call)
            self.keys.settle(app, key, answer)
        return answer

    def _app(self, call: Call) -> str:
        try:
            return self.identity.access(call).grant.app.client_id
        except Refusal:
            return ""


class _Limited(Refusal):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, None)
        self.answer = answer
