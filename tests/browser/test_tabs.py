"""Two tabs, one device: both can be used, and when one is closed the other takes over."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browser.stage import ASK, Refused, ask, pack, tab, unpack
from browser.test_vault import register

PATIENCE_S = 30.0
CLOSINGS = 6
BURST = 8

Tabs = Callable[[], Page]


@pytest.fixture
def friend(browser: Browser, site: str) -> Iterator[Page]:
    """Somebody else, in a browser of her own."""
    context = browser.new_context()
    try:
        page = tab(context, site)
        register(page)
        yield page
    finally:
        context.close()


def history(page: Page, conversation: str) -> list[dict[str, Any]]:
    stretch = {"from": "end"}
    answer = ask(page, "messages", conversation=conversation, stretch=stretch, limit=500)
    return [one for one in answer["messages"] if one["kind"] == "text"]


def is_sent(page: Page, conversation: str) -> bool:
    return {one["state"] for one in history(page, conversation)} <= {"sent", "delivered", "read"}


def until(is_so: Callable[[], bool]) -> None:
    """Raises AssertionError when it does not come about."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, "it does not come about"
        time.sleep(0.1)


def begun(page: Page, friend: Page) -> str:
    """A conversation with the friend."""
    address = ask(friend, "open")["own"]["address"]
    conversation: str = ask(page, "conversationWith", address=address)["id"]
    return conversation


def test_both_tabs_can_be_used(new_tab: Tabs, friend: Page) -> None:
    first, second = new_tab(), new_tab()
    own = register(first)
    assert ask(second, "open")["own"] == own
    conversation = begun(second, friend)
    for number, page in enumerate((first, second) * 3):
        ask(page, "sendText", conversation=conversation, text=f"{number}")
    until(lambda: is_sent(first, conversation))
    texts = [[one["text"] for one in history(page, conversation)] for page in (first, second)]
    assert texts == [["0", "1", "2", "3", "4", "5"]] * 2
    until(lambda: len(ask(friend, "conversations")) == 1)
    theirs = ask(friend, "conversations")[0]["id"]
    until(lambda: len(history(friend, theirs)) == 6)
    ask(friend, "sendText", conversation=theirs, text="Heard.")
    for page in (first, second):
        until(lambda page=page: "Heard." in texts_told(page))  # type: ignore[misc]


def texts_told(page: Page) -> list[str]:
    told = page.evaluate("stage.heard()")
    return [one["message"]["text"] for one in told if one["what"] == "message"]


def test_the_second_tab_takes_over(new_tab: Tabs) -> None:
    first, second = new_tab(), new_tab()
    own = register(first)
    assert ask(second, "open")["own"] == own
    first.close()
    until(lambda: "moved" in [one["what"] for one in second.evaluate("stage.heard()")])
    assert ask(second, "open")["own"] == own


def test_a_tab_that_is_closed_at_work_loses_nothing_and_sends_nothing_twice(
    new_tab: Tabs, friend: Page
) -> None:
    """Again and again: both tabs write, the one with the vault is closed, the other goes on."""
    leader, follower = new_tab(), new_tab()
    register(leader)
    ask(follower, "open")
    conversation = begun(leader, friend)
    asked: list[str] = []
    answered: list[str] = []
    for closing in range(CLOSINGS):
        texts = [f"{closing}.{number}" for number in range(BURST)]
        asked += texts
        for page, part in ((leader, texts[::2]), (follower, texts[1::2])):
            questions = [pack({"conversation": conversation, "text": text}) for text in part]
            page.evaluate(
                "asked => { window.answers = asked.map((one) => stage.ask('sendText', one)); }",
                questions,
            )
        time.sleep(random.uniform(0, 0.3))
        leader.close()
        answers = unpack(follower.evaluate("Promise.all(window.answers)"))
        answered += [one["value"]["text"] for one in answers if "value" in one]
        codes = {one["failure"]["code"] for one in answers if "failure" in one}
        assert codes <= {"worker_gone"}
        leader, follower = follower, new_tab()
        ask(follower, "open")
    until(lambda: is_sent(leader, conversation))
    there = [one["text"] for one in history(leader, conversation)]
    assert len(there) == len(set(there))
    assert set(answered) <= set(there) <= set(asked)
    theirs = ask(friend, "conversations")[0]["id"]
    until(lambda: len(history(friend, theirs)) >= len(there))
    assert [one["text"] for one in history(friend, theirs)] == there


def test_a_worker_without_the_vault_refuses_nothing_that_it_can_pass_on(new_tab: Tabs) -> None:
    first, second = new_tab(), new_tab()
    register(first)
    with pytest.raises(Refused) as caught:
        ask(second, "conversation", conversation="00" * 16)
    assert caught.value.code == "unknown_conversation"
    answer = unpack(second.evaluate(ASK, ["fly", {}]))
    assert answer["failure"]["code"] == "unknown_operation"
