"""A group with an admin, a link, somebody who asks and is let in, and a picture."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from browser.people import Member, Person, Troupe
from browser.pictures import pixel_bomb, png
from browser.test_scene_access import LOOKS, Inspector, seen_by_axe
from plausch.content.picture import MAX_PICTURE_BYTES, check_picture
from plausch.sdk import Conversation, NotAdmin


def menu_on(person: Person, details: Locator, name: str, action: str) -> None:
    """What may be done with a participant, and one of it."""
    details.get_by_role(
        "button", name=person.say("details.memberActions", name), exact=True
    ).click()
    person.page.get_by_role("menuitem", name=action, exact=True).click()


def link_of(person: Person, details: Locator) -> str:
    """Make the group's link, and read it."""
    details.get_by_role("button", name=re.compile(person.say("details.link"))).click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("button", name=person.say("details.linkMake"), exact=True).click()
    link = dialog.locator(".link").inner_text()
    expect(dialog.get_by_role("img", name=re.compile("."))).to_be_visible()
    dialog.get_by_role("button", name=person.say("common.close"), exact=True).click()
    expect(dialog).to_be_hidden()
    return link


def chooses_picture(person: Person, details: Locator, path: Path) -> None:
    with person.page.expect_file_chooser() as chooser:
        details.get_by_role("button", name=person.say("details.picture"), exact=True).click()
    chooser.value.set_files(path)


def asks(person: Person, admin: str) -> None:
    """On the page of a link that was opened."""
    person.button("join.go", admin).click()
    expect(person.log).to_be_visible()
    person.sees(person.say("join.text"))


def refused_to(member: Member, group: Conversation, name: str) -> None:
    """A member's client says so before anything is sent."""
    with pytest.raises(NotAdmin):
        member.do(group.remove(f"{name}@localhost"))


