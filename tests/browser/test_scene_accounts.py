"""Two accounts in one browser: one's own, and beside it that of the business one works for."""

import re
import secrets

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from browser.people import Person, Troupe
from browser.test_scene_access import seen_by_axe
from browser.test_scene_linking import dialog, joins, opens_section, shown_link
from browser.test_scene_linking_python import digits_of, joins_python, linde_of

_VAULTS = "async () => (await indexedDB.databases()).map(({ name }) => name).sort()"
_LOCKS = """async () => (await navigator.locks.query()).held.map(({ name }) => name)
  .filter((name) => name.startsWith('plausch vault')).sort()"""


def accounts(person: Person) -> Locator:
    """The accounts at the head of the list."""
    return person.inbox.get_by_role("group", name=person.say("accounts.title"))


def shows(person: Person, name: str) -> None:
    """The tab shows the account of this name, and says so."""
    expect(person.inbox).to_be_visible()
    expect(accounts(person).locator("[aria-current]")).to_have_text(re.compile(f"{name}$"))


def switches(person: Person, name: str) -> None:
    person.goes_back()
    accounts(person).get_by_role("button", name=person.say("accounts.to", name)).click()
    shows(person, name)


def turns_to(person: Person, name: str, *, begins: bool = False) -> None:
    """To the conversation with an account, from whichever is open: a field is there already."""
    if begins:
        person.begins_with(name)
        opened = person.page.get_by_role("region", name=person.say("conversation.open", name))
        expect(opened).to_be_visible()
    else:
        person.goes_to(name)


def begins_to_add(person: Person) -> None:
    """In the settings; the start page of the free slot."""
    person.goes_back()
    person.button("list.settings").click()
    person.page.get_by_role(
        "button", name=re.compile(re.escape(person.say("accounts.add")))
    ).click()
    expect(person.page.get_by_text(person.say("accounts.second"))).to_be_visible()


def adds(person: Person, wished: str) -> str:
    """A second account of a name that nobody has yet; the name."""
    begins_to_add(person)
    person.page.get_by_label(person.say("start.nameLabel")).fill(f"{wished} {secrets.token_hex(3)}")
    name = person.page.locator("#start-preview strong").inner_text()
    person.page.keyboard.press("Enter")
    shows(person, name)
    return name


def is_let_in(staff: Person, owner: Person, business: str) -> None:
    """From the start page of the free slot, by an owner's browser, to staff of the business."""
    staff.button("link.have").click()
    expect(staff.page.get_by_label(staff.say("link.code"), exact=True)).to_be_visible()
    link = shown_link(staff)
    opens_section(owner, "settings.devices")
    owner.button("link.staffBegin").click()
    owner.page.get_by_label(owner.say("link.staffName")).fill("Anna")
    owner.page.get_by_label(owner.say("link.paste")).fill(link)
    owner.button("link.pasteButton").click()
    owner.page.get_by_label(owner.say("link.digits")).fill(digits_of(staff))
    expect(dialog(owner).get_by_text(owner.say("link.staffAskWhy"))).to_be_visible()
    owner.button("link.yes").click()
    joins(staff, business)
    expect(dialog(owner).get_by_text(owner.say("link.done"))).to_be_visible()
    dialog(owner).get_by_role("button", name=owner.say("common.close"), exact=True).click()


def is_named_to_the_team(owner: Person, staff: Person, guest: str) -> None:
    """The owner gives a conversation to somebody by the name that she was invited by."""
    turns_to(owner, guest)
    assignee = re.compile(owner.say("business.team.assign"))
    owner.page.get_by_role("button", name=assignee).click()
    owner.page.get_by_role("menuitem", name="Anna", exact=True).click()
    expect(owner.page.get_by_role("button", name=assignee)).to_contain_text("Anna")
    me = staff.say("business.team.me")
    expect(staff.page.get_by_role("button", name=assignee)).to_contain_text(me)


