"""What the web app costs a phone: Chromium slowed down, a real server, a vault that is full.

    python bench/web_app.py [--throttle 4] [--conversations 2000] [--messages 10000]

First paint and first use of a returning person, switching conversations, typing while messages
arrive, scrolling. The baseline of each time is the same browser showing an empty page, or typing
into an empty text field, in the same run.
"""

import argparse
import asyncio
import gzip
import mimetypes
import re
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, CDPSession, Error, Page, Route

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.stage import chromium  # the tests' folder is no package
from mls_browser import node
from plausch.sdk import Client
from server_process import OPEN_LIMITS, ServerProcess

VITE = "node_modules/vite/bin/vite.js"
PHONE = {"width": 390, "height": 844}
ROUNDS = 5
KEYS = 200
MESSAGES_EACH_S = 50
SWIPES = 40
TARGETS = {
    "first paint": 1_000.0,
    "first use": 1_500.0,
    "switch": 150.0,
    "echo p95": 50.0,
}
"""What we claim, in milliseconds."""

TARGET_JS_BYTES = 150_000
"""Of the scripts that the first page needs, compressed."""

WATCH = """
const look = () => {
  if (document.querySelector('button[data-at]') === null) {
    requestAnimationFrame(look);
  } else {
    globalThis.firstUse = performance.now();
  }
};
requestAnimationFrame(look);
"""
ECHO = """
(field) => {
  globalThis.echoes = [];
  field.addEventListener('input', (event) => {
    requestAnimationFrame(() => setTimeout(() => {
      globalThis.echoes.push(performance.now() - event.timeStamp);
    }));
  });
}
"""
SWIPE = """
async (swipes) => {
  const log = document.querySelector('[role=log]');
  const box = log.getBoundingClientRect();
  const isShown = (part) => [...log.querySelectorAll('[data-message]')].some((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    const at = box.top + box.height * part;
    return top - 40 <= at && at <= bottom + 40;
  });
  let frames = 0, blanks = 0;
  for (let number = 0; number < swipes; number += 1) {
    for (let step = 0; step < 6; step += 1) {
      log.scrollTop -= 130;
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      frames += 1;
      blanks += [0.2, 0.5, 0.8].every(isShown) ? 0 : 1;
    }
    await new Promise((done) => setTimeout(done, 30));
  }
  return [frames, blanks];
}
"""


def build(folder: Path) -> tuple[Path, Path]:
    """The app and the page that fills vaults."""
    app, seed = folder / "app", folder / "seed"
    node(VITE, "build", "--outDir", str(app))
    node(VITE, "build", "--config", "vite.seed.config.ts", "--outDir", str(seed))
    return app, seed


def first_scripts_bytes(app: Path) -> int:
    """The entry and what it imports at once, compressed."""
    entry = re.findall(r'src="/(assets/[^"]+\.js)"', (app / "index.html").read_text())
    waiting, found = [*entry], set[str]()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        text = (app / name).read_text()
        imports = re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', text)
        waiting += [f"assets/{one}" for one in imports]
    return sum(len(gzip.compress((app / name).read_bytes(), 9)) for name in found)


def put_beside(context: BrowserContext, seed: Path, url: str) -> None:
    """The filling page appears under the app's origin, in this browser only."""

    def answer(route: Route) -> None:
        path = seed / route.request.url.split("/seed/", 1)[1]
        path = path / "index.html" if path.is_dir() else path
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        route.fulfill(body=path.read_bytes(), content_type=kind)

    context.route(f"{url}/seed/**", answer)