def pictured(anna: Person, ben: Person, details: Locator, tmp_path: Path) -> None:
    """Drawn anew and small; one that is none is refused with a sentence."""
    (tmp_path / "red.png").write_bytes(png(640, 400, (200, 30, 60)))
    chooses_picture(anna, details, tmp_path / "red.png")
    anna.sees_event(anna.say("event.picturedYou"))
    for place in (details.locator(".head"), anna.row("Chess"), ben.page.locator(".details .head")):
        expect(place.locator("img")).to_be_visible()
    (tmp_path / "bomb.png").write_bytes(pixel_bomb(50_000, 50_000))
    chooses_picture(anna, details, tmp_path / "bomb.png")
    anna.is_told("picture_bomb")
    (tmp_path / "none.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    chooses_picture(anna, details, tmp_path / "none.svg")
    anna.is_told("picture_unusable")


def comes_later(anna: Person, ben: Person, olga: Member) -> None:
    """Who is added has title and picture, in Python too."""
    menu = anna.page.get_by_label(re.compile(re.escape(anna.say("details.addLabel"))))
    menu.fill(olga.name)
    menu.press("Enter")
    olga.waits_until(lambda: any(one.title == "Chess" for one in olga.client.conversations()))
    (chess,) = [one for one in olga.client.conversations() if one.title == "Chess"]
    olga.waits_until(lambda: bool(chess.picture))
    assert check_picture(chess.picture) == (192, 192)
    assert len(chess.picture) <= MAX_PICTURE_BYTES
    assert b"GPS" not in chess.picture
    assert {one.name for one in chess.admins} == {anna.name, ben.name}


def test_a_link_a_question_an_admin_and_a_picture(troupe: Troupe, tmp_path: Path) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    cem, olga = troupe.member("Cem"), troupe.member("Olga")
    anna.founds("Chess", cem.name)
    details = anna.opens_details()
    expect(details.get_by_text(anna.say("details.admin"), exact=True)).to_have_count(1)
    link = link_of(anna, details)
    assert link.startswith(f"{troupe.url}/#/join/{anna.name}/")

    # Ben has no account yet: the start goes on to the question.
    ben = troupe.tab(troupe.context("de", "phone"), "de")
    ben.opens(link.removeprefix(troupe.url))
    expect(ben.page.get_by_role("heading", level=1)).to_have_text(ben.say("join.start", anna.name))
    ben.page.get_by_label(ben.say("start.nameLabel")).fill(f"Ben {cem.name[-6:]}")
    ben.name = ben.page.locator("#start-preview strong").inner_text()
    ben.page.keyboard.press("Enter")
    asks(ben, anna.name)
    olga.do(olga.client.ask_to_join(link))

    # Nobody is in before Anna says so; Olga is turned down.
    anna.goes_to(ben.name)
    request = anna.sees(anna.say("join.asks", ben.name, "Chess"))
    request.get_by_role("button", name=anna.say("join.add"), exact=True).click()
    anna.sees(anna.say("join.isIn", ben.name))
    anna.goes_to(olga.name)
    declining = anna.sees(anna.say("join.asks", olga.name, "Chess"))
    declining.get_by_role("button", name=anna.say("join.decline"), exact=True).click()
    anna.page.get_by_role("dialog").get_by_role(
        "button", name=anna.say("join.decline"), exact=True
    ).click()
    anna.sees(anna.say("join.declined"))
    expect(anna.log.get_by_role("article")).to_have_count(1)
    assert olga.hears().text == anna.say("join.declined")
    ben.goes_to("Chess")
    ben.writes("Hallo zusammen")
    group = cem.client.conversation(cem.hears().conversation.id)
    assert {one.name for one in group.participants} == {anna.name, ben.name, cem.name}

    # A member may do none of it: in Python and in a browser.
    refused_to(cem, group, ben.name)
    theirs = ben.opens_details()
    expect(theirs.get_by_text(ben.say("details.adminsOnly"))).to_be_visible()
    expect(
        theirs.get_by_role("button", name=re.compile(ben.say("details.memberActions", "")))
    ).to_have_count(0)
    expect(theirs.get_by_role("button", name=re.compile(ben.say("details.link")))).to_have_count(0)

    # Anna makes Ben an admin, and he removes Cem.
    anna.goes_to("Chess")
    details = anna.opens_details()
    menu_on(anna, details, ben.name, anna.say("details.makeAdmin"))
    anna.sees_event(anna.say("event.promotedYou", ben.name))
    expect(theirs.get_by_text(ben.say("details.admin"), exact=True)).to_have_count(2)
    menu_on(ben, theirs, cem.name, ben.say("details.remove", cem.name))
    ben.page.get_by_role("dialog").get_by_role(
        "button", name=ben.say("common.remove"), exact=True
    ).click()
    anna.sees_event(anna.say("event.removed", ben.name, cem.name))
    cem.waits_until(lambda: group.state == "left")

    pictured(anna, ben, details, tmp_path)
    comes_later(anna, ben, olga)

    assert anna.violations() == ben.violations() == []
    assert [line for line in anna.complaints + ben.complaints if "decode" not in line] == []


def test_axe_finds_nothing_about_groups(troupe: Troupe, tmp_path: Path) -> None:
    anna, inspector = seen_by_axe(troupe, "de")
    cem = troupe.member("Cem")
    anna.starts("Anna")
    anna.founds("Schachclub am Montagabend", cem.name)
    anna.page.set_viewport_size({"width": 1280, "height": 800})
    details = anna.opens_details()
    (tmp_path / "red.png").write_bytes(png(300, 300, (40, 90, 160)))
    chooses_picture(anna, details, tmp_path / "red.png")
    expect(details.locator(".head img")).to_be_visible()
    link = link_of(anna, details)
    looks(inspector, anna, "group details", tmp_path)
    details.get_by_role(
        "button", name=anna.say("details.memberActions", cem.name), exact=True
    ).click()
    looks(inspector, anna, "member menu", tmp_path)
    anna.page.keyboard.press("Escape")
    details.get_by_role("button", name=re.compile(anna.say("details.link"))).click()
    expect(anna.page.get_by_role("dialog").locator(".link")).to_be_visible()
    looks(inspector, anna, "link", tmp_path)
    anna.page.keyboard.press("Escape")
    cem.do(cem.client.ask_to_join(link))  # he is in already
    olga = troupe.member("Olga")
    olga.do(olga.client.ask_to_join(link))
    anna.page.set_viewport_size({"width": 1280, "height": 800})
    anna.goes_to(olga.name)
    anna.sees(anna.say("join.asks", olga.name, "Schachclub am Montagabend"))
    looks(inspector, anna, "request", tmp_path)
    code = link.rpartition("/")[2]
    for one, button in (
        (code, anna.button("join.open")),  # she is in this one
        (f"AAAA{code[4:]}", anna.button("join.go", cem.name)),
    ):
        anna.page.goto(f"{troupe.url}/#/join/{cem.name}/{one}")
        anna.page.reload()
        expect(button).to_be_visible()
        looks(inspector, anna, "join", tmp_path)
    assert inspector.found == {}


def looks(inspector: Inspector, person: Person, name: str, folder: Path) -> None:
    """As axe does; and a picture of each for a person."""
    inspector.look(name)
    for scheme, width, height in LOOKS:
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        person.page.screenshot(path=folder / f"{name} {width} {scheme}.png")
    person.page.set_viewport_size({"width": 1280, "height": 800})
