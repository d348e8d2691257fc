"""The ways in: JSON-2 (19 and later), JSON-RPC and XML-RPC (all versions)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Fault

from sandbox.kit import Answer, Call
from sandbox.odoo import xmlrpc
from sandbox.odoo.errors import OdooError, http_error, not_found, unprocessable
from sandbox.odoo.server import Server
from sandbox.odoo.values import as_text

Service = Callable[[str, Sequence[Any]], Any]
_HINT = "Did you mean POST /json/2/<model>/<method>?"
_FAULTS = {
    "odoo.exceptions.AccessDenied": 3,
    "odoo.exceptions.AccessError": 4,
    "odoo.exceptions.UserError": 2,
    "odoo.exceptions.ValidationError": 2,
    "odoo.exceptions.MissingError": 2,
}  # every other error is 1, with its traceback


def json2_error(error: OdooError) -> Answer:
    """A refusal of JSON-2."""
    return _json(error.body(), error.status)


def rpc_error(server: Server, number: Any, error: OdooError) -> Answer:
    """A refusal of JSON-RPC: status 200, and the error in the body."""
    code = server.settings.of_version.rpc_error_code
    told = {"code": code, "message": "Odoo Server Error", "data": error.body()}
    return _json({"jsonrpc": "2.0", "id": number, "error": told})


def xml_error(error: OdooError) -> Answer:
    """A refusal of XML-RPC: status 200, and a Fault."""
    code = _FAULTS.get(error.name, 1)
    return _xml(xmlrpc.answer(Fault(code, error.message if code > 1 else error.body()["debug"]), null=False))


def page(title: str, status: int) -> Answer:
    """A page of the web server before Odoo."""
    body = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body><h1>{status} {title}</h1></body></html>"
    return Answer(status, body.encode(), {"content-type": "text/html"})


def version_of(server: Server) -> dict[str, Any]:
    """What every version says about itself before a login."""
    number = server.settings.version
    return {
        "server_version": f"{number}.0",
        "server_version_info": [number, 0, 0, "final", 0, ""],
        "server_serie": f"{number}.0",
        "protocol_version": 1,
    }


def web_version(server: Server) -> Answer:
    """GET /web/version."""
    told = version_of(server)
    return _json({"version_info": told["server_version_info"], "version": told["server_version"]})


def json2(server: Server, call: Call) -> Answer:
    """POST /json/2/{model}/{method}."""
    parts = call.path.strip("/").split("/")
    if call.method != "POST" or len(parts) != 4:
        return json2_error(not_found(_HINT))
    try:
        uid = _bearer(server, call)
        if call.headers.get("x-odoo-database", server.settings.database) != server.settings.database:
            raise not_found("no such database")
        result = server.named(uid, parts[2], parts[3], _object(call))
    except OdooError as error:
        return json2_error(error)
    return _json(result)


def jsonrpc(server: Server, call: Call) -> Answer:
    """POST /jsonrpc."""
    number: Any = None
    try:
        asked = _object(call)
        number = asked.get("id")
        given = asked.get("params") or {}
        result = service(server, str(given.get("service")))(str(given.get("method")), given.get("args") or [])
    except OdooError as error:
        return rpc_error(server, number, error)
    return _json({"jsonrpc": "2.0", "id": number, "result": result})


def version_info(server: Server, call: Call) -> Answer:
    """POST /web/webclient/version_info, which some clients ask first."""
    return _json({"jsonrpc": "2.0", "id": _object(call).get("id"), "result": version_of(server)})


def xml(server: Server, call: Call) -> Answer:
    """POST /xmlrpc/2/common and /xmlrpc/2/object."""
    try:
        method, args = xmlrpc.parsed(call.body)
    except (ExpatError, ValueError) as error:
        return xml_error(OdooError(f"builtins.{type(error).__name__}", str(error), 500))
    try:
        result = service(server, call.path.rpartition("/")[2])(method, args)
    except OdooError as error:
        return xml_error(error)
    try:
        return _xml(xmlrpc.answer(result, null=not server.settings.xmlrpc_null_fault))
    except TypeError as error:  # the call has been done: only its answer cannot be written
        return xml_error(OdooError("builtins.TypeError", str(error), 500))


def service(server: Server, name: str) -> Service:
    """One of the services of RPC.

    Raises:
        OdooError: there is none of this name.
    """
    found: dict[str, Service] = {
        "common": lambda method, args: _common(server, method, args),
        "object": lambda method, args: _object_call(server, method, args),
    }
    if name not in found:
        raise not_found(f"No service named {name}")
    return found[name]


def number_of(call: Call) -> Any:
    """The number that a call of JSON-RPC gave itself, if it can be read."""
    try:
        return _object(call).get("id")
    except OdooError:
        return None


def asked_of(call: Call) -> tuple[str, str]:
    """Model and method that a call asks for, as far as they can be read."""
    if call.path.startswith("/json/2/"):
        parts = call.path.strip("/").split("/")
        return (parts[2], parts[3]) if len(parts) == 4 else ("", "")
    try:
        if call.path.startswith("/xmlrpc"):
            method, args = xmlrpc.parsed(call.body)
        else:
            given = call.json().get("params") or {}
            method, args = str(given.get("method")), tuple(given.get("args") or ())
    except (ExpatError, ValueError, AttributeError):
        return ("", "")
    return (str(args[3]), str(args[4])) if method in ("execute", "execute_kw") and len(args) > 4 else ("", "")


def _common(server: Server, method: str, args: Sequence[Any]) -> Any:
    if method == "version":
        return version_of(server)
    if method in ("authenticate", "login"):
        database, login, password, *_ = args
        return server.user_of(database, login, password) or False
    raise not_found(f"Method not found: {method}")


def _object_call(server: Server, method: str, args: Sequence[Any]) -> Any:
    if method not in ("execute", "execute_kw") or len(args) < 5:
        raise not_found(f"Method not found: {method}")
    database, uid, password, model, name, *rest = args
    server.check_user(database, uid, password)
    if method == "execute":
        return server.positional(uid, model, name, rest, {})
    named: Mapping[str, Any] = rest[1] if len(rest) > 1 else {}
    return server.positional(uid, model, name, rest[0] if rest else [], named)


def _bearer(server: Server, call: Call) -> int:
    given = call.headers.get("authorization", "")
    kind, _, key = given.partition(" ")
    if kind.lower() != "bearer" or not key:
        raise http_error(
            "Unauthorized", "User not authenticated, use an API Key with a Bearer Authorization header.", 401
        )
    uid = server.user_of_key(key.strip())
    if uid is None:
        raise http_error("Unauthorized", "Invalid apikey", 401)
    return uid


def _object(call: Call) -> dict[str, Any]:
    try:
        found = json.loads(call.body or b"{}", parse_float=Decimal)
    except ValueError as error:
        raise http_error("BadRequest", "could not parse the body as json", 400) from error
    if not isinstance(found, dict):
        raise unprocessable("the body must be a json object")
    return found


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, as_text(value).encode(), {"content-type": "application/json; charset=utf-8"})


def _xml(body: bytes) -> Answer:
    return Answer(200, body, {"content-type": "text/xml"})
