"""Two browsers and a device in Python talk: everything that can be done with a message."""

import re

from playwright.sync_api import expect

from browser.front import Weather
from browser.people import Troupe, acquainted
from cast import state_of
from plausch.sdk import State


def test_all_that_is_done_with_a_message(troupe: Troupe) -> None:
    anna = troupe.person("Anna Müller", "de", "phone")
    ben = troupe.person("Ben", "en", "desktop")
    acquainted(anna, ben)

    ben.writes("This is **strong**, this *soft*, `code` and https://example.org/tisch")
    seen = anna.sees("This is strong")
    expect(seen.locator("strong")).to_have_text("strong")
    expect(seen.locator("em")).to_have_text("soft")
    expect(seen.locator("code")).to_have_text("code")
    expect(seen.locator("a")).to_have_attribute("href", "https://example.org/tisch")

    anna.does_with("This is strong", "message.reply")
    anna.writes("Das ist eine Antwort")
    quote = ben.sees("Das ist eine Antwort").locator(".quote")
    expect(quote).to_contain_text("This is strong")
    expect(quote).to_contain_text(ben.say("common.you"))

    sign = "👍"
    ben.menu_of("Das ist eine Antwort")
    ben.button("message.add", sign).click()
    given = anna.sees("Das ist eine Antwort").get_by_role("button", name=re.compile(sign))
    expect(given).to_have_text(sign)
    ben.menu_of("Das ist eine Antwort")
    ben.button("message.takeBack", sign).click()
    expect(given).to_have_count(0)

    anna.does_with("Das ist eine Antwort", "message.edit")
    expect(anna.field).to_have_value("Das ist eine Antwort")
    anna.writes("Das ist eine bessere Antwort")
    edited = ben.sees("Das ist eine bessere Antwort")
    expect(edited).to_contain_text(ben.say("message.edited"))
    expect(ben.log.get_by_text("Das ist eine Antwort", exact=True)).to_have_count(0)

    anna.does_with("Das ist eine bessere Antwort", "message.remove")
    anna.page.get_by_role("dialog").get_by_role(
        "button", name=anna.say("message.remove"), exact=True
    ).click()
    ben.sees(ben.say("message.deleted"))
    anna.sees(anna.say("message.deletedByYou"))
    expect(ben.log.get_by_text("bessere Antwort")).to_have_count(0)

    assert anna.complaints == ben.complaints == []
    assert anna.violations() == ben.violations() == []


def test_how_far_a_message_came_is_always_true(troupe: Troupe) -> None:
    front = troupe.backstage.front(troupe.port)
    anna = troupe.person("Anna", "en", "phone", url=front.url)
    ben = troupe.person("Ben", "de", "desktop")
    acquainted(anna, ben)
    ben.page.close()

    troupe.backstage.do(front.turn(Weather.DOWN))
    expect(anna.page.get_by_text(anna.say("connection.offline"))).to_be_visible()
    anna.writes("step by step")
    anna.sees_state("step by step", "waiting")
    troupe.backstage.do(front.turn(Weather.FAIR))
    anna.sees_state("step by step", "sent")
    expect(anna.page.get_by_text(anna.say("connection.offline"))).to_be_hidden()

    again = troupe.tab(ben.context, "de")
    again.opens()
    expect(again.row(anna.name)).to_contain_text(again.say("list.unreadCount", 1))
    anna.sees_state("step by step", "delivered")
    again.goes_to(anna.name)
    anna.sees_state("step by step", "read")
    again.goes_back()
    expect(again.row(anna.name)).not_to_contain_text(again.say("list.unreadCount", 1))


def test_a_group_of_two_browsers_and_python(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "phone")
    ben = troupe.person("Ben", "en", "desktop")
    cem = troupe.member("Cem")
    anna.founds("Sommerfest", ben.name, cem.name)
    anna.sees_event(anna.say("event.createdYou"))
    anna.writes("Wer bringt was mit?")
    heard = cem.hears()
    assert (heard.text, heard.conversation.title) == ("Wer bringt was mit?", "Sommerfest")
    ben.goes_to("Sommerfest")
    ben.accepts()
    ben.sees("Wer bringt was mit?")

    group = heard.conversation
    cem.says(group, "Ich bringe Baklava")
    ben.sees("Ich bringe Baklava")
    expect(anna.sees("Ich bringe Baklava")).to_contain_text(cem.name)

    ben.field.press_sequentially("Thanks @" + cem.name[:5])
    ben.page.get_by_role("option", name=cem.name).click()
    ben.page.keyboard.type("!")
    ben.page.keyboard.press("Enter")
    expect(anna.sees("Thanks").locator(".mention")).to_contain_text(cem.name)
    assert cem.name in cem.hears().text

    cem.do(group.rename("Herbstfest"))
    anna.sees_event(anna.say("event.titled", cem.name, "Herbstfest"))
    expect(anna.page.get_by_role("heading", name="Herbstfest")).to_be_visible()

    anna.does_with("Ich bringe Baklava", "message.forward")
    anna.page.get_by_role("dialog").get_by_text("Herbstfest").click()
    anna.page.get_by_role("dialog").get_by_role(
        "button", name=anna.say("message.forward"), exact=True
    ).click()
    expect(ben.log.get_by_role("article").filter(has_text="Ich bringe Baklava")).to_have_count(2)
    assert cem.hears().text == "Ich bringe Baklava"

    assert anna.complaints == ben.complaints == []
    assert anna.violations() == ben.violations() == []


