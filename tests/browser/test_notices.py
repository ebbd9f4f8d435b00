"""Notifications in Chromium: the whole way from a message to what the service worker shows, with a
push service of the test's own. Chromium's own is out of reach: so the page gets an endpoint, and
the wake-up is handed to the service worker by the DevTools protocol.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, expect

from browser.people import Person, Troupe, acquainted, troupe_of
from browser.test_scene_accounts import adds, switches, turns_to
from plausch.server.site import BUILT_IN, is_built
from push_stub import PushStub, push_stub
from server_process import ServerProcess

CONFIG = f"""
web_dir = "{BUILT_IN}"
private_push_services = true
[limits]
wake_up_pause_ms = 500
"""
_ENDPOINT = """
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {
  window.subscribedFor = new Uint8Array(options.applicationServerKey);
  return { endpoint: '%s', options };
};
"""
_NOTICES = """async () => (await self.registration.getNotifications()).map(
    ({ title, body, tag, silent, data }) => ({ title, body, tag, silent, data }))"""


class Service:
    """The push service, on a loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stub: PushStub) -> None:
        self._loop, self.stub = loop, stub

    def waits_for(self, count: int) -> None:
        waiting = self.stub.until(lambda: len(self.stub.taken) >= count, 60)
        asyncio.run_coroutine_threadsafe(waiting, self._loop).result(60)


@pytest.fixture
def service() -> Iterator[Service]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = push_stub()
    stub = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result(10)
    yield Service(loop, stub)
    asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.fixture
def troupe(browser: Browser, tmp_path: Path) -> Iterator[Troupe]:
    if not is_built():
        pytest.fail(f"the web app is not in {BUILT_IN}; run: make web")
    with ServerProcess(tmp_path / "server", config=CONFIG) as server:
        url = f"http://localhost:{server.port}"
        with troupe_of(browser, url, tmp_path) as everybody:
            yield everybody


def listener(troupe: Troupe, service: Service) -> Person:
    """Anna, who has turned notifications on."""
    context = troupe.context("en", "desktop")
    context.grant_permissions(["notifications"], origin=troupe.url)
    context.add_init_script(_ENDPOINT % f"{service.stub.url}/anna")
    anna = troupe.tab(context, "en")
    anna.starts("Anna")
    anna.page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    anna.opens("/#/settings")
    anna.page.get_by_role("switch", name=anna.say("notices.on")).click()
    expect(anna.page.get_by_text(anna.say("notices.onWhy"))).to_be_visible()
    return anna


@contextmanager
def service_worker(context: BrowserContext, url: str) -> Iterator[tuple[CDPSession, str]]:
    """The DevTools of service workers, and our registration, with no page of the app open."""
    blank = context.new_page()
    tools = context.new_cdp_session(blank)
    found: dict[str, str] = {}
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.update(
            {one["scopeURL"]: one["registrationId"] for one in event["registrations"]}
        ),
    )
    tools.send("ServiceWorker.enable")
    for _ in range(200):
        if f"{url}/" in found:
            break
        blank.wait_for_timeout(50)
    yield tools, found[f"{url}/"]
    blank.close()


def deliver(tools: CDPSession, url: str, registration: str) -> None:
    fields = {"origin": url, "registrationId": registration, "data": ""}
    tools.send("ServiceWorker.deliverPushMessage", fields)


def notices(context: BrowserContext, count: int) -> list[dict[str, Any]]:
    """What is shown, once it is so many."""
    [worker] = context.service_workers
    found: list[dict[str, Any]] = []
    for _ in range(600):
        found = worker.evaluate(_NOTICES)
        if len(found) >= count:
            break
        worker.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    return found


def test_a_message_for_who_is_away_becomes_a_notification(troupe: Troupe, service: Service) -> None:
    anna = listener(troupe, service)
    ben = troupe.person("Ben", "de", "desktop")
    acquainted(ben, anna)
    key = anna.page.evaluate("[...window.subscribedFor]")
    context, url = anna.context, troupe.url
    anna.page.close()
    service.stub.taken.clear()

    ben.writes("Are you there?", "The soup is **ready**")
    expect(ben.bubble("The soup is ready")).to_contain_text(ben.say("message.states.sent"))
    service.waits_for(1)
    for request in service.stub.taken:
        assert (request.method, request.target, request.body) == ("POST", "/anna", b"")
        assert list(request.key) == key

    with service_worker(context, url) as (tools, registration):
        deliver(tools, url, registration)
        [shown] = notices(context, 1)
        assert (shown["title"], shown["body"]) == (ben.name, "The soup is ready")
        assert shown["tag"] == shown["data"]["conversation"]
        assert not shown["silent"]
        deliver(tools, url, registration)  # in vain: what is there stays, and nothing is added
        context.pages[-1].wait_for_timeout(3_000)
        assert notices(context, 1) == [shown]

    again = troupe.tab(context, "en")
    again.opens()
    expect(again.row(ben.name)).to_contain_text(again.say("list.unreadCount", 2))
    again.goes_to(ben.name)
    again.sees("The soup is ready")
    ben.writes("And the bread")
    again.sees("And the bread")
    expect(again.page).to_have_title(again.say("app.name"))
    for _ in range(100):
        if not notices(context, 0):
            break
        again.page.wait_for_timeout(50)
    assert notices(context, 0) == [], "what was read is not shown any more"
    assert anna.complaints == again.complaints == []


