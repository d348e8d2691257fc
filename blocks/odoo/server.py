"""An Odoo server as one thing to talk to: finds out which protocol it speaks, logs in, reads, and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from blocks.odoo.answers import outcome_of, worth_another_try
from blocks.odoo.wires import Ask, Failed, Json2, JsonRpc, Login, Said, Wire, XmlRpc
from dealbooks.errors import StopConnection
from dealbooks.http import Call, Reply
from dealbooks.ledger import Outcome

WireName = Literal["auto", "json2", "jsonrpc", "xmlrpc"]
KEY_IS_MADE = "The key is made in Odoo under Preferences, Account Security."
_WIRES: Mapping[str, Wire] = {"json2": Json2(), "jsonrpc": JsonRpc(), "xmlrpc": XmlRpc()}
_JSON2_SINCE = 19
_TRIES = 4


class Server:
    """Reads raise StopConnection; a write ends as what it said, or as an outcome.

    `read_call` repeats a call while the server is busy; `write_call` makes it once, and there is none for a source.
    """

    def __init__(
        self,
        read_call: Callable[[Call], Reply],
        write_call: Callable[[Call, str], Reply | Outcome] | None = None,
        *,
        name: str,
        database: str,
        user: str,
        key: str,
        wire: WireName = "auto",
    ) -> None:
        self._read_call = read_call
        self._write_call = write_call
        self._name = name
        self._database = database
        self._user = user
        self._key = key
        self._wire_name = wire
        self._wire: Wire | None = None
        self._login: Login | None = None
        self.context: dict[str, Any] = {}

    @property
    def uid(self) -> int:
        """The user whom the server takes us for.

        Raises:
            StopConnection: the server does not know us.
        """
        return self._logged_in().uid

    def read(self, model: str, method: str, ids: Sequence[int] = (), **arguments: Any) -> Any:
        """Call a method that changes nothing.

        Raises:
            StopConnection: the server does not answer, is busy, or refuses.
        """
        ask = Ask(model, method, tuple(ids), arguments, self.context, f"{method} {model}")
        return self._read(ask, self._logged_in())

    def rows(self, model: str, domain: list[Any], fields: Sequence[str], **arguments: Any) -> list[dict[str, Any]]:
        """`search_read`. Raises StopConnection."""
        found = self.read(model, "search_read", domain=domain, fields=list(fields), **arguments)
        if not isinstance(found, list):
            raise StopConnection(f"{self._name} answered a search of {model} with something that is not a list.")
        return found

    def write(
        self, model: str, method: str, ids: Sequence[int] = (), *, what: str, effect: str, **arguments: Any
    ) -> Said | Failed | Outcome:
        """Call a method that changes something, once. An outcome where its end is clear without the answer's words."""
        assert self._write_call is not None, "a source writes nothing"
        ask = Ask(model, method, tuple(ids), arguments, self.context, what, writes=True)
        end = self._write_call(self._chosen().call(ask, self._logged_in()), effect)
        return end if isinstance(end, Outcome) else self._chosen().read(end)

    def version(self) -> int:
        """The server's major version: GET /web/version, or the older protocols' own question [C].

        Raises:
            StopConnection: there is no Odoo at this address.
        """
        told = self._read_call(Call.get("/web/version", what="version")).json()
        info = told.get("version_info") if isinstance(told, dict) else None
        if not info:
            call = JsonRpc().service("common", "version", [], "version")
            said = JsonRpc().read(self._read_call(call))
            info = said.value.get("server_version_info") if isinstance(said, Said) and said.value else None
        if not isinstance(info, list) or not info or not str(info[0]).isdigit():
            raise StopConnection(
                f"{self._name}: what answers at this address is not Odoo.", fix="Correct the address in its settings."
            )
        return int(info[0])

    def _chosen(self) -> Wire:
        if self._wire is None:
            name: str = self._wire_name
            if name == "auto":
                name = "json2" if self.version() >= _JSON2_SINCE else "jsonrpc"
            self._wire = _WIRES[name]
        return self._wire

    def _logged_in(self) -> Login:
        if self._login is None:
            wire = self._chosen()
            nobody = Login(self._database, 0, self._key)
            if isinstance(wire, Json2):
                told = self._read(Ask("res.users", "context_get", what="who we are"), nobody)
                uid = told.get("uid") if isinstance(told, dict) else 0
            else:
                assert isinstance(wire, JsonRpc | XmlRpc)
                args: list[Any] = [self._database, self._user, self._key, {}]
                said = wire.read(self._read_call(wire.service("common", "authenticate", args, "log in")))
                uid = said.value if isinstance(said, Said) else 0
            if not uid or not isinstance(uid, int):
                raise StopConnection(
                    f"{self._name} does not know the user or the key.",
                    fix="Make a new API key in Odoo (Preferences, Account Security) and put it into the settings.",
                )
            self._login = Login(self._database, uid, self._key)
        return self._login

    def _read(self, ask: Ask, login: Login) -> Any:
        wire = self._chosen()
        failed = Failed("", "", 0)
        for _ in range(_TRIES):
            end = wire.read(self._read_call(wire.call(ask, login)))
            if isinstance(end, Said):
                return end.value
            failed = end
            if not worth_another_try(end):
                break
        raise StopConnection(
            f"{self._name} refuses to show {ask.model}: {outcome_of(failed).reason}",
            fix="Check the rights of the user whose key is used; nothing is lost, it is tried again by the next run.",
        )
