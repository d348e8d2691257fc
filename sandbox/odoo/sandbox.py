"""The sandbox of Odoo."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform
from sandbox.odoo import protocols, seed
from sandbox.odoo.errors import concurrent_update, http_error
from sandbox.odoo.hand import Hand
from sandbox.odoo.server import READS, Server
from sandbox.odoo.settings import Settings
from sandbox.odoo.values import as_text

_DOWN = (
    ("Internal Server Error", 500),
    ("Bad Gateway", 502),
    ("Service Temporarily Unavailable", 503),
    ("Gateway Time-out", 504),
)


class OdooSandbox(Platform):
    """Odoo's accounting in memory, of the version that the settings name.

    `api_key` is a key that works; `hand` is a person at a screen. Faults of its own: LIMIT_CONCURRENT is a concurrent
    update that the server gave up on, ERROR_BODY_200 the same inside an answer with status 200 (RPC, and `load`),
    LIMIT_SECOND a 429 (only where `per_second` is set). It has no limits by minute or day.
    """

    name = "odoo"
    patience = 120.0

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.server = Server(self.settings, self.clock, self.log, self._alone)
        self.hand = Hand(self.server)
        self._recent: deque[datetime] = deque()

    @property
    def api_key(self) -> str:
        """A key of the integration's user."""
        return self.server.key

    # --- setting up and looking, for tests: none of it is a call ---

    def add(self, model: str, **values: Any) -> int:
        """Put a record there without a trace in the log, as if it had always been; its id. Tax: `_account` is the
        account of its line."""
        hidden = {name: value for name, value in values.items() if name.startswith("_")}
        shown = {name: value for name, value in values.items() if not name.startswith("_")}
        kept = len(self.log.writes)
        with self.server.transaction() as env:
            number = env[model].create_one(shown)
            if hidden:
                env.database.update(model, number, hidden)
        del self.log.writes[kept:]
        return number

    def add_company(self, name: str, currency: str = "GBP") -> int:
        """A company with a chart, journals and taxes of its own; its id."""
        kept = len(self.log.writes)
        with self.server.transaction() as env:
            number = seed.company(env, name, currency)
            user = env.record("res.users", 2)
            env.database.update("res.users", 2, {"company_ids": (*user["company_ids"], number)})
        del self.log.writes[kept:]
        return number

    def find(self, model: str, *domain: Any) -> list[int]:
        """Ids of records, archived ones too."""
        with self.server.transaction(context={"active_test": False}) as env:
            return env[model].search(list(domain))

    def look(self, model: str, number: int, *fields: str) -> dict[str, Any]:
        """A record as it stands, with bare ids."""
        with self.server.transaction() as env:
            return env[model].read([number], fields or None, load=None)[0]

    # --- the platform ---

    def perform(self, call: Call) -> Answer:
        """One call."""
        if self._too_fast():
            return protocols.page("Too Many Requests", 429)
        path, traits = call.path, self.settings.of_version
        if path == "/web/version" and traits.web_version and call.method == "GET":
            return protocols.web_version(self.server)
        if path.startswith("/json/2") and traits.json2:
            return protocols.json2(self.server, call)
        if call.method == "POST" and path == "/jsonrpc":
            return protocols.jsonrpc(self.server, call)
        if call.method == "POST" and path == "/web/webclient/version_info":
            return protocols.version_info(self.server, call)
        if call.method == "POST" and path in ("/xmlrpc/2/common", "/xmlrpc/2/object"):
            return protocols.xml(self.server, call)
        return protocols.page("Not Found", 404)

    def kind_of(self, call: Call) -> str:
        """A call writes unless it is known to read; a key that is made or ended is a token."""
        model, method = protocols.asked_of(call)
        if model == "res.users.apikeys" and method in ("generate", "revoke"):
            return "token"
        return "read" if not method or method in READS else "write"

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Answers to faults before anything is done."""
        if fault is Fault.SERVER_ERROR:
            return protocols.page(*_DOWN[int(self.faults.chance(0, len(_DOWN)))])
        if fault is Fault.LIMIT_SECOND:
            return protocols.page("Too Many Requests", 429) if self.settings.per_second else None
        if fault is Fault.TOKEN_EXPIRED:
            return self._expired(call)
        if fault in (Fault.ERROR_BODY_200, Fault.LIMIT_CONCURRENT):
            return self._concurrent(fault, call)
        return None

    def _expired(self, call: Call) -> Answer | None:
        if call.path.startswith("/json/2"):
            return protocols.json2_error(http_error("Unauthorized", "Invalid apikey", 401))
        return None

    def _concurrent(self, fault: Fault, call: Call) -> Answer | None:
        """Another transaction wanted the same rows: in a 200 where the protocol or the method does that."""
        error = concurrent_update()
        if call.path == "/jsonrpc":
            return protocols.rpc_error(self.server, protocols.number_of(call), error)
        if call.path.startswith("/xmlrpc"):
            return protocols.xml_error(error)
        if protocols.asked_of(call)[1] == "load":
            rows = {"from": 0, "to": 0}
            told = {"rows": rows, "record": 0, "type": "error", "message": error.message}
            body = as_text({"ids": False, "messages": [told], "nextrow": 0})
            return Answer(200, body.encode(), {"content-type": "application/json; charset=utf-8"})
        return protocols.json2_error(error) if fault is Fault.LIMIT_CONCURRENT else None

    def _too_fast(self) -> bool:
        if not self.settings.per_second:
            return False
        now = self.clock.now()
        while self._recent and self._recent[0] <= now - timedelta(seconds=1):
            self._recent.popleft()
        if len(self._recent) >= self.settings.per_second:
            return True
        self._recent.append(now)
        return False
