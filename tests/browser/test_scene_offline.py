"""Without a network, and with a server that dies: what was written goes out once, in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from browser.front import Weather
from browser.people import Member, Person, Troupe, acquainted, troupe_of
from server_process import OPEN_LIMITS, ServerProcess

LINES = [f"offline line {number}" for number in range(5)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that may be killed."""
    with ServerProcess(tmp_path / "server", config=OPEN_LIMITS) as process:
        yield process


@pytest.fixture
def own(browser: Browser, server: ServerProcess, tmp_path: Path) -> Iterator[Troupe]:
    """Everybody at that server."""
    with troupe_of(browser, f"http://localhost:{server.port}", tmp_path / "homes") as everybody:
        yield everybody


def hears_exactly(member: Member, texts: list[str]) -> None:
    assert [member.hears().text for _ in texts] == texts


def is_offline(person: Person) -> None:
    expect(person.page.get_by_text(person.say("connection.offline"))).to_be_visible()


def is_online(person: Person) -> None:
    expect(person.page.get_by_text(person.say("connection.offline"))).to_be_hidden()


def test_what_was_written_offline_goes_out_once_and_in_order(troupe: Troupe) -> None:
    front = troupe.backstage.front(troupe.port)
    anna = troupe.person("Anna", "de", "phone", url=front.url)
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("first")
    hears_exactly(cem, ["first"])
    anna.context.set_offline(True)
    troupe.backstage.do(front.turn(Weather.DOWN))
    is_offline(anna)
    anna.writes(*LINES)
    for line in LINES:
        anna.sees_state(line, "waiting")
    anna.page.reload()
    for line in LINES:
        anna.sees_state(line, "waiting")
    troupe.backstage.do(front.turn(Weather.FAIR))
    anna.context.set_offline(False)
    hears_exactly(cem, LINES)
    is_online(anna)
    anna.writes("last")
    hears_exactly(cem, ["last"])
    history = cem.do(cem.conversation_with(anna.name).history())
    assert [one.text for one in history] == ["first", *LINES, "last"]


def test_the_server_is_killed_in_the_middle(own: Troupe, server: ServerProcess) -> None:
    anna = own.person("Anna", "en", "desktop")
    ben = own.person("Ben", "de", "phone")
    acquainted(anna, ben)
    server.kill()
    is_offline(anna)
    is_offline(ben)
    anna.writes(*LINES)
    ben.writes("auch ich schreibe")
    anna.sees_state(LINES[-1], "waiting")
    server.start()
    anna.sees_state(LINES[-1], "read")
    ben.sees_state("auch ich schreibe", "read")
    is_online(anna)
    for person, texts in ((ben, LINES), (anna, ["auch ich schreibe"])):
        shown = [text for text in person.texts() if text in texts]
        assert shown == texts
    assert [one for one in anna.texts() if one in LINES] == LINES


def test_killed_while_messages_are_on_their_way(own: Troupe, server: ServerProcess) -> None:
    anna = own.person("Anna", "en", "desktop")
    cem = own.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("begin")
    hears_exactly(cem, ["begin"])
    for place, line in enumerate(LINES):
        anna.writes(line)
        if place in (1, 3):
            server.kill()
            server.start()
    hears_exactly(cem, LINES)
    anna.sees_state(LINES[-1], "delivered")
    history = cem.do(cem.conversation_with(anna.name).history())
    assert [one.text for one in history] == ["begin", *LINES]


def test_a_file_goes_on_after_the_connection_was_lost(troupe: Troupe, tmp_path: Path) -> None:
    front = troupe.backstage.front(troupe.port)
    anna = troupe.person("Anna", "en", "desktop", url=front.url)
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("a file comes")
    heard = cem.hears()
    content = bytes(range(256)) * 4 * 8192
    (tmp_path / "long.bin").write_bytes(content)
    anna.attaches(tmp_path / "long.bin")
    expect(anna.log.get_by_role("progressbar")).to_be_visible()
    troupe.backstage.do(front.turn(Weather.DOWN))
    is_offline(anna)
    troupe.backstage.do(front.turn(Weather.FAIR))
    arrived = cem.hears()
    where = cem.do(heard.conversation.download(arrived, tmp_path / "got.bin"))
    assert where.read_bytes() == content


def test_a_page_that_is_opened_without_a_server_shows_what_it_knows(
    own: Troupe, server: ServerProcess
) -> None:
    """The service worker has the app, the vault has the messages."""
    anna = own.person("Anna", "de", "phone")
    cem = own.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("was ich schon weiß")
    cem.hears()
    anna.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    anna.page.reload()
    anna.sees("was ich schon weiß")
    server.kill()
    anna.page.reload()
    anna.sees("was ich schon weiß")
    is_offline(anna)
    server.start()
    is_online(anna)


# --- the first visit, before anything of the app is kept ------------------------------------------

SENTENCES = {
    "de": ("Plausch konnte nicht ganz geladen werden", "Noch einmal"),
    "en": ("Plausch could not be loaded completely", "Try again"),
}


def test_a_network_that_changes_while_the_app_is_loaded_is_not_noticed(troupe: Troupe) -> None:
    anna = troupe.tab(troupe.context("de", "phone"), "de")
    lost: list[str] = []

    def lose_one(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort("connectionreset")

    anna.page.route("**/assets/*.js", lose_one)
    anna.opens()
    expect(anna.page.get_by_label(anna.say("start.nameLabel"))).to_be_visible()
    assert len(lost) == 1


@pytest.mark.parametrize("language", SENTENCES)
def test_an_app_that_cannot_be_loaded_says_so_and_can_be_asked_again(
    troupe: Troupe, language: str, tmp_path: Path
) -> None:
    sentence, again = SENTENCES[language]
    anna = troupe.tab(troupe.context(language, "phone"), language)
    anna.page.route("**/assets/*.js", lambda route: route.abort("connectionreset"))
    anna.opens()
    expect(anna.page.get_by_role("alert")).to_contain_text(sentence)
    anna.page.screenshot(path=tmp_path / "again.png")
    anna.page.unroute_all()
    anna.page.get_by_role("button", name=again).click()
    expect(anna.page.get_by_label(anna.say("start.nameLabel"))).to_be_visible()
    expect(anna.page.get_by_role("alert")).to_have_count(0)