def test_who_wants_no_text_in_notifications_gets_none(troupe: Troupe, service: Service) -> None:
    anna = listener(troupe, service)
    anna.page.get_by_role("switch", name=anna.say("notices.showsText")).click()
    ben = troupe.person("Ben", "de", "desktop")
    acquainted(ben, anna)
    anna.page.close()
    ben.writes("Secret")
    service.waits_for(1)
    with service_worker(anna.context, troupe.url) as (tools, registration):
        deliver(tools, troupe.url, registration)
        [shown] = notices(anna.context, 1)
    assert (shown["title"], shown["body"]) == (
        anna.say("app.name"),
        anna.say("notices.newMessage"),
    )


def test_nothing_new_is_said_quietly(troupe: Troupe, service: Service) -> None:
    anna = listener(troupe, service)
    anna.page.close()
    with service_worker(anna.context, troupe.url) as (tools, registration):
        deliver(tools, troupe.url, registration)
        [shown] = notices(anna.context, 1)
    assert shown["body"] == anna.say("notices.nothingNew")
    assert shown["silent"]


def turns(person: Person, *, on: bool) -> None:
    """Notifications, in the settings of the account that is shown."""
    person.goes_back()
    person.button("list.settings").click()
    switch = person.page.get_by_role("switch", name=person.say("notices.on"))
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true" if on else "false")
    if on:
        expect(person.page.get_by_text(person.say("notices.onWhy"))).to_be_visible()


def test_two_accounts_of_one_browser_are_woken_and_each_may_be_left_out(
    troupe: Troupe, service: Service
) -> None:
    anna, url = listener(troupe, service), troupe.url
    ben = troupe.person("Ben", "en", "desktop")
    acquainted(ben, anna)
    own = anna.name
    work = adds(anna, "Work")
    turns(anna, on=True)
    turns_to(ben, work, begins=True)
    ben.writes("Hallo!")
    turns_to(anna, ben.name)
    anna.accepts()
    anna.writes("Hi!")
    ben.sees("Hi!")
    anna.page.close()
    service.stub.taken.clear()
    for name in (own, work):
        turns_to(ben, name)
        ben.writes(f"to {name}")
        ben.sees_state(f"to {name}", "sent")
    service.waits_for(2)
    assert {request.target for request in service.stub.taken} == {"/anna"}

    with service_worker(anna.context, url) as (tools, registration):
        deliver(tools, url, registration)  # one wake-up does for both
        found = notices(anna.context, 2)
        assert sorted((one["title"], one["body"], one["data"]["slot"]) for one in found) == sorted(
            (anna.say("notices.to", ben.name, name), f"to {name}", slot)
            for name, slot in ((own, "device"), (work, "device-2"))
        )
        assert len({one["tag"] for one in found}) == 2

    again = troupe.tab(anna.context, "en")
    again.opens()
    switches(again, work)
    again.goes_to(ben.name)
    again.sees(f"to {work}")
    for _ in range(200):
        left = notices(anna.context, 0)
        if len(left) == 1:
            break
        again.page.wait_for_timeout(50)
    assert [one["data"]["slot"] for one in left] == ["device"], "the other one's stays"
    turns(again, on=False)
    again.page.close()
    service.stub.taken.clear()
    ben.writes("not to be told of")  # to Work, which is open in Ben's browser
    turns_to(ben, own)
    ben.writes("and this one is")
    service.waits_for(1)
    with service_worker(anna.context, url) as (tools, registration):
        deliver(tools, url, registration)
        for _ in range(600):
            found = notices(anna.context, 1)
            if [one["body"] for one in found] == ["and this one is"]:
                break
            anna.context.pages[-1].wait_for_timeout(50)
        assert [one["body"] for one in found] == ["and this one is"]
    assert len(service.stub.taken) == 1
    assert again.complaints == []
