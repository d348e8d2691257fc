"""The server behind the protocols: finds the method, runs it in one transaction, and logs what was committed."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sandbox.kit import Clock, Write, WriteLog
from sandbox.odoo import basics, documents, lines, moves, orders, payments, reversals, seed
from sandbox.odoo.database import Database, Record
from sandbox.odoo.env import Env
from sandbox.odoo.errors import OdooError, access_denied, access_error, not_found, unprocessable
from sandbox.odoo.model import Model
from sandbox.odoo.schema import TRANSIENT, schema_of
from sandbox.odoo.settings import Settings

MODELS: dict[str, type[Model]] = {
    "": basics.Generic,
    "res.company": basics.Company,
    "res.partner": basics.Partner,
    "res.users": basics.Users,
    "res.users.apikeys": basics.ApiKeys,
    "res.currency.rate": basics.Rate,
    "account.account": basics.Account,
    "account.journal": basics.Journal,
    "account.tax": basics.Tax,
    "ir.model.data": basics.ExternalId,
    "ir.model.fields": basics.CustomField,
    "account.move": moves.Move,
    "account.move.line": lines.MoveLine,
    "account.payment": payments.Payment,
    "account.payment.register": payments.PaymentRegister,
    "account.move.reversal": reversals.Reversal,
    "sale.order": orders.Order,
    "sale.order.line": orders.OrderLine,
}
READS = frozenset({
    "read", "search", "search_read", "search_count", "fields_get", "read_group", "formatted_read_group", "name_search",
    "context_get",
})  # fmt: skip
_UID = 2
PERSON = 3
_INNER = frozenset({"account.partial.reconcile", "account.move.line", "sale.order.line", "res.users.apikeys"})


class Server:
    """The database and everybody's way to it."""

    def __init__(
        self, settings: Settings, clock: Clock, log: WriteLog, alone: contextlib.AbstractContextManager[Any]
    ) -> None:
        self._alone = alone  # one transaction at a time
        self.settings = settings
        self.clock = clock
        self.log = log
        self.database = Database()
        self.schema = schema_of(settings)
        self.key = basics.key_text(f"{settings.database}/{settings.login}")
        env = self.env(1, {})
        seed.fill(env)
        until = (env.now + timedelta(days=3650)).strftime("%Y-%m-%d %H:%M:%S.%f")
        key = {"name": "integration", "user_id": _UID, "expiration_date": until, "_key": self.key, "_by_call": False}
        seed.put(env, "res.users.apikeys", key)
        self.database.commit()

    def env(self, uid: int, context: Mapping[str, Any]) -> Env:
        """What a call works with."""
        return Env(self.database, self.schema, MODELS, self.settings, self.clock.now(), uid, context)

    @contextlib.contextmanager
    def transaction(self, uid: int = _UID, context: Mapping[str, Any] | None = None) -> Iterator[Env]:
        """All or nothing; what was committed is logged."""
        with self._alone:
            env = self.env(uid, context or {})
            try:
                yield env
            except BaseException:
                self.database.rollback()
                raise
            self._logged(env)

    def user_of_key(self, key: str) -> int | None:
        """Who holds an API key that is still good."""
        now = self.clock.now().strftime("%Y-%m-%d %H:%M:%S.%f")
        for number in self.database.matching("res.users.apikeys", "_key", key):
            record = self.database.get("res.users.apikeys", number)
            if record is not None and (not record["expiration_date"] or record["expiration_date"] > now):
                return int(record["user_id"])
        return None

    def user_of(self, database: str, login: str, password: str) -> int | None:
        """Who logs in with a password, or a key in its stead."""
        if database != self.settings.database or login != self.settings.login:
            return None
        return _UID if password == self.settings.password else self.user_of_key(password)

    def check_user(self, database: str, uid: Any, password: str) -> int:
        """The user of a call over RPC.

        Raises:
            OdooError: wrong database, user or password.
        """
        if self.user_of(database, self.settings.login, password) != uid or not isinstance(uid, int):
            raise access_denied()
        return uid

    def named(self, uid: int, model: str, method: str, body: Mapping[str, Any]) -> Any:
        """A call of JSON-2: `ids`, `context`, and every argument by its name."""
        arguments = {name: value for name, value in body.items() if name not in ("ids", "context")}
        with self._call(uid, body.get("context") or {}, model, method) as (env, function, takes_ids):
            if takes_ids:
                function = functools.partial(function, body.get("ids") or [])
            elif body.get("ids"):
                raise unprocessable(f"cannot call {model}.{method} with ids")
            try:
                bound = inspect.signature(function).bind(**arguments)
            except TypeError as error:
                raise unprocessable(str(error)) from error
            result = _run(function, bound.args, bound.kwargs)
            self._undo_load(method, result, env)
        return result

    def positional(self, uid: int, model: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A call of RPC: arguments by position, the ids first; one made record answers as one id."""
        rest = dict(kwargs)
        context = rest.pop("context", None) or {}
        with self._call(uid, context, model, method) as (env, function, takes_ids):
            given = list(args)
            if takes_ids:
                first = given.pop(0) if given else rest.pop("ids", [])
                function = functools.partial(function, [first] if isinstance(first, int) else list(first))
            result = _run(function, given, rest)
            self._undo_load(method, result, env)
        single = method == "create" and isinstance(given[0] if given else rest.get("vals_list"), Mapping)
        return result[0] if single else result

    @contextlib.contextmanager
    def _call(
        self, uid: int, context: Mapping[str, Any], model: str, method: str
    ) -> Iterator[tuple[Env, Callable[..., Any], bool]]:
        if model not in self.schema:
            raise not_found(f"the model '{model}' does not exist")
        if method.startswith("_"):
            raise access_error(f"Private methods (such as '{model}.{method}') cannot be called remotely.")
        with self.transaction(uid, context) as env:
            allowed = context.get("allowed_company_ids") or ()
            if not set(allowed) <= set(env.record("res.users", uid)["company_ids"]):
                raise access_error("Access to unauthorized or invalid companies.")
            found = env[model]
            function = getattr(found, method, None)
            takes_ids = getattr(function, "takes_ids", None)
            there = getattr(found, "method", None)
            if function is None or takes_ids is None or (there is not None and not there(method)):
                raise not_found(f"The method '{model}.{method}' does not exist")
            yield env, function, takes_ids

    def _undo_load(self, method: str, result: Any, env: Env) -> None:
        """A `load` with errors answers like any other, and leaves nothing."""
        if method == "load" and result["ids"] is False:
            self.database.rollback()
            env.marks.clear()

    def _logged(self, env: Env) -> None:
        before: dict[tuple[str, int], Record | None] = {}
        for model, number, old in self.database.commit():
            before.setdefault((model, number), old)
        deeds: dict[tuple[str, int], list[str]] = {}
        for (model, number), old in before.items():
            now = self.database.get(model, number)
            if model == "account.move.line":
                move = (now or old or {}).get("move_id")
                deeds.setdefault(("account.move", int(move or 0)), [])
            elif model not in TRANSIENT and model not in _INNER and (old is not None or now is not None):
                first = "create" if old is None else "delete" if now is None else "update"
                deeds.setdefault((model, number), []).append(first)
        for action, model, number in env.marks:
            done = deeds.setdefault((model, number), [])
            if action not in done:
                done.append(action)
        for (model, number), done in deeds.items():
            self._log(env, model, number, done or ["update"], before.get((model, number)))

    def _log(self, env: Env, model: str, number: int, done: list[str], old: Record | None) -> None:
        record = self.database.get(model, number)
        if record is None and old is None:  # made and taken away in the same call
            return
        if record is None:
            done = ["delete"]
        elif len(done) > 1 and "update" in done:
            done = [action for action in done if action != "update"]
        document = _shown(record or old or {})
        if model == "account.move":
            document["lines"] = tuple(_shown(line) for line in documents.lines_of(env, number))
        memo = document.get(self.settings.of_version.payment_memo)
        key = str(document.get("x_deal_key") or document.get("ref") or memo or "")
        for action in done:
            self.log.add(Write(env.now, action, model, str(number), document, key))


def _shown(record: Record) -> dict[str, Any]:
    """A record without what only the sandbox keeps in it."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def _run(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a method; what Python itself refuses is the server's 500."""
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise OdooError(f"builtins.{type(error).__name__}", str(error), 500) from error
