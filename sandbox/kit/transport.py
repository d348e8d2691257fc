"""A sandbox in the same process, behind an httpx client: what a simulation uses."""

from __future__ import annotations

import httpx

from sandbox.kit.messages import Call, NoAnswer
from sandbox.kit.platform import Platform


class SandboxTransport(httpx.BaseTransport):
    """Hands every request to a sandbox, and turns no answer into the exception that httpx would raise."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        body = request.read()
        call = Call.of(request.method, str(request.url), dict(request.headers), body)
        try:
            answer = self._platform.handle(call)
        except NoAnswer as error:
            raise _ERRORS[error.how](f"sandbox: {error.how}", request=request) from error
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body, request=request)


_ERRORS: dict[str, type[httpx.TransportError]] = {
    "refused": httpx.ConnectError,
    "timeout": httpx.ReadTimeout,
    "reset": httpx.RemoteProtocolError,
}