def removes_shown(person: Person, name: str, other: str) -> None:
    """The account that is shown, from this browser."""
    person.goes_back()
    person.button("list.settings").click()
    person.button("accounts.remove").click()
    asking = dialog(person)
    expect(asking.get_by_text(person.say("accounts.removeWhy", other))).to_be_visible()
    asking.get_by_role("textbox").fill(name)
    asking.get_by_role("button", name=person.say("settings.eraseButton"), exact=True).click()
    expect(asking).to_be_hidden()


@pytest.mark.parametrize("removed", ["business", "own"])
def test_staff_uses_the_businesss_account_beside_their_own(troupe: Troupe, removed: str) -> None:
    linde = linde_of(troupe)
    owner = troupe.tab(troupe.context("en", "desktop"), "en")
    joins_python(troupe, owner, linde)
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.person("Ben", "en", "desktop")
    anna.begins_with(ben.name)
    anna.writes("from Anna herself")
    turns_to(ben, anna.name)
    ben.accepts()
    expect(accounts(anna)).to_be_hidden()

    begins_to_add(anna)
    is_let_in(anna, owner, linde.name)
    shows(anna, linde.name)
    turns_to(ben, linde.name, begins=True)
    ben.writes("a table for two")
    turns_to(anna, ben.name)
    anna.sees("a table for two")
    assert "from Anna herself" not in anna.texts()
    anna.writes("gladly")
    ben.sees("gladly")
    is_named_to_the_team(owner, anna, ben.name)
    anna.page.reload()
    shows(anna, linde.name)

    switches(anna, anna.name)
    turns_to(anna, ben.name)
    anna.sees("from Anna herself")
    assert "gladly" not in anna.texts()
    anna.writes("and this too")
    turns_to(ben, anna.name)
    ben.sees("and this too")

    gone, left = (linde.name, anna.name) if removed == "business" else (anna.name, linde.name)
    if removed == "business":
        switches(anna, gone)
    removes_shown(anna, gone, left)
    expect(anna.inbox).to_be_visible()
    expect(accounts(anna)).to_be_hidden()
    turns_to(ben, left)
    ben.writes("still there?")
    turns_to(anna, ben.name)
    anna.sees("still there?")
    anna.writes("yes")
    ben.sees("yes")
    again = troupe.tab(anna.context, "en")
    again.opens()
    again.goes_to(ben.name)
    again.sees("yes")
    assert again.violations() == anna.violations() == []
    assert again.complaints == []


def test_two_tabs_show_two_accounts_at_once(troupe: Troupe) -> None:
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.person("Ben", "en", "desktop")
    own = anna.name
    work = adds(anna, "Work")
    other = troupe.tab(anna.context, "en")
    other.opens()
    shows(other, own)
    assert anna.page.evaluate(_LOCKS) == ["plausch vault device", "plausch vault device-2"]
    for person, text in ((anna, "from work"), (other, "from myself")):
        person.begins_with(ben.name)
        person.writes(text)
    for name, text in ((work, "from work"), (own, "from myself")):
        turns_to(ben, name)
        ben.sees(text)
        ben.accepts()
        ben.writes(f"to {name}")
    anna.sees(f"to {work}")
    other.sees(f"to {own}")
    anna.field.fill("a draft of work")
    for person, name in ((anna, work), (other, own)):
        assert f"to {name}" in person.texts()
        person.page.reload()
        shows(person, name)
        person.goes_to(ben.name)
        person.sees(f"to {name}")
    expect(other.field).to_have_value("")
    assert "from work" not in other.texts()
    assert anna.complaints == other.complaints == []