def test_who_comes_goes_and_is_removed(troupe: Troupe) -> None:
    ben = troupe.person("Ben", "en", "desktop")
    anna = troupe.person("Anna", "de", "phone")
    cem, olga = troupe.member("Cem"), troupe.member("Olga")
    ben.founds("Club", anna.name, cem.name)
    ben.writes("welcome")
    anna.goes_to("Club")
    anna.accepts()
    theirs = cem.hears().conversation

    details = ben.opens_details()
    details.get_by_label(ben.say("details.addLabel")).fill(olga.name)
    ben.page.keyboard.press("Enter")
    ben.sees_event(ben.say("event.joinedYou", olga.name))
    anna.sees_event(anna.say("event.joined", ben.name, olga.name))
    ben.writes("Olga is here")
    assert olga.hears().text == "Olga is here"

    details.get_by_role("button", name=ben.say("details.rename")).click()
    details.get_by_label(ben.say("details.renameLabel")).fill("Chess club")
    ben.page.keyboard.press("Enter")
    anna.sees_event(anna.say("event.titled", ben.name, "Chess club"))

    details.get_by_role("button", name=ben.say("details.memberActions", olga.name)).click()
    ben.page.get_by_role("menuitem", name=ben.say("details.remove", olga.name)).click()
    ben.page.get_by_role("dialog").get_by_role(
        "button", name=ben.say("common.remove"), exact=True
    ).click()
    anna.sees_event(anna.say("event.removed", ben.name, olga.name))
    olga.waits_until(lambda: olga.client.conversations()[0].state == "left")
    ben.writes("without Olga")
    anna.sees("without Olga")

    cem.do(theirs.leave())
    expect(anna.page.get_by_text(anna.say("conversation.participants", 2))).to_be_visible()

    side = anna.opens_details()
    side.get_by_role("button", name=anna.say("details.leave")).click()
    anna.page.get_by_role("dialog").get_by_role(
        "button", name=anna.say("details.leave"), exact=True
    ).click()
    expect(ben.page.get_by_text(ben.say("conversation.participants", 1)).first).to_be_visible()
    anna.closes_details()
    expect(anna.page.get_by_text(anna.say("conversation.left"))).to_be_visible()
    expect(anna.field).to_have_count(0)
    assert anna.complaints == ben.complaints == []


def test_what_a_device_in_python_does_is_seen(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("first")
    heard = cem.hears()
    theirs = heard.conversation
    cem.do(theirs.react(heard.message_id, "🎉"))
    reacted = anna.sees("first").get_by_role("button", name=re.compile("🎉"))
    expect(reacted).to_be_visible()
    cem.do(theirs.unreact(heard.message_id, "🎉"))
    expect(reacted).to_have_count(0)
    cem.do(theirs.mark_read())
    anna.sees_state("first", "read")

    sent = cem.do(theirs.send_text("secnd", reply_to=heard.message_id))
    expect(anna.sees("secnd").locator(".quote")).to_contain_text("first")
    cem.do(theirs.edit(sent.message_id, "second"))
    anna.sees("second")
    assert cem.do(state_of(theirs, State.READ)).text == "second"
    cem.do(theirs.delete(sent.message_id))
    anna.sees(anna.say("message.deleted"))
    assert anna.complaints == []


def test_who_leaves_is_not_said_to_be_removed(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    cem = troupe.member("Cem")
    anna.founds("Club", cem.name)
    anna.writes("hello")
    cem.do(cem.hears().conversation.leave())
    expect(anna.log.get_by_text(cem.name).last).to_be_visible()
    expect(anna.log.get_by_text(anna.say("event.left", cem.name))).to_be_visible(timeout=5000)
