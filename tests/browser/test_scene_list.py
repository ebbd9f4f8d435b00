"""The list of conversations: search, drafts, unread counts, pinned, archived, muted."""

import re

from playwright.sync_api import Locator, expect

from browser.people import Member, Person, Troupe


def talk_to(person: Person, member: Member, *lines: str) -> None:
    """They know each other, and the member has said these lines."""
    person.begins_with(member.name)
    person.writes("Hallo")
    conversation = member.hears().conversation
    for line in lines:
        member.says(conversation, line)
        person.sees(line)


def titles(person: Person) -> list[str]:
    return person.inbox.locator("[data-at] .title").all_inner_texts()


def menu_of(person: Person, title: str) -> Locator:
    person.row(title).click(button="right")
    menu = person.page.get_by_role("menu")
    expect(menu).to_be_visible()
    return menu


def does(person: Person, title: str, action: str) -> None:
    menu_of(person, title).get_by_role(
        "menuitem", name=person.say(f"list.mark.{action}"), exact=True
    ).click()


def test_words_with_umlauts_are_found(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "desktop")
    cem = troupe.member("Cem")
    talk_to(anna, cem, "Treffen wir uns im Café Müßiggang?", "Die Straße heißt Färbergraben")
    search = anna.page.get_by_role("searchbox")
    for query in ("Färbergraben", "färber", "FÄRBER", "farber", "straße", "müßig", "cafe"):
        search.fill(query)
        expect(anna.page.locator(".found .hit")).to_have_count(1)
    search.fill("Färber")
    hit = anna.page.locator(".found .hit")
    expect(hit.locator("mark")).to_have_text("Färber")
    hit.click()
    anna.sees("Färbergraben")
    search.fill("gibt es nicht")
    expect(anna.inbox.get_by_text(anna.say("list.foundNothing", "gibt es nicht"))).to_be_visible()
    search.press("Escape")
    expect(anna.row(cem.name)).to_be_visible()


def test_drafts_survive_a_reload(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "phone")
    cem = troupe.member("Cem")
    talk_to(anna, cem)
    anna.field.fill("noch nicht fertig")
    anna.goes_back()
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.draft"))
    anna.page.reload()
    anna.goes_to(cem.name)
    expect(anna.field).to_have_value("noch nicht fertig")
    anna.field.press("Control+Enter")
    assert cem.hears().text == "noch nicht fertig"
    anna.page.reload()
    expect(anna.field).to_have_value("")
    anna.sees("noch nicht fertig")


def test_unread_messages_are_counted_until_they_are_seen(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "phone")
    cem = troupe.member("Cem")
    talk_to(anna, cem)
    theirs = cem.conversation_with(anna.name)
    anna.goes_back()
    for number in range(12):
        cem.says(theirs, f"line {number}")
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.unreadCount", 12))
    expect(anna.page).to_have_title(re.compile(r"^\(1\)"))
    anna.goes_to(cem.name)
    expect(anna.log.get_by_text(anna.say("conversation.unreadLine", 12)).first).to_be_visible()
    anna.page.get_by_role("button", name=anna.say("conversation.toEnd")).or_(
        anna.bubble("line 11")
    ).first.click()
    anna.sees("line 11")
    anna.goes_back()
    expect(anna.row(cem.name)).not_to_contain_text(anna.say("list.unreadCount", 12))
    expect(anna.page).to_have_title("Plausch")


def test_pinned_archived_and_muted(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "desktop")
    cem, olga = troupe.member("Cem"), troupe.member("Olga")
    talk_to(anna, cem)
    talk_to(anna, olga)
    assert titles(anna) == [olga.name, cem.name]
    does(anna, cem.name, "pin")
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.pinned"))
    assert titles(anna) == [cem.name, olga.name]

    does(anna, cem.name, "mute")
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.muted"))

    does(anna, olga.name, "archive")
    expect(anna.inbox.locator("[data-at]")).to_have_count(1)
    anna.inbox.get_by_role("radio", name=anna.say("list.archived"), exact=True).check()
    expect(anna.row(olga.name)).to_be_visible()
    anna.page.reload()
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.pinned"))
    expect(anna.row(cem.name)).to_contain_text(anna.say("list.muted"))
    expect(anna.inbox.locator("[data-at]")).to_have_count(1)
    assert anna.complaints == []
