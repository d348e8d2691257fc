"""Drop folders that are not on this machine: a real SFTP server, and S3 as moto plays it, each on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

USER = "dms"


@dataclass
class Sftp:
    """An SFTP server that serves one folder. `breaks_after`: so many bytes are read before the line breaks, as
    often as `breaks` says."""

    folder: Path
    password: str
    known_hosts: Path
    port: int = 0
    breaks: int = 0
    breaks_after: int = 0
    users: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the folder."""
        return f"sftp://127.0.0.1:{self.port}/out"

    def storage(self, **more: Any) -> dict[str, Any]:
        """What a source needs to get in."""
        own = {"username": USER, "password": self.password, "known_hosts": str(self.known_hosts), "client_keys": None}
        return own | more


@contextlib.contextmanager
def sftp_server(root: Path, password: str = "open sesame") -> Iterator[Sftp]:
    """A server whose folder /out is `root`/out."""
    made = Sftp(root / "out", password, root.parent / f"{root.name}_known_hosts")
    made.folder.mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            made.users.append(username)
            return username == USER and password == made.password

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            data = bytes(super().read(file_obj, offset, size))  # type: ignore[arg-type]
            made.breaks_after -= len(data)
            if made.breaks and made.breaks_after < 0:
                made.breaks -= 1
                self.channel.get_connection().abort()
            return data

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen("127.0.0.1", 0, server_factory=Door, server_host_keys=[key], sftp_factory=Files)

    async def end(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    made.port = server.get_port()
    public = key.export_public_key().decode().strip()
    made.known_hosts.write_text(f"[127.0.0.1]:{made.port} {public}\n", encoding="utf-8")
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)


class Line:
    """A line to a server that breaks while something comes back: `breaks` connections, each after so many bytes."""

    def __init__(self, port: int) -> None:
        self.breaks, self.after = 0, 0
        self._to = port
        self._bound = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._bound.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self._bound.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._bound.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, come: socket.socket, go: socket.socket, back: bool) -> None:
        left = self.after
        with contextlib.suppress(OSError):
            while data := come.recv(4096):
                left -= len(data)
                if back and self.breaks and left < 0:
                    self.breaks -= 1
                    break
                go.sendall(data)
        for one in (come, go):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@dataclass
class S3:
    """A bucket `drops`, and the line to it."""

    line: Line
    client: Any
    key: str
    secret: str

    def put(self, name: str, body: bytes) -> None:
        """A file lies in the folder `out`."""
        self.client.put_object(Bucket="drops", Key=f"out/{name}", Body=body)

    def put_many(self, names: list[str], body: bytes) -> None:
        """The same, past the network."""
        for name in names:
            _bucket().put_object("drops", f"out/{name}", body)

    def storage(self, **more: Any) -> dict[str, Any]:
        """What a source needs to get in."""
        return {"key": self.key, "secret": self.secret, "endpoint_url": f"http://127.0.0.1:{self.line.port}"} | more


def _bucket() -> Any:
    return s3_backends["123456789012"]["aws"]


@contextlib.contextmanager
def s3_server(key: str = "AKIDNORTHGATE", secret: str = "s3-secret-of-northgate") -> Iterator[S3]:
    """An S3 with one empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    line = Line(port)
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key=secret,
    )  # fmt: skip
    client.create_bucket(Bucket="drops")
    try:
        yield S3(line, client, key, secret)
    finally:
        line.close()
        server.stop()
        _bucket().reset()