def test_the_other_accounts_number_is_shown_also_when_its_tab_is_closed(troupe: Troupe) -> None:
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.member("Ben")
    own = anna.name
    anna.begins_with(ben.name)
    anna.writes("from myself")
    with_anna = ben.hears().conversation
    work = adds(anna, "Work")
    badge = accounts(anna).locator(".badge")
    expect(badge).to_have_count(0)
    other = troupe.tab(anna.context, "en")
    other.opens()
    shows(other, own)
    expect(other.row(ben.name)).to_be_visible()
    ben.says(with_anna, "are you there?")
    expect(badge).to_contain_text("1")
    to_own = anna.say("accounts.to", own) + ", " + anna.say("accounts.unread", 1)
    expect(accounts(anna).get_by_role("button", name=to_own)).to_be_visible()
    other.page.close()
    anna.page.reload()
    shows(anna, work)
    expect(badge).to_contain_text("1")
    switches(anna, own)
    expect(badge).to_have_count(0)  # work has nothing new
    anna.goes_to(ben.name)
    anna.sees("are you there?")
    expect(anna.row(ben.name).locator(".badge")).to_have_count(0)  # it counts as read
    switches(anna, work)
    expect(anna.button("list.settings")).to_be_visible()
    expect(badge).to_have_count(0)
    assert anna.complaints == []


