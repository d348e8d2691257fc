"""A headless Chromium, spoken to over its DevTools protocol: what a page logs, what it asks for, how wide it is."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
_LONGEST = 60.0


@dataclass
class Page:
    """One page of the browser, and what was heard of it since it was opened."""

    socket: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)
    _last: int = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Make one call, and give its answer; events on the way are kept."""
        self._last += 1
        self.socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            said = json.loads(self.socket.recv(timeout=_LONGEST))
            if said.get("id") == self._last:
                assert "error" not in said, (method, said["error"])
                answer: dict[str, Any] = said["result"]
                return answer
            self.heard.append(said)

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file, in a window of a size."""
        self.heard.clear()
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        look = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=look)
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(said.get("method") == "Page.loadEventFired" for said in self.heard):
            self.heard.append(json.loads(self.socket.recv(timeout=_LONGEST)))

    def value(self, script: str) -> Any:
        """What an expression comes to on the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key."""
        more = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, entries of the log."""
        found = []
        for said in self.heard:
            params = said.get("params", {})
            if said.get("method") == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif said.get("method") == "Log.entryAdded":
                found.append(params["entry"]["text"])
            elif said.get("method") == "Runtime.consoleAPICalled":
                found.append(str(params["args"]))
        return found

    @property
    def requests(self) -> list[str]:
        """Every address that the page asked for."""
        return [
            said["params"]["request"]["url"] for said in self.heard if said.get("method") == "Network.requestWillBeSent"
        ]

    def names(self) -> list[tuple[str, str]]:
        """Role and name of every node that a screen reader is given."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node.get("role", {}).get("value", ""), node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Save how the page looks."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(data["data"]))

    def printed(self) -> bytes:
        """The page as PDF."""
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(data["data"])


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser of its own, with its profile under a folder; ended with the test."""
    profile = folder / "chromium"
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
        f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(folder)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        port = _port(profile / "DevToolsActivePort", process)
        targets = httpx.get(f"http://127.0.0.1:{port}/json/list", timeout=_LONGEST, trust_env=False).json()
        address = next(one["webSocketDebuggerUrl"] for one in targets if one["type"] == "page")
        with connect(address, max_size=None, proxy=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that the browser listens on, once it says so."""
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        assert process.poll() is None, "the browser ended by itself"
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise TimeoutError("the browser did not start")
