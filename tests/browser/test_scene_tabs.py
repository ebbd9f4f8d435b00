"""Tabs: several, and killed ones; a full disk, a wrong clock, and servers that make no sense."""

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect

from browser.front import Weather
from browser.people import Member, Person, Troupe
from plausch.base.durations import DAY_MS

YEAR_MS = 365 * DAY_MS

_WRONG_CLOCK = """
(() => {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(Real.now() + AHEAD) : super(...given); }
    static now() { return Real.now() + AHEAD; }
  };
})();
"""


def anna_and_cem(troupe: Troupe) -> tuple[Person, Member]:
    """Anna in Chromium, who has written to Cem in Python."""
    anna, cem = troupe.person("Anna", "en", "desktop"), troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("begin")
    assert cem.hears().text == "begin"
    return anna, cem


def test_two_tabs_of_one_person_send_once(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "desktop")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    second = troupe.tab(anna.context, "de")
    second.name = anna.name
    second.opens()
    second.goes_to(cem.name)
    anna.writes("from the first tab")
    second.sees("from the first tab")
    second.writes("from the second tab")
    anna.sees("from the second tab")
    assert [cem.hears().text for _ in range(2)] == ["from the first tab", "from the second tab"]
    anna.page.close()
    presses_until_sent(second, "the first tab is closed")
    assert cem.hears().text == "the first tab is closed"
    cem.says(cem.conversation_with(anna.name), "I hear you")
    second.sees("I hear you")
    assert second.texts().count("the first tab is closed") == 1
    assert second.complaints == []


def test_who_writes_while_the_other_tab_is_closed_keeps_field_and_caret(troupe: Troupe) -> None:
    anna, cem = anna_and_cem(troupe)
    second = troupe.tab(anna.context, "en")
    second.opens()
    second.goes_to(cem.name)
    second.field.fill("half a sentence")
    second.field.evaluate("field => { window.writtenIn = field; field.setSelectionRange(4, 4); }")
    anna.page.close()
    cem.says(cem.conversation_with(anna.name), "I hear you")
    second.sees("I hear you")
    second.page.keyboard.type(", just")
    assert second.field.evaluate("field => field === window.writtenIn")
    expect(second.field).to_have_value("half, just a sentence")


def presses_until_sent(person: Person, text: str) -> None:
    """Who writes just as the tab that has the device is closed is told, and keeps the text."""
    person.field.fill(text)
    person.field.press("Control+Enter")
    sent = person.bubble(text)
    note = person.page.locator(".note").filter(has_text=person.say("failure.worker_gone"))
    expect(sent.or_(note).first).to_be_visible()
    if not sent.is_visible():
        expect(person.field).to_have_value(text)
        person.field.press("Control+Enter")
    expect(sent).to_be_visible()


def crashed(person: Person) -> None:
    """The tab's process ends at once."""
    with pytest.raises(Error):
        person.page.goto("chrome://crash")


def test_a_tab_that_is_killed_in_the_middle_loses_nothing(troupe: Troupe) -> None:
    anna, cem = anna_and_cem(troupe)
    person, written = anna, []
    for number in range(3):
        for part in range(4):
            written.append(f"line {number}.{part}")
            person.writes(written[-1])
        person.sees(written[-1])
        crashed(person)
        person.page.close()
        person = troupe.tab(anna.context, "en")
        person.opens()
        person.goes_to(cem.name)
        person.sees(written[-1])
    assert [cem.hears().text for _ in written] == written
    person.sees_state(written[-1], "delivered")
    assert [text for text in person.texts() if text.startswith("line")] == written


