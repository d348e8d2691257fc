"""QuickBooks Online as its callers meet it: addresses, tokens, limits, answers, and the faults of the kit."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json
from sandbox.quickbooks.auth import Grants
from sandbox.quickbooks.batch import batch
from sandbox.quickbooks.books import trial_balance
from sandbox.quickbooks.changes import changes
from sandbox.quickbooks.company import KINDS, Company
from sandbox.quickbooks.hand import Hand
from sandbox.quickbooks.limits import Limits
from sandbox.quickbooks.operations import operate
from sandbox.quickbooks.query import answer as queried
from sandbox.quickbooks.refusals import Refusal, application_error, no_operation, throttled, unsupported
from sandbox.quickbooks.replays import Replays
from sandbox.quickbooks.settings import Settings
from sandbox.quickbooks.setup import CompanySetup, us_automated

_COMPANY = "/v3/company/"
_TOKEN = "/oauth2/v1/tokens/bearer"
_REVOKE = "/v2/oauth2/tokens/revoke"
_CONSENT = "/connect/oauth2"
_DISCOVERY = "/.well-known/openid_configuration"
_ENTITIES = {kind.lower(): kind for kind in KINDS}
_LIMITS = (Fault.LIMIT_SECOND, Fault.LIMIT_MINUTE, Fault.LIMIT_CONCURRENT)
_GATEWAY = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class QuickBooksSandbox(Platform):
    """A stateful stand-in of QuickBooks Online with one or more companies. `clients` are the apps it knows: id and
    secret."""

    name = "quickbooks"

    def __init__(
        self,
        companies: Sequence[CompanySetup] = (),
        *,
        clients: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.clients = dict(clients or {"sandbox-app": "sandbox-secret"})
        self.companies: dict[str, Company] = {
            setup.realm: Company(setup, self.settings, self.clock.now, self.log.add)
            for setup in companies or (us_automated(),)
        }
        self._grants = Grants(self.clients, self.settings, self.clock.now)
        self._limits = Limits(self.settings)
        self._replays = Replays(self.settings)
        self._traces = itertools.count(1)
        self._lag = self.settings.search_lag
        self._lagged = False

    def company(self, realm: str = "") -> Company:
        """A company by its realm id; without one the first."""
        return self.companies[realm or next(iter(self.companies))]

    def hand(self, realm: str = "") -> Hand:
        """A person's hand on a company."""
        return Hand(self.company(realm), self._alone)

    def connect(self, realm: str = "") -> dict[str, Any]:
        """The tokens of a new consent, as the token endpoint gives them."""
        return self._grants.granted(next(iter(self.clients)), self.company(realm).setup.realm)

    def consent(self, redirect_uri: str, realm: str = "") -> str:
        """The authorization code of a new consent."""
        return self._grants.code(next(iter(self.clients)), self.company(realm).setup.realm, redirect_uri)

    def disconnect(self, realm: str = "") -> None:
        """Somebody disconnects the app: every token of the company is dead, and its refresh is `invalid_grant`."""
        self._grants.end(self.company(realm).setup.realm)

    def kind_of(self, call: Call) -> str:
        """A POST is a write, but a query is not."""
        if call.path in (_TOKEN, _REVOKE):
            return "token"
        return "write" if call.method == "POST" and not call.path.endswith("/query") else "read"

    def possible(self, kind: str) -> Iterable[Fault]:
        """A query may lag as well."""
        given = tuple(super().possible(kind))
        return (*given, Fault.LAGGING_SEARCH) if kind == "read" else given

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path == _TOKEN:
            return self._traced(self._grants.token(call))
        if call.path == _REVOKE:
            return self._traced(self._grants.revoke(call))
        if call.path == _CONSENT:
            return self._consented(call)
        if call.path == _DISCOVERY:
            return self._discovered(call)
        return self._refused_entry(call) or self._carried_out(call)

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """The platform's answer to a fault of its own."""
        token = self.kind_of(call) == "token"
        if fault in _LIMITS or (fault is Fault.LIMIT_DAY and self.kind_of(call) == "read"):
            return self._refusal(throttled())
        if fault is Fault.SERVER_ERROR:
            status = (500, 502, 503, 504)[int(self.faults.chance(0, 3.999))]
            if status == 500 and not token:
                return self._refusal(application_error())
            page = f"<html><body><h1>{status} {_GATEWAY.get(status, 'Internal Server Error')}</h1></body></html>"
            return self._traced(Answer(status, page.encode(), {"content-type": "text/html"}))
        if fault is Fault.ERROR_BODY_200 and not token:
            return self._refusal(application_error(200))
        if fault is Fault.TOKEN_EXPIRED and not token:
            self._grants.expire(call.headers.get("authorization", ""))
            return self._unauthorised("Token expired")
        return None

    def _with_fault(self, fault: Fault, call: Call) -> Answer:
        if fault is not Fault.LAGGING_SEARCH:
            return super()._with_fault(fault, call)
        self._lag, self._lagged = self.faults.chance(*self.settings.lag_of_fault), False
        try:
            answer = self.perform(call)
        finally:
            self._lag = self.settings.search_lag
        if self._lagged:
            self.faults.hit(fault)
        return answer

    def _late(self, call: Call) -> Answer:
        refused = self._refused_entry(call)  # who is not let in is told so at once
        return refused if refused is not None else super()._late(call)

    def _performed(self, call: Call) -> None:
        self._carried_out(call)  # it was let in when it came

    def _refused_entry(self, call: Call) -> Answer | None:
        realm, parts = _address(call.path)
        access = self._grants.access(call.headers.get("authorization", ""))
        if access is None:
            return self._unauthorised("Token expired")
        if realm not in self.companies or access.realm != realm:
            return self._unauthorised(None, 403)
        if not self._limits.allow(realm, access.client, self.clock.now(), batch=parts[:1] == ["batch"]):
            return self._refusal(throttled())
        return None

    def _carried_out(self, call: Call) -> Answer:
        realm, parts = _address(call.path)
        company = self.companies[realm]
        try:
            made = (
                self._written(company, parts, call)
                if self.kind_of(call) == "write"
                else self._read(company, parts, call)
            )
        except Refusal as refusal:
            return self._refusal(refusal)
        return self._traced(as_json({**made, "time": self._time()}))

    def _written(self, company: Company, parts: Sequence[str], call: Call) -> dict[str, Any]:
        key = call.query.get("requestid", "")
        try:
            body = call.json()
            if b"\\u" in call.body:
                json.dumps(body, ensure_ascii=False).encode()  # half of a pair is no text
        except ValueError:
            raise unsupported("The request is not valid JSON") from None
        if parts == ["batch"]:
            return batch(company, self._replays, self.log, body, key, self._lag)
        self._replays.check(key, self.settings.request_id_length)
        kind = _ENTITIES.get(parts[0]) if len(parts) == 1 else None
        if kind is None:
            raise no_operation("create")
        operation, include = call.query.get("operation", ""), call.query.get("include", "")
        return self._replays.once(
            company, key, body, lambda: operate(company, kind, body, operation=operation, include=include, key=key)
        )

    def _read(self, company: Company, parts: Sequence[str], call: Call) -> dict[str, Any]:
        if parts == ["query"]:
            text = call.query.get("query") or call.body.decode(errors="replace")
            found, hidden = queried(company, text, self._lag)
            self._lagged = self._lagged or hidden
            return {"QueryResponse": found}
        if parts == ["cdc"]:
            return changes(company, call.query)
        if parts == ["reports", "TrialBalance"]:
            return trial_balance(company, call.query)
        kind = _ENTITIES.get(parts[0]) if parts else None
        if kind == "Preferences" and len(parts) == 1:
            return {kind: company.get(kind, "1")}
        if kind is None or len(parts) != 2:
            raise no_operation("read")
        return {kind: company.get(kind, "1" if kind == "CompanyInfo" else parts[1])}

    def _consented(self, call: Call) -> Answer:
        """The page where a person consents: here they do so at once, to the first company or to `realm`."""
        realm = self.company(call.query.get("realm", "")).setup.realm
        back = call.query.get("redirect_uri", "")
        code = self._grants.code(call.query.get("client_id", ""), realm, back)
        given = urlencode({"code": code, "state": call.query.get("state", ""), "realmId": realm})
        return Answer(302, b"", {"location": f"{back}?{given}"})

    def _discovered(self, call: Call) -> Answer:
        base = f"http://{call.headers.get('host', 'localhost')}"
        return as_json(
            {
                "issuer": base,
                "authorization_endpoint": base + _CONSENT,
                "token_endpoint": base + _TOKEN,
                "revocation_endpoint": base + _REVOKE,
                "userinfo_endpoint": base + "/v1/openid_connect/userinfo",
                "jwks_uri": base + "/v1/keys",
            }
        )

    def _refusal(self, refusal: Refusal) -> Answer:
        return self._traced(as_json({"Fault": refusal.fault(), "time": self._time()}, refusal.status))

    def _unauthorised(self, detail: str | None, status: int = 401) -> Answer:
        """Refusals of the gateway before the service: another shape, in lower case."""
        words, code = ("AuthenticationFailed", "3200") if status == 401 else ("AuthorizationFailed", "3100")
        message = f"message={words}; errorCode=00{code}; statusCode={status}"
        error = {"message": message, "detail": detail, "code": code, "element": None}
        kind = "AUTHENTICATION" if status == 401 else "SERVICE"
        body: dict[str, Any] = {
            "warnings": None, "intuitObject": None, "fault": {"error": [error], "type": kind}, "report": None,
            "queryResponse": None, "batchItemResponse": [], "attachableResponse": [], "syncErrorResponse": None,
            "requestId": None, "time": int(self.clock.now().timestamp() * 1000), "status": None, "cdcresponse": [],
        }  # fmt: skip
        return self._traced(as_json(body, status))

    def _traced(self, answer: Answer) -> Answer:
        number = next(self._traces)
        return Answer(
            answer.status, answer.body, {**answer.headers, "intuit_tid": f"1-{number:08x}-{number * 40503:024x}"}
        )

    def _time(self) -> str:
        now: datetime = self.clock.now().astimezone(ZoneInfo("America/Los_Angeles"))
        return now.isoformat(timespec="milliseconds")


def _address(path: str) -> tuple[str, list[str]]:
    """The realm of an address, and what comes after it."""
    if not path.startswith(_COMPANY):
        return "", []
    realm, *parts = path.removeprefix(_COMPANY).strip("/").split("/")
    return realm, parts
