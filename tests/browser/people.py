"""Anna, Ben and Cem: people with the web app in a browser each, and a device in Python among them.

Playwright speaks synchronously on the test's thread; the Python devices and the spoiled networks
live on a loop of their own backstage, on another thread.
"""

import asyncio
import re
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browser.front import Front, front_of
from browser.words import Words
from cluster.whole import Cluster, running
from crooked import Crooked, crooked_before
from plausch.sdk import Client, IncomingMessage
from plausch.sdk.conversation import Conversation

PATIENCE_MS = 60_000
"""How long a test waits for what must happen; only a failing test takes so long."""

AIMING_MS = 10_000
"""How long somebody waits for the conversation they chose before they choose again."""

CLUSTER_S = 240.0
"""How long a cluster may take to start."""

T = TypeVar("T")
Size = Literal["phone", "desktop"]
VIEWPORTS = {"phone": (390, 844), "desktop": (1280, 800)}
LOCALES = {"de": "de-DE", "en": "en-GB"}

_WITNESS = """
window.violations = [];
addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


class Backstage:
    """A loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of some work there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_MS / 1000)

    def front(self, server_port: int) -> Front:
        """A network before a server, until the end."""
        return self.do(self._stack.enter_async_context(front_of(server_port)))

    def crooked(self, server_url: str) -> Crooked:
        """A lying server before the real one, until the end."""
        return self.do(self._stack.enter_async_context(crooked_before(server_url)))

    def cluster(self, settings: str) -> Cluster:
        """A whole cluster, mended when something of it dies, until the end."""
        coming = self._stack.enter_async_context(running(settings=settings))
        return asyncio.run_coroutine_threadsafe(coming, self.loop).result(CLUSTER_S)

    def client(self, client: Client) -> Client:
        """A device in Python, connected until the end."""
        return self.do(self._stack.enter_async_context(client))

    def close(self) -> None:
        ending = asyncio.run_coroutine_threadsafe(self._stack.aclose(), self.loop)
        ending.result(CLUSTER_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Member:
    """A device in Python."""

    def __init__(self, backstage: Backstage, client: Client) -> None:
        self.do = backstage.do
        self.client = client

    @property
    def name(self) -> str:
        return self.client.address.name

    def conversation_with(self, name: str) -> Conversation:
        """The conversation with an account of this server."""
        return self.do(self.client.conversation_with(f"{name}@localhost"))

    def hears(self) -> IncomingMessage:
        """The next message that comes to it."""

        async def next_one() -> IncomingMessage:
            inbox = self.client.messages()
            heard = await anext(inbox)
            await inbox.settle()  # type: ignore[attr-defined]
            return heard

        return self.do(next_one())

    def says(self, conversation: Conversation, text: str) -> None:
        """A text, once the server has it."""

        async def say() -> None:
            await (await conversation.send_text(text)).accepted()

        self.do(say())

    def waits_until(self, holds: Callable[[], bool]) -> None:
        """For something that becomes true by itself."""

        async def wait() -> None:
            while not holds():
                await asyncio.sleep(0.02)

        self.do(wait())


@dataclass
class Person:
    """Somebody with the app open in a tab."""

    context: BrowserContext
    page: Page
    say: Words
    url: str
    complaints: list[str]
    """What the browser complained about."""
    name: str = ""
    """Of the account."""

    # --- where one is --------------------------------------------------------------------------

    def opens(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def starts(self, wished: str, path: str = "/") -> None:
        """Choose a name that nobody has yet, and be in the list or the link's conversation."""
        self.opens(path)
        self.page.get_by_label(self.say("start.nameLabel")).fill(f"{wished} {secrets.token_hex(3)}")
        self.name = self.page.locator("#start-preview strong").inner_text()
        self.page.keyboard.press("Enter")
        place = self.inbox if path == "/" else self.log
        expect(place).to_be_visible()

    def goes_to(self, title: str | re.Pattern[str]) -> None:
        """Open a conversation from the list. Whoever is given another one, because a message moved
        the rows in that moment, chooses again.
        """
        self.goes_back()
        opened = self.page.get_by_role("region", name=title)
        self.row(title).click()
        if not self._comes_within(opened, AIMING_MS) and self.inbox.is_visible():
            self.row(title).click()
        expect(opened).to_be_visible()
        expect(self.log).to_be_visible()

    def _comes_within(self, sought: Locator, patience_ms: float) -> bool:
        try:
            expect(sought).to_be_visible(timeout=patience_ms)
        except AssertionError:
            return False
        return True

    def goes_back(self) -> None:
        """To the list, which on a desktop is always there."""
        back = self.page.get_by_role("button", name=self.say("common.back"), exact=True)
        expect(self.inbox.or_(back).first).to_be_visible()
        if not self.inbox.is_visible():
            back.first.click()
        expect(self.inbox).to_be_visible()

    def begins_with(self, name: str) -> None:
        """A conversation with an account of this server."""
        self.goes_back()
        self.button("list.newConversation").first.click()
        address = self.page.get_by_label(self.say("newConversation.address"))
        address.fill(name)
        self.page.keyboard.press("Enter")
        expect(address).to_be_hidden()  # on a desktop another one's field is there all the time
        expect(self.field).to_be_visible()

    def founds(self, title: str, *names: str) -> None:
        """A group."""
        self.goes_back()
        self.button("list.newConversation").first.click()
        self.button("newConversation.group").click()
        self.page.get_by_label(self.say("newGroup.name")).fill(title)
        adding = self.page.get_by_label(self.say("newGroup.people"))
        for name in names:
            adding.fill(name)
            adding.press("Enter")
            expect(adding).to_have_value("")
        self.button("newGroup.create").click()
        expect(self.field).to_be_visible()

    def opens_details(self) -> Locator:
        """What stands beside the open conversation."""
        self.page.get_by_role(
            "button", name=re.compile(re.escape(self.say("conversation.details")))
        ).click()
        details = self.page.locator(".panes > .details")
        expect(details).to_be_visible()
        return details

    def closes_details(self) -> None:
        details = self.page.locator(".panes > .details")
        details.get_by_role("button", name=self.say("common.close"), exact=True).click()
        expect(details).to_be_hidden()

    # --- what one sees -------------------------------------------------------------------------

    @property
    def inbox(self) -> Locator:
        return self.page.get_by_role("navigation", name=self.say("list.title"))

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name=self.say("conversation.log"))

    @property
    def field(self) -> Locator:
        """Where one writes."""
        return self.page.locator(".composer textarea")

    def row(self, title: str | re.Pattern[str]) -> Locator:
        """A conversation in the list."""
        return self.inbox.locator("[data-at]").filter(has_text=title).first

    def button(self, path: str, *values: str | int) -> Locator:
        return self.page.get_by_role("button", name=self.say(path, *values), exact=True)

    def bubble(self, text: str) -> Locator:
        """The newest message with these words."""
        return self.log.get_by_role("article").filter(has_text=text).last

    def sees(self, text: str) -> Locator:
        bubble = self.bubble(text)
        expect(bubble).to_be_visible()
        return bubble

    def sees_event(self, sentence: str) -> None:
        expect(self.log.get_by_text(sentence, exact=True).last).to_be_visible()

    def sees_state(self, text: str, state: str) -> None:
        """How far a message of one's own came."""
        expect(self.bubble(text).locator(".ticks")).to_have_class(re.compile(rf"\b{state}\b"))

    def is_told(self, *codes: str) -> None:
        """A sentence at the edge, for one of these failures."""
        sentences = "|".join(re.escape(self.say(f"failure.{code}")) for code in codes)
        note = self.page.locator(".note").filter(has_text=re.compile(sentences))
        expect(note.first).to_be_visible()

    def texts(self) -> list[str]:
        """What the log shows of texts, from the oldest down."""
        return self.log.locator("article .text, [role=article] .text").all_inner_texts()

    # --- what one does -------------------------------------------------------------------------

    def writes(self, *texts: str) -> None:
        for text in texts:
            self.field.fill(text)
            self.field.press("Control+Enter")
            expect(self.field).to_have_value("")

    def accepts(self) -> None:
        """Somebody who is not known yet."""
        self.button("conversation.accept").click()
        expect(self.field).to_be_visible()

    def menu_of(self, text: str) -> None:
        """The actions on a message."""
        bubble = self.sees(text)
        bubble.focus()
        bubble.press("Enter")
        expect(self.page.get_by_role("menu")).to_be_visible()

    def does_with(self, text: str, action: str) -> None:
        """One of them, by its place in the catalogue."""
        self.menu_of(text)
        self.page.get_by_role("menuitem", name=self.say(action), exact=True).click()

    def attaches(self, *files: Path, asked: bool = True) -> None:
        """Choose files as from the system's dialog, and send them."""
        self.button("composer.attach").click()
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role(
                "menuitem", name=self.say("composer.attachFile"), exact=True
            ).click()
        chooser.value.set_files(files)
        if asked:
            dialog = self.page.get_by_role("dialog")
            dialog.get_by_role("button", name=self.say("common.send"), exact=True).click()

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found


class Troupe:
    """Everybody of one test."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.browser = browser
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.folder = folder
        self.backstage = Backstage()
        self._stack = ExitStack()
        expect.set_options(timeout=PATIENCE_MS)

    def tab(self, context: BrowserContext, language: str, url: str = "") -> Person:
        """A tab; several of one context are one person's."""
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        return Person(context, page, Words(language), url or self.url, complaints)

    def context(
        self, language: str, size: Size, *, touch: bool | None = None, **more: Any
    ) -> BrowserContext:
        """A browser's storage of one's own; phones are touched, unless said otherwise."""
        width, height = VIEWPORTS[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == "phone" if touch is None else touch,
            locale=LOCALES[language],
            timezone_id="Europe/Berlin",
            accept_downloads=True,
            **more,
        )
        context.add_init_script(_WITNESS)
        self._stack.callback(context.close)
        return context

    def person(
        self,
        wished: str,
        language: str = "de",
        size: Size = "phone",
        url: str = "",
        path: str = "/",
    ) -> Person:
        """Somebody with a new account."""
        person = self.tab(self.context(language, size), language, url)
        person.starts(wished, path)
        return person

    def member(self, wished: str, url: str = "") -> Member:
        """A new account's device in Python, connected until the end."""
        name = f"{wished.lower()}.{secrets.token_hex(3)}"
        register = Client.register(self.folder / name, url or self.url, name)
        client = self.backstage.client(self.backstage.do(register))
        return Member(self.backstage, client)

    def close(self) -> None:
        self._stack.close()
        self.backstage.close()


@contextmanager
def troupe_of(browser: Browser, url: str, folder: Path) -> Iterator[Troupe]:
    troupe = Troupe(browser, url, folder)
    try:
        yield troupe
    finally:
        troupe.close()


def acquainted(one: Person, other: Person) -> None:
    """Two who write to each other, in their conversation."""
    one.begins_with(other.name)
    one.writes("Hallo!")
    other.goes_to(one.name)
    other.sees("Hallo!")
    other.accepts()
    other.writes("Hi!")
    one.sees("Hi!")