def test_a_full_disk_is_said_and_nothing_is_lost(troupe: Troupe, tmp_path: Path) -> None:
    """Chromium asks for the room that is left only now and then: it is little from the start."""
    anna = troupe.tab(troupe.context("de", "phone"), "de")
    session = anna.context.new_cdp_session(anna.page)
    origin = {"origin": troupe.url}
    session.send("Storage.overrideQuotaForOrigin", {**origin, "quotaSize": 8_000_000})
    anna.starts("Anna")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("vorher")
    assert cem.hears().text == "vorher"
    large = tmp_path / "zu_viel.bin"
    large.write_bytes(bytes(range(256)) * 4 * 16_384)
    anna.attaches(large)
    anna.is_told("storage_full")
    anna.field.fill("Worte gehen nicht verloren")
    anna.field.press("Control+Enter")
    anna.is_told("storage_full")
    session.send("Storage.overrideQuotaForOrigin", origin)
    if anna.field.input_value():  # some versions have room for words all the same
        anna.field.press("Control+Enter")
    expect(anna.field).to_have_value("")
    assert cem.hears().text == "Worte gehen nicht verloren"
    anna.attaches(large)
    heard = cem.hears()
    where = cem.do(heard.conversation.download(heard, tmp_path / "got.bin"))
    assert where.read_bytes() == large.read_bytes()
    anna.sees("vorher")


@pytest.mark.parametrize("years", [-3, 3])
def test_a_clock_that_is_wrong(troupe: Troupe, years: int) -> None:
    """The page's clock, which a test can turn; the device's own is the worker's.

    That one is compared with the server's in test_scene_hostile.py.
    """
    context = troupe.context("en", "desktop")
    context.add_init_script(_WRONG_CLOCK.replace("AHEAD", str(years * YEAR_MS)))
    anna = troupe.tab(context, "en")
    anna.starts("Anna")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("what year is it?")
    heard = cem.hears()
    cem.says(heard.conversation, "the real one")
    anna.sees("the real one")
    anna.sees_state("what year is it?", "delivered")
    assert anna.complaints == []


@pytest.mark.parametrize(
    "weather",
    [Weather.RUBBISH, Weather.RUBBISH_FRAMES, Weather.SILENT],
    ids=lambda weather: weather.name.lower(),
)
def test_a_server_that_makes_no_sense(troupe: Troupe, weather: Weather) -> None:
    front = troupe.backstage.front(troupe.port)
    anna = troupe.person("Anna", "de", "phone", url=front.url)
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("first")
    assert cem.hears().text == "first"
    troupe.backstage.do(front.turn(weather))
    expect(anna.page.get_by_text(anna.say("connection.offline"))).to_be_visible()
    anna.writes("in spite of it")
    anna.sees_state("in spite of it", "waiting")
    troupe.backstage.do(front.turn(Weather.FAIR))
    assert cem.hears().text == "in spite of it"
    expect(anna.page.get_by_text(anna.say("connection.offline"))).to_be_hidden()


def test_a_slow_server_is_waited_for(troupe: Troupe) -> None:
    front = troupe.backstage.front(troupe.port)
    anna = troupe.person("Anna", "en", "phone", url=front.url)
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    troupe.backstage.do(front.turn(Weather.SLOW))
    anna.writes("patience")
    assert cem.hears().text == "patience"
    anna.sees_state("patience", "delivered")


def test_a_name_cannot_be_registered_without_a_server(troupe: Troupe) -> None:
    """The start page says what is wrong, keeps the name, and goes on when it can."""
    front = troupe.backstage.front(troupe.port)
    anna = troupe.tab(troupe.context("en", "phone"), "en", front.url)
    anna.opens()
    name = anna.page.get_by_label(anna.say("start.nameLabel"))
    name.fill("Anna Nobody")
    troupe.backstage.do(front.turn(Weather.DOWN))
    name.press("Enter")
    expect(anna.page.get_by_role("alert")).to_be_visible()
    expect(name).to_have_value("Anna Nobody")
    troupe.backstage.do(front.turn(Weather.FAIR))
    name.fill(f"Anna {secrets.token_hex(3)}")
    name.press("Enter")
    expect(anna.inbox).to_be_visible()
