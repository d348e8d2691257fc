"""The three ways to say one thing to an Odoo server, and what its answers say. Pure: nothing is sent here.

JSON-2 (19 and later) names a call's arguments; JSON-RPC and XML-RPC (14 and later, until 22) have them by place. All
three end in the same two values: `Said` and `Failed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from xml.parsers.expat import ExpatError
from xmlrpc.client import ExpatParser, Fault, Marshaller, ResponseError, Unmarshaller

import orjson

from dealbooks.http import Call, Reply

_JSON = {"content-type": "application/json; charset=utf-8", "accept": "application/json"}
_XML = {"content-type": "text/xml", "accept": "text/xml"}
# An exception by the last line of a traceback: `odoo.exceptions.UserError: The entry is not balanced.`
_RAISED = re.compile(r"^([A-Za-z_][\w.]*): ?(.*)$")
# XML-RPC's fault codes: a business rule, wrong login, no right; everything else comes as a traceback.
_FAULTS = {2: "UserError", 3: "AccessDenied", 4: "AccessError"}
_LONGEST = 500  # characters of a server's words that are kept


@dataclass(frozen=True, slots=True)
class Ask:
    """A method of a model. `arguments` are by name; amounts among them are Decimal. `writes`: it changes something."""

    model: str
    method: str
    ids: tuple[int, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The method's result; numbers with a point are Decimal."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The server did not do it, or did not say so in its own words. `kind` is the exception's last name (`UserError`),
    empty where the answer is not Odoo's; `status` the HTTP status."""

    kind: str
    message: str
    status: int


@dataclass(frozen=True, slots=True)
class Login:
    """Whom the two older protocols name in every call."""

    database: str
    uid: int
    key: str = field(repr=False)


class Wire(Protocol):
    """One protocol."""

    def call(self, ask: Ask, login: Login) -> Call:
        """The request."""

    def read(self, reply: Reply) -> Said | Failed:
        """What the answer says."""


class Json2:
    """POST /json/2/{model}/{method}: arguments by name, the key in a header [C addons/rpc/controllers/json2.py]."""

    def call(self, ask: Ask, login: Login) -> Call:
        """The request; who calls stands in the connection's headers."""
        body: dict[str, Any] = dict(ask.arguments)
        if ask.ids:
            body["ids"] = list(ask.ids)
        if ask.context:
            body["context"] = dict(ask.context)
        path = f"/json/2/{ask.model}/{ask.method}"
        return Call("POST", path, {}, _JSON, _json(body), ask.what, ask.writes)

    def read(self, reply: Reply) -> Said | Failed:
        """Status and body agree here; an error's body names the exception."""
        told = _told(reply)
        if reply.status < 400 and not isinstance(told, _NotJson):
            return Said(told)
        if isinstance(told, Mapping) and told.get("name"):
            return Failed(_last(str(told["name"])), _cut(told.get("message")), reply.status)
        return Failed("", _page(reply), reply.status)


