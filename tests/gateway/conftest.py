"""A gateway in this process that is called over a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from gateway_support import HOOKS, house

from benchmarks.webhooks import wait_ready
from dealbooks.house import House
from gateway.app import create_app


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway with a hook of every scheme."""
    often = {name: {"per_minute": 100_000_000} for name in HOOKS}
    config = house(tmp_path_factory.mktemp("openapi"), **often)
    with House.open(config):
        pass
    server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="error", access_log=False))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        base = f"http://127.0.0.1:{bound.getsockname()[1]}"
        wait_ready(bound.getsockname()[1], thread.is_alive)
        yield base
        server.should_exit = True
        thread.join()