def slow_down(page: Page, factor: int) -> CDPSession:
    """This page's processor is so many times slower."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": factor})
    return session


def register(page: Page, url: str, name: str) -> None:
    """A new account by the start page."""
    page.goto(url)
    page.get_by_role("textbox").first.fill(name)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=search]")
    page.wait_for_timeout(2_000)  # its key packages are uploaded


def returning(context: BrowserContext, url: str, throttle: int) -> tuple[float, float]:
    """First paint and first use, in milliseconds from the beginning of the navigation."""
    page = context.new_page()
    slow_down(page, throttle)
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_function("() => globalThis.firstUse !== undefined", timeout=60_000)
    paint = first_paint(page)
    use = page.evaluate("globalThis.firstUse")
    page.close()
    return paint, use


def first_paint(page: Page) -> float:
    """When something was to be seen, once the browser says so: it may be a moment later."""
    entries = "performance.getEntriesByName('first-contentful-paint')"
    page.wait_for_function(f"() => {entries}.length > 0", timeout=60_000)
    paint: float = page.evaluate(f"{entries}[0].startTime")
    return paint


def empty_page(context: BrowserContext, url: str, throttle: int) -> float:
    """First paint of a page with one word."""
    page = context.new_page()
    slow_down(page, throttle)
    context.route(
        f"{url}/empty", lambda route: route.fulfill(body="word", content_type="text/html")
    )
    page.goto(f"{url}/empty")
    paint = first_paint(page)
    page.close()
    return paint


def switching(page: Page) -> list[float]:
    """From the tap on a row until its messages stand there."""
    times = []
    for number in range(ROUNDS):
        row = page.locator("button[data-at]").nth(number)
        row.evaluate(
            """(row) => {
              globalThis.shown = undefined;
              row.addEventListener('click', (event) => {
                const begin = event.timeStamp;
                const look = () => {
                  if (document.querySelector('[role=log].placed')) {
                    globalThis.shown = performance.now() - begin;
                  } else { requestAnimationFrame(look); }
                };
                requestAnimationFrame(look);
              }, { once: true, capture: true });
            }"""
        )
        row.click()
        page.wait_for_function("() => globalThis.shown !== undefined")
        times.append(page.evaluate("globalThis.shown"))
        page.go_back()
        page.wait_for_selector("button[data-at]")
    return times


class Chatterbox:
    """Somebody who says fifty things a second, on a thread of their own."""

    def __init__(self, folder: Path, url: str, name: str, to: str) -> None:
        self._folder, self._url, self._name, self._to = folder, url, name, to
        self._enough = threading.Event()
        self.ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._talk()), daemon=True)

    def start(self) -> None:
        """Begin; `ready` is set after the first message."""
        self._thread.start()

    def stop(self) -> None:
        """Fall silent."""
        self._enough.set()
        self._thread.join()

    async def _talk(self) -> None:
        async with await Client.register(self._folder, self._url, self._name) as client:
            conversation = await client.conversation_with(f"{self._to}@localhost")
            await (await conversation.send_text("Hallo!")).accepted()
            self.ready.set()
            while not self._enough.is_set():
                await conversation.send_text("Und noch etwas, weil es so schön ist.")
                await asyncio.sleep(1 / MESSAGES_EACH_S)


def accept(page: Page) -> None:
    """Be able to write: by a tap, or at once where opening the link came before the message."""
    yes, field = page.get_by_role("button", name="Annehmen"), page.locator("textarea")
    while not field.is_visible():
        with suppress(Error):  # it may go while it is tapped
            yes.or_(field).first.wait_for()
            if yes.is_visible():
                yes.click(timeout=5_000)


def echoes(page: Page, field: str) -> list[float]:
    """From the key to the frame that shows its letter."""
    box = page.locator(field)
    box.click()
    page.wait_for_timeout(2_000)  # what opening costs is in the steps before
    box.evaluate(ECHO)
    for number in range(KEYS):
        page.keyboard.press("abcdefghij"[number % 10])
        page.wait_for_timeout(70)
    times: list[float] = page.evaluate("globalThis.echoes")
    return times


def p95(times: Sequence[float]) -> float:
    """Nineteen of twenty are not above it."""
    return statistics.quantiles(times, n=20)[-1]


@contextmanager
def person(folder: Path, options: argparse.Namespace) -> Iterator[tuple[BrowserContext, str]]:
    """A phone with a full vault, and the address of the app."""
    app, seed = build(folder)
    print(f"scripts of the first page, gzip: {first_scripts_bytes(app) / 1000:.1f} kB", end="")
    print(f" < {TARGET_JS_BYTES / 1000:.0f}")
    config = f'web_dir = "{app}"\n{OPEN_LIMITS}'
    with ServerProcess(folder / "server", config=config) as server, chromium() as browser:
        url = server.url.replace("127.0.0.1", "localhost")
        # Waiting for a function is done by eval, which the app's policy rightly forbids; and what
        # a service worker fetches cannot be put beside the app.
        context = browser.new_context(
            viewport=PHONE,
            has_touch=True,
            locale="de-DE",
            bypass_csp=True,
            service_workers="block",
        )
        put_beside(context, seed, url)
        page = context.new_page()
        register(page, url, "anna")
        page.close()
        page = context.new_page()
        page.goto(f"{url}/seed/")
        page.wait_for_function("() => globalThis.seed !== undefined")
        print(f"filling the vault with {options.conversations} conversations ...", file=sys.stderr)
        page.set_default_timeout(0)
        page.evaluate("([c, m]) => seed(c, m)", [options.conversations, options.messages])
        page.close()
        yield context, url


def main() -> None:
    """Print a line for each time, beside its baseline and what we claim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--throttle", type=int, default=4)
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--messages", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, person(Path(name), options) as (context, url):
        figures: list[tuple[str, float, float]] = []
        paints = [returning(context, url, options.throttle) for _ in range(ROUNDS)]
        empty = statistics.median(empty_page(context, url, options.throttle) for _ in range(ROUNDS))
        figures.append(("first paint", statistics.median(paint for paint, _ in paints), empty))
        figures.append(("first use", statistics.median(use for _, use in paints), empty))
        page = context.new_page()
        slow_down(page, options.throttle)
        page.goto(url)
        page.wait_for_selector("button[data-at]")
        figures.append(("switch", statistics.median(switching(page)), empty))
        page.locator("button[data-at]").first.click()
        page.wait_for_selector("[role=log].placed")
        frames, blanks = page.evaluate(SWIPE, SWIPES)
        talker = Chatterbox(Path(name) / "ben", url, "ben", "anna")
        talker.start()
        talker.ready.wait()
        page.goto(f"{url}/ben")
        accept(page)
        busy = echoes(page, "textarea")
        talker.stop()
        page.goto(f"{url}/empty")
        page.set_content("<textarea></textarea>")
        figures.append(("echo p95", p95(busy), p95(echoes(page, "textarea"))))
    print(f"{'step':<12} {'ms':>8} {'baseline':>9} {'ratio':>6}  (slowed down {options.throttle}x)")
    for step, ms, baseline in figures:
        verdict = "met" if ms < TARGETS[step] else "MISSED"
        print(f"{step:<12} {ms:8.0f} {baseline:9.0f} {ms / baseline:6.1f}", end="")
        print(f"  < {TARGETS[step]:.0f}: {verdict}")
    print(f"blank frames while scrolling: {blanks} of {frames}")


if __name__ == "__main__":
    main()