def test_one_account_of_two_tabs_is_erased_and_both_tabs_show_the_other(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    own = anna.name
    work = adds(anna, "Work")
    second = troupe.tab(anna.context, "en")
    second.opens()
    switches(second, work)
    removes_shown(anna, work, own)
    for person in (anna, second):
        expect(person.inbox).to_be_visible()
        expect(accounts(person)).to_be_hidden()
        person.button("list.settings").click()
        expect(person.page.get_by_text(f"{own}@localhost")).to_be_visible()
    # And the place is free again.
    assert adds(second, "Work") != work


def test_a_link_asks_for_which_account_it_is(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    own, ben = anna.name, troupe.member("Ben")
    anna.page.goto(f"{troupe.url}/{ben.name}")
    expect(anna.log).to_be_visible()  # with one account nothing is asked
    work = adds(anna, "Work")
    tab = troupe.tab(anna.context, "en")
    tab.opens(f"/{ben.name}#text=Hello%20there")
    expect(tab.page.get_by_role("heading", name=tab.say("accounts.which"))).to_be_visible()
    tab.page.get_by_role("button", name=work).click()
    expect(tab.field).to_have_value("Hello there")
    tab.writes("Hello there")
    assert ben.hears().sender.name == work
    tab.page.reload()
    shows(tab, work)
    tab.opens(f"/{ben.name}")
    tab.page.get_by_role("button", name=work).click()
    tab.sees("Hello there")
    joining = "A" * 42 + "w"
    for link in (f"/#/join/{ben.name}/{joining}", f"/#/link/{'A' * 40}"):
        fresh = troupe.tab(anna.context, "en")
        fresh.opens(link)
        question = fresh.page.get_by_role("heading", name=fresh.say("accounts.which"))
        expect(question).to_be_visible()
        fresh.page.get_by_role("button", name=own).click()
        expect(question).to_be_hidden()
        shows(fresh, own)
        fresh.page.close()


def test_who_changes_their_mind_goes_back_and_nothing_is_left(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "phone")
    begins_to_add(anna)
    anna.page.reload()  # one stays where one was
    anna.page.get_by_role("button", name=anna.say("accounts.back", anna.name)).click()
    expect(anna.inbox).to_be_visible()
    expect(accounts(anna)).to_be_hidden()
    anna.button("list.settings").click()
    add = anna.page.get_by_role("button", name=re.compile(re.escape(anna.say("accounts.add"))))
    expect(add).to_be_visible()


def crashes(page: Page) -> None:
    """The tab's process ends at once."""
    with pytest.raises(Error):
        page.goto("chrome://crash")
    page.close()


def opened(troupe: Troupe, context: BrowserContext) -> Person:
    person = troupe.tab(context, "en")
    person.opens()
    return person


def test_a_list_that_was_lost_is_found_again_in_the_vaults(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    own = anna.name
    work = adds(anna, "Work")
    anna.page.evaluate("localStorage.removeItem('plausch.accounts')")
    anna.page.close()
    tab = opened(troupe, anna.context)
    expect(tab.inbox).to_be_visible()
    tab.button("list.settings").click()
    expect(tab.page.get_by_text(f"{own}@localhost")).to_be_visible()
    tab.button("accounts.unknown").click()
    shows(tab, work)
    switches(tab, own)


@pytest.mark.parametrize("moment_ms", [0, 40, 200])
def test_a_tab_that_is_killed_while_it_adds_or_removes_leaves_both_usable(
    troupe: Troupe, moment_ms: int
) -> None:
    """At whatever moment: the first account is whole, the second one is there or is not."""
    anna, cem = troupe.person("Anna", "en", "desktop"), troupe.member("Cem")
    own = anna.name
    begins_to_add(anna)
    anna.page.get_by_label(anna.say("start.nameLabel")).fill(f"Work {secrets.token_hex(3)}")
    work = anna.page.locator("#start-preview strong").inner_text()
    anna.page.keyboard.press("Enter")
    anna.page.wait_for_timeout(moment_ms)
    crashes(anna.page)

    tab = opened(troupe, anna.context)
    expect(tab.inbox).to_be_visible()
    tab.begins_with(cem.name)
    tab.writes("I am whole")
    assert cem.hears().sender.name == own
    tab.goes_back()
    if not accounts(tab).is_visible():
        tab.button("list.settings").click()
        free = re.compile(
            "|".join(re.escape(tab.say(f"accounts.{one}")) for one in ("add", "unknown"))
        )
        tab.page.get_by_role("button", name=free).click()
        # What was begun is finished by who gives the same name, or is there already.
        name = tab.page.get_by_label(tab.say("start.nameLabel"))
        expect(name.or_(accounts(tab)).first).to_be_visible()
        if name.is_visible():
            name.fill(work)
            tab.page.keyboard.press("Enter")
        shows(tab, work)
        switches(tab, own)
    switches(tab, work)
    tab.button("list.settings").click()
    tab.button("accounts.remove").click()
    dialog(tab).get_by_role("textbox").fill(work)
    dialog(tab).get_by_role("button", name=tab.say("settings.eraseButton"), exact=True).click()
    crashes(tab.page)

    last = opened(troupe, anna.context)
    expect(last.inbox).to_be_visible()
    if accounts(last).is_visible():
        # Not erased yet, or erased and still listed: then one may begin anew there, or go back.
        accounts(last).get_by_role("button", name=last.say("accounts.to", work)).click()
        back = last.page.get_by_role("button", name=last.say("accounts.back", own))
        expect(back.or_(accounts(last).locator("[aria-current]", has_text=work))).to_be_visible()
        if back.is_visible():
            back.click()
        else:
            switches(last, own)
    last.begins_with(cem.name)
    last.sees("I am whole")
    last.writes("and still am")
    assert cem.hears().sender.name == own
    assert "plausch vault device" in last.page.evaluate(_VAULTS)


def test_axe_finds_nothing_where_there_are_two_accounts(troupe: Troupe) -> None:
    anna, inspector = seen_by_axe(troupe, "de")
    anna.starts("Anna")
    anna.button("list.settings").click()
    inspector.look("settings with one account")
    anna.goes_back()
    begins_to_add(anna)
    inspector.look("start page of a second account")
    anna.page.get_by_label(anna.say("start.nameLabel")).fill(f"Work {secrets.token_hex(3)}")
    anna.page.keyboard.press("Enter")
    expect(accounts(anna)).to_be_visible()
    inspector.look("list of the second account")
    anna.button("list.settings").click()
    inspector.look("settings with two accounts")
    anna.opens("/nobody")
    expect(anna.page.get_by_role("heading", name=anna.say("accounts.which"))).to_be_visible()
    inspector.look("for which account")
    assert inspector.found == {}
