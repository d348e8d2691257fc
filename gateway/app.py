"""Webhooks in, events in the store; and the health of an installation over HTTP.

uvicorn --factory gateway.app:create_app --no-access-log        (DEALBOOKS_CONFIG names the configuration)

Without --no-access-log, the log would show the addresses called, with the secrets of senders that sign nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from dealbooks.config import Config, load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import store_url
from dealbooks.store import Store
from dealbooks.store.db import Clock, utc_now
from dealbooks.store.schema import HEAD, revision
from gateway.metrics import Metrics
from gateway.receive import Receiver
from gateway.writer import Writer


class Problem(BaseModel):
    """Why a call was not taken."""

    error: str


def _problem(words: str) -> dict[str, Any]:
    return {"model": Problem, "description": words}


def _wait(words: str) -> dict[str, Any]:
    header = {"Retry-After": {"description": "When to call again.", "schema": {"type": "string"}}}
    return _problem(words) | {"headers": header}


_TAKEN = {
    "description": "Stored, or stored before; in the form that the sender expects.",
    "content": {"application/json": {}, "text/xml": {}, "text/plain": {}},
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _TAKEN,
    202: {"description": "Stored, or stored before.", "content": {"application/json": {}}},
    400: _problem("The body is not what the platform sends."),
    401: _problem("The signature is missing, wrong or stale; or the secret of the address is wrong."),
    404: _problem("There is no such webhook."),
    408: _problem("The body did not come in time."),
    413: _problem("The body is too large."),
    415: _problem("The body is compressed."),
    429: _wait("Too many calls from this address."),
    503: _wait("It cannot be stored now."),
}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "What the sender's platform sends.",
        "content": {"application/json": {"schema": {}}, "text/xml": {"schema": {}}, "multipart/form-data": {}},
    }
}


def _in_path(*names: str) -> dict[str, Any]:
    """Parameters of an address. Any text fits, so the framework has nothing to check, and nothing to answer 422 for."""
    return {"parameters": [_PARAMETERS[name] | {"name": name} for name in names]}


_PARAMETERS: dict[str, dict[str, Any]] = {
    name: {"in": "path", "required": True, "description": words, "schema": {"type": "string"}}
    for name, words in (
        ("name", "Name of the webhook, under hooks: in dealbooks.yaml."),
        ("secret", "Secret of a sender that signs nothing."),
    )
}


def create_app(config: Config | None = None, *, clock: Clock = utc_now) -> FastAPI:
    """The application over a configuration, by default the one that DEALBOOKS_CONFIG names.

    Raises:
        ConfigError: there is no configuration, or it is wrong.
    """
    settings = config or load_config()
    store = Store(store_url(settings))
    writer = Writer(store)
    metrics = Metrics(writer.waiting)
    writer.on_commit = metrics.written.observe
    receiver = Receiver(settings.hooks, writer, metrics, clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        writer.start()
        yield
        await run_in_threadpool(writer.stop)
        store.close()

    app = FastAPI(title="Dealbooks", description="Where platforms tell about deals.", lifespan=lifespan)

    @app.get("/healthz", tags=["health"])
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], responses={503: {"description": "Not ready, with the reason."}})
    async def readyz() -> JSONResponse:
        """Events can be written, and the store has the schema of this version; 503 when not."""
        try:
            found = await run_in_threadpool(revision, store)
        except DealbooksError as error:
            return _not_ready(error.message, error.fix)
        if found != HEAD:
            return _not_ready(f"the store has schema {found}, and should have {HEAD}", "Run 'dealbooks doctor'.")
        if not writer.alive:
            return _not_ready("events cannot be written", "Start the gateway again.")
        return JSONResponse({"status": "ok", "schema": found})

    @app.get(
        "/metrics",
        tags=["health"],
        response_class=Response,
        responses={200: {"description": "For Prometheus.", "content": {"text/plain": {}}}},
    )
    def counted() -> Response:
        """Counters of the webhooks."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    options: dict[str, Any] = {"tags": ["webhooks"], "response_class": Response}
    posted = options | {"responses": _RESPONSES, "status_code": status.HTTP_202_ACCEPTED}
    asked = options | {
        "responses": {
            200: {"description": "We know you: with your id.", "content": {"application/json": {}}},
            **{code: _RESPONSES[code] for code in (401, 404, 429)},
            405: _problem("This webhook takes POST."),
        }
    }

    async def take(request: Request) -> Response:
        """An event. A 2xx says that it is stored; the same event again changes nothing."""
        return await receiver.receive(*_called(request), request)

    async def ask(request: Request) -> Response:
        """Adobe Acrobat Sign asks whether we know its application."""
        return await receiver.register(*_called(request), request)

    # With a secret in the address: for senders that sign nothing.
    for address, names in (("/hooks/{name}", ("name",)), ("/hooks/{name}/{secret}", ("name", "secret"))):
        tail = "" if len(names) == 1 else " at a secret address"
        app.post(address, **posted, openapi_extra=_BODY | _in_path(*names), summary=f"Take an event{tail}")(take)
        app.get(address, **asked, openapi_extra=_in_path(*names), summary=f"Answer a provider{tail}")(ask)
    return app


def _called(request: Request) -> tuple[str, str]:
    """The name of the hook that is called, and the secret of the address, if it has one."""
    found = request.path_params
    return found["name"], found.get("secret", "")


def _not_ready(reason: str, fix: str) -> JSONResponse:
    body = {"status": "not ready", "reason": reason, "fix": fix}
    return JSONResponse(body, status.HTTP_503_SERVICE_UNAVAILABLE)