class JsonRpc:
    """POST /jsonrpc: the status is 200 also for errors, which stand in the body [C]."""

    def call(self, ask: Ask, login: Login) -> Call:
        """The request."""
        return self.service("object", "execute_kw", _placed(ask, login), ask.what, writes=ask.writes)

    def service(self, name: str, method: str, args: list[Any], what: str, *, writes: bool = False) -> Call:
        """A call of one of the server's services."""
        params = {"service": name, "method": method, "args": args}
        body = _json({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
        return Call("POST", "/jsonrpc", {}, _JSON, body, what, writes)

    def read(self, reply: Reply) -> Said | Failed:
        """`result`, or `error` with the exception in `data`."""
        told = _told(reply)
        if not isinstance(told, Mapping) or not ("result" in told or "error" in told):
            return Failed("", _page(reply), reply.status)
        error = told.get("error")
        if error is None:
            return Said(told.get("result"))
        data = error.get("data") if isinstance(error, Mapping) else None
        if not isinstance(data, Mapping):
            return Failed("", _cut(error), reply.status)
        return Failed(_last(str(data.get("name") or "")), _cut(data.get("message")), reply.status)


class XmlRpc:
    """POST /xmlrpc/2/object: an exception is a Fault, and so is a result of nothing, after it was done [R]."""

    def call(self, ask: Ask, login: Login) -> Call:
        """The request."""
        return self.service("object", "execute_kw", _placed(ask, login), ask.what, writes=ask.writes)

    def service(self, name: str, method: str, args: list[Any], what: str, *, writes: bool = False) -> Call:
        """A call of one of the server's services."""
        params = _Writer(encoding="utf-8").dumps(tuple(args))
        text = f"<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n{params}</methodCall>\n"
        return Call("POST", f"/xmlrpc/2/{name}", {}, _XML, text.encode(), what, writes)

    def read(self, reply: Reply) -> Said | Failed:
        """The result, or a Fault by its code; the code 1 has the exception in the last line of its traceback."""
        reader = _Reader(use_builtin_types=True)
        parser = ExpatParser(reader)
        try:
            parser.feed(reply.body)
            parser.close()
            (value,) = reader.close()
        except Fault as fault:
            return _fault(fault, reply.status)
        except (ExpatError, ResponseError, ValueError, TypeError, IndexError):
            return Failed("", _page(reply), reply.status)
        return Said(value)


def _placed(ask: Ask, login: Login) -> list[Any]:
    """`execute_kw`: the ids first, values to be made by place (so they are in every version), the rest by name."""
    named: dict[str, Any] = {name: value for name, value in ask.arguments.items() if name != "vals_list"}
    if ask.context:
        named["context"] = dict(ask.context)
    placed: list[Any] = [list(ask.ids)] if ask.ids else []
    if "vals_list" in ask.arguments:
        placed.append(ask.arguments["vals_list"])
    return [login.database, login.uid, login.key, ask.model, ask.method, placed, named]


def _fault(fault: Fault, status: int) -> Said | Failed:
    text = str(fault.faultString)
    if "cannot marshal" in text:  # the method was done: only its answer could not be written
        return Said(None)
    kind = _FAULTS.get(fault.faultCode if isinstance(fault.faultCode, int) else 0)
    if kind is not None:
        return Failed(kind, _cut(text), status)
    last = next((line for line in reversed(text.splitlines()) if _RAISED.match(line)), "")
    match = _RAISED.match(last)
    return Failed(_last(match[1]), _cut(match[2]), status) if match else Failed("", _cut(text), status)


class _NotJson:
    """An answer that is not JSON."""


def _told(reply: Reply) -> Any:
    try:
        return json.loads(reply.body, parse_float=Decimal)
    except ValueError:
        return _NotJson()


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_number)


def _number(value: Any) -> orjson.Fragment:
    """An amount as a JSON number with exactly its own decimals."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(f"{type(value).__name__} has no place in a call")


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _cut(words: object) -> str:
    return " ".join(str(words or "").split())[:_LONGEST]


def _page(reply: Reply) -> str:
    """What a web server before Odoo said: its title."""
    text = reply.body.decode("utf-8", "replace")
    title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return _cut(title[1] if title else text[:200])


class _Reader(Unmarshaller):
    """The standard library's reader, with exact decimals."""

    dispatch = dict(Unmarshaller.dispatch)

    def end_decimal(self, data: str) -> None:
        self.append(Decimal(data))
        self._value = False


_Reader.dispatch["double"] = _Reader.end_decimal  # type: ignore[assignment]
_Reader.dispatch["float"] = _Reader.end_decimal  # type: ignore[assignment]


class _Writer(Marshaller):
    """The standard library's writer, with exact decimals."""

    dispatch = dict(Marshaller.dispatch)

    def dump_decimal(self, value: Decimal, write: Callable[[str], object]) -> None:
        write(f"<value><double>{format(value, 'f')}</double></value>\n")


_Writer.dispatch[Decimal] = _Writer.dump_decimal  # type: ignore[assignment,index]
