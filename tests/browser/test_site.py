"""What the server tells Chromium about the web app, and what Chromium makes of it: the policy, the
integrity hashes, the WebSocket of the same origin, and the app itself as it was built.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.stage import complains
from built_site import sha384
from plausch.server.site import BUILT_IN, INDEX, is_built, root_of
from server_process import ServerProcess

Complaints = list[str]


@contextmanager
def visited(browser: Browser, url: str) -> Iterator[tuple[Page, Complaints]]:
    """A page, and all that the browser complains about on it."""
    context = browser.new_context()
    page = context.new_page()
    complaints: Complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda line: complaints.append(line.text) if complains(line) else None,
    )
    try:
        page.goto(url)
        yield page, complaints
    finally:
        context.close()


# --- the policy ----------------------------------------------------------------------------------


def test_the_page_runs_without_a_complaint(browser: Browser, site: str) -> None:
    with visited(browser, site) as (page, complaints):
        assert page.evaluate("'stage' in window")
        assert page.evaluate("isSecureContext")
    assert complaints == []


def test_the_websocket_of_the_same_origin_is_self(browser: Browser, site: str) -> None:
    with visited(browser, site) as (page, complaints):
        first = page.evaluate(
            """() => new Promise((resolve, reject) => {
                const socket = new WebSocket(`ws://${location.host}/v1/socket`);
                socket.binaryType = 'arraybuffer';
                socket.onmessage = ({ data }) => resolve(new Uint8Array(data)[1]);
                socket.onerror = () => reject(new Error('refused'));
            })"""
        )
    assert first == 1, "Hello"
    assert complaints == []


ATTEMPTS = {
    "a socket of another origin": "new WebSocket('ws://127.0.0.1:9/')",
    "a request to another origin": "fetch('http://127.0.0.1:9/')",
    "a picture of another origin": "new Image().src = 'http://127.0.0.1:9/x.png'",
    "code in a text": "setTimeout(() => eval('window.harm = 1'))",
    "code in a timer": "setTimeout('window.harm = 1')",
    "markup from a text": "document.body.innerHTML = '<img src=x>'",
    "a script of another origin": "(() => { const one = document.createElement('script');"
    " one.src = 'http://127.0.0.1:9/x.js'; document.head.append(one); })()",
    "an inline script": "(() => { const one = document.createElement('script');"
    " one.textContent = 'window.harm = 1'; document.head.append(one); })()",
    "a policy of one's own": "trustedTypes.createPolicy('mine', {})",
    "a form": "(() => { const one = document.createElement('form');"
    " document.body.append(one); one.submit(); })()",
    "an inline style": "document.body.setAttribute('style', 'color: red')",
    "a worker of a blob": "new Worker(URL.createObjectURL(new Blob(['1'])))",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_the_policy_forbids(browser: Browser, site: str, attempt: str) -> None:
    with visited(browser, site) as (page, _):
        page.evaluate(
            """() => {
                window.violations = 0;
                addEventListener('securitypolicyviolation', () => { window.violations += 1; });
            }"""
        )
        page.evaluate(f"setTimeout(() => {{ {ATTEMPTS[attempt]} }})")
        page.wait_for_function("() => window.violations > 0")
        assert page.evaluate("window.harm") is None


@pytest.mark.parametrize("feature", ["geolocation", "usb", "display-capture", "clipboard-read"])
def test_what_the_browser_could_do_is_off(browser: Browser, site: str, feature: str) -> None:
    with visited(browser, site) as (page, _):
        allowed = page.evaluate("document.featurePolicy.allowedFeatures()")
        assert feature not in allowed
        assert {"camera", "microphone"} <= set(allowed)


# --- integrity ---------------------------------------------------------------------------------


@pytest.fixture
def tampered(
    built_page: Path, tmp_path: Path
) -> Iterator[Callable[[Callable[[str], bool]], ServerProcess]]:
    """A server whose files of certain names are others than index.html was sealed with: as if a
    cache, or whoever writes the folder's files but not the page, had changed them."""
    folder = tmp_path / "web"
    shutil.copytree(built_page, folder)
    server = ServerProcess(tmp_path / "server", config=f'web_dir = "{folder}"\n')

    def start(chosen: Callable[[str], bool]) -> ServerProcess:
        manifest = json.loads((folder / "build.json").read_text())
        for name in filter(chosen, manifest["files"]):
            harmful = (folder / name).read_bytes() + b"\n;globalThis.harm = 1;"
            (folder / name).write_bytes(harmful)
            manifest["files"][name] = sha384(harmful)
        manifest.update(root=root_of(manifest["files"]), encoded={})
        (folder / "build.json").write_text(json.dumps(manifest))
        return server.start()

    yield start
    server.stop()


def entry_of(folder: Path) -> str:
    found = re.search(r'type="module"[^>]* src="/([^"]+)"', (folder / INDEX).read_text())
    assert found is not None
    return found[1]


def test_a_changed_script_is_not_run(
    browser: Browser,
    built_page: Path,
    tampered: Callable[[Callable[[str], bool]], ServerProcess],
) -> None:
    server = tampered(lambda name: name == entry_of(built_page))
    with visited(browser, server.url) as (page, complaints):
        assert page.evaluate("[window.harm, 'stage' in window]") == [None, False]
    assert any("integrity" in line for line in complaints)


def test_a_changed_module_that_comes_later_is_not_run(
    browser: Browser,
    built_page: Path,
    tampered: Callable[[Callable[[str], bool]], ServerProcess],
) -> None:
    """The import map has its hash."""
    later = [one.name for one in (built_page / "assets").glob("*.js")]
    later.remove(Path(entry_of(built_page)).name)
    server = tampered(lambda name: Path(name).name in later)
    with visited(browser, server.url) as (page, complaints):
        assert page.evaluate("'stage' in window")
        for name in later:
            failed = page.evaluate(
                "path => import(path).then(() => 'loaded', error => error.name)", f"/assets/{name}"
            )
            assert failed == "TypeError"
        assert page.evaluate("window.harm") is None
    assert any("integrity" in line for line in complaints)


def test_without_tampering_it_is_loaded(browser: Browser, built_page: Path, site: str) -> None:
    """Otherwise the tests above would prove nothing."""
    with visited(browser, site) as (page, complaints):
        loaded = page.evaluate("path => import(path).then(() => true)", f"/{entry_of(built_page)}")
        assert loaded is True
    assert complaints == []


# --- the app as it was built ---------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> Iterator[str]:
    if not is_built():
        pytest.fail(f"the web app is not in {BUILT_IN}; run: make web")
    with ServerProcess(tmp_path / "server", config="") as server:
        yield server.url


@pytest.mark.parametrize("path", ["/", "/anna"])
def test_the_app_starts_without_a_complaint(browser: Browser, app: str, path: str) -> None:
    with visited(browser, app + path) as (page, complaints):
        page.wait_for_load_state("networkidle")
        assert page.title() != ""
        policy = page.evaluate("trustedTypes.defaultPolicy !== null")
        assert policy, "the entry script ran"
    assert complaints == []
