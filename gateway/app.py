"""Health of an installation over HTTP: is the process there, and can it reach its store?

uvicorn --factory gateway.app:create_app        (DEALBOOKS_CONFIG names the configuration)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response, status
from fastapi.concurrency import run_in_threadpool

from dealbooks.config import Config, load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import store_url
from dealbooks.store import Store
from dealbooks.store.schema import HEAD, revision


def create_app(config: Config | None = None) -> FastAPI:
    """The application over a configuration, by default the one that DEALBOOKS_CONFIG names.

    Raises:
        ConfigError: there is no configuration, or it is wrong.
    """
    store = Store(store_url(config or load_config()))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()

    app = FastAPI(title="Dealbooks", lifespan=lifespan)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz(response: Response) -> dict[str, Any]:
        """The store answers and has the schema of this version; 503 when not."""
        try:
            found = await run_in_threadpool(revision, store)
        except DealbooksError as error:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
            return {"status": "not ready", "reason": error.message, "fix": error.fix}
        if found != HEAD:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
            return {"status": "not ready", "reason": f"the store has schema {found}, and should have {HEAD}"}
        return {"status": "ok", "schema": found}

    return app
