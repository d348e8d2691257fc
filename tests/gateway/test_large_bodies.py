"""Bodies that are too large, lie about their size or never end, over a real socket; and what they cost in memory."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.webhooks import free_port, running, serve, wait_ready

MIB = 1024 * 1024
_MOST_MIB = 220  # resident, with sixteen bodies of 10 MiB at once; about 100 are Python with FastAPI and SQLAlchemy


def _say(base: str, head: str, *chunks: bytes) -> bytes:
    """Send bytes as they are; all that comes back until the other side closes, or is idle."""
    with socket.create_connection(("127.0.0.1", urlsplit(base).port or 0), timeout=20) as sock:
        sock.sendall(f"POST /hooks/stripe HTTP/1.1\r\nHost: gateway\r\n{head}\r\n".encode())
        for chunk in chunks:
            sock.sendall(chunk)
        with suppress(OSError):  # it may have answered and closed already
            sock.shutdown(socket.SHUT_WR)
        found = b""
        while part := sock.recv(65_536):
            found += part
        return found


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_the_sender_of_too_much_is_told(gateway: str) -> None:
    body = b"x" * (10 * MIB)
    assert httpx.post(f"{gateway}/hooks/stripe", content=body).status_code == 413
    assert httpx.post(f"{gateway}/hooks/stripe", content=iter([body[:MIB]] * 10)).status_code == 413
    assert httpx.post(f"{gateway}/hooks/stripe", content=body[:MIB]).status_code == 401
    chunk = b"%x\r\n" % MIB + body[:MIB] + b"\r\n"
    assert _status(_say(gateway, "Transfer-Encoding: chunked\r\n", *([chunk] * 3), b"0\r\n\r\n")) == 413


def test_a_content_length_that_lies(gateway: str) -> None:
    assert _status(_say(gateway, "Content-Length: 2\r\n", b"{}" + b"x" * 100_000)) == 401
    assert _status(_say(gateway, "Content-Length: -5\r\n", b"{}")) == 400
    assert _status(_say(gateway, "Content-Length: 5\r\nContent-Length: 6\r\n", b"{}")) == 400
    assert b" 2" not in _say(gateway, "Content-Length: 500\r\n", b"{}")[:12]  # it ends before it is whole
    assert httpx.get(f"{gateway}/healthz").status_code == 200


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads the memory of a process from /proc")
def test_sixteen_senders_of_ten_megabytes_at_once(tmp_path: Path) -> None:
    config = tmp_path / "dealbooks.yaml"
    hooks = "{stripe: {scheme: stripe, secrets: [whsec_test]}, sign: {scheme: adobe_sign, client_id: abc}}"
    config.write_text(f"store: sqlite:///store.db\nbooks: {{}}\nsources: {{}}\nhooks: {hooks}\n", encoding="utf-8")
    port = free_port()
    process = serve("gateway.app:create_app", port, {"DEALBOOKS_CONFIG": str(config)})
    try:
        wait_ready(port, running(process), page="/healthz")

        def post(number: int) -> int:
            hook, size = (("stripe", 10), ("sign", 9))[number % 2]
            answer = httpx.post(f"http://127.0.0.1:{port}/hooks/{hook}", content=b"x" * (size * MIB), timeout=120)
            return answer.status_code

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(post, range(16)))
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
        peak = int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    finally:
        process.kill()
        process.wait()
    assert set(answers[::2]) == {413}
    assert set(answers[1::2]) <= {401, 503}
    assert peak < _MOST_MIB
