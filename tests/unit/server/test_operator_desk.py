"""What the operator's page shows and does, over a real store."""

import secrets
from http import HTTPStatus

import pytest

from delivery_world import World
from plausch.base.durations import MINUTE_MS
from plausch.db.interface import StorageUnavailable
from plausch.server.administration import MOST_MINUTES, Administration
from plausch.server.operator_desk import COUNT_ANEW_MS, ROWS, Onward, OperatorDesk, Sheet
from plausch.server.operator_page import OperatorPage
from plausch.server.store.overview import Totals
from plausch.wire import frames as f

PAGE = OperatorPage("en", "/base", "token", "/srv")


class Counter(Administration):
    """Counts how often it is asked to count, and may be unable to."""

    times = 0
    is_away = False

    async def totals(self) -> Totals:
        self.times += 1
        if self.is_away:
            raise StorageUnavailable("away")
        return await super().totals()


@pytest.fixture
def hand(world: World) -> Counter:
    return Counter(world.database, world.clock)


@pytest.fixture
def desk(hand: Counter, world: World) -> OperatorDesk:
    return OperatorDesk(hand, world.clock)


async def show(desk: OperatorDesk, path: str, **query: str) -> Sheet:
    return await desk.show(path, query, PAGE)


async def order(desk: OperatorDesk, path: str, **form: str) -> Sheet | Onward:
    return await desk.order(path, form, PAGE)


async def test_newest_first_page_by_page_and_by_name(desk: OperatorDesk, world: World) -> None:
    for number in range(ROWS + 2):
        await world.player(f"guest{number}")
    first = (await show(desk, "/")).html
    assert f">guest{ROWS + 1}<" in first
    assert ">guest1<" not in first
    before = first.partition("?before=")[2].partition('"')[0]
    second = (await show(desk, "/", before=before)).html
    assert [f">guest{number}<" in second for number in (0, 1, 2)] == [True, True, False]
    assert "before=" not in second
    found = (await show(desk, "/", name=" GUEST20 ")).html
    assert (">guest20<" in found, ">guest2<" in found) == (True, False)


@pytest.mark.parametrize("part", ["%", "_", "!", "'", "\\", "\0", "\ud800", "ä", "x" * 5000])
async def test_what_is_searched_means_itself(desk: OperatorDesk, world: World, part: str) -> None:
    await world.player("anna")
    found = await show(desk, "/", name=part)
    assert (found.status, "no such accounts" in found.html) == (200, True)


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 40, "1 OR 1=1", "١"])
async def test_a_place_that_is_none_is_the_beginning(
    desk: OperatorDesk, world: World, before: str
) -> None:
    await world.player("anna")
    assert ">anna<" in (await show(desk, "/", before=before)).html


async def test_an_account_is_suspended_and_comes_back(
    desk: OperatorDesk, hand: Counter, world: World
) -> None:
    await world.player("mallory")
    assert await order(desk, "/accounts/mallory/suspend") == Onward("/accounts/mallory")
    assert (await hand.show("mallory")).row.suspended_ms
    assert "Take suspension back" in (await show(desk, "/accounts/mallory")).html
    assert await order(desk, "/accounts/mallory/unsuspend") == Onward("/accounts/mallory")
    assert not (await hand.show("mallory")).row.suspended_ms


async def test_what_was_removed_stays_so(desk: OperatorDesk, hand: Counter, world: World) -> None:
    await world.player("mallory")
    await hand.remove("mallory")
    for verb in ("suspend", "unsuspend"):
        refused = await order(desk, f"/accounts/mallory/{verb}")
        assert isinstance(refused, Sheet)
        assert (refused.status, "for good" in refused.html) == (HTTPStatus.CONFLICT, True)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/nobody",
        "/accounts/",
        "/accounts/<script>",
        "/accounts/../reports",
        "/accounts/nobody/suspend",
        "/accounts/%6dallory/suspend",
        "/accounts/mallory/remove",
        "/elsewhere",
        "",
        "/maintenance/on/",
    ],
)
async def test_what_is_not_there_is_not_found_and_changes_nothing(
    desk: OperatorDesk, hand: Counter, world: World, path: str
) -> None:
    await world.player("mallory")
    for found in (await show(desk, path), await order(desk, path)):
        assert isinstance(found, Sheet)
        assert found.status == HTTPStatus.NOT_FOUND
        assert "<script>" not in found.html
    assert not (await hand.show("mallory")).row.suspended_ms


async def test_maintenance_begins_and_ends(desk: OperatorDesk, hand: Counter, world: World) -> None:
    now_ms = world.clock.now_ms()
    assert await order(desk, "/maintenance/on", words="We move.", minutes=" 30 ") == Onward("/")
    row = await hand.maintenance()
    assert (row.words, row.until_ms) == ("We move.", now_ms + 30 * MINUTE_MS)
    assert "We move." in (await show(desk, "/")).html
    assert await order(desk, "/maintenance/on") == Onward("/")
    row = await hand.maintenance()
    assert (row.since_ms, row.until_ms, row.words) == (now_ms, 0, "")
    assert await order(desk, "/maintenance/off") == Onward("/")
    assert (await hand.maintenance()).since_ms == 0


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("", "0"),
        ("", "-1"),
        ("", str(MOST_MINUTES + 1)),
        ("", "1e3"),
        ("", "٣"),
        ("", "9" * 100),
        ("x" * 501, "5"),
        ("a\x1b[31m", ""),
        ("a\0", ""),
        ("\u202eabc", ""),
    ],
)
async def test_what_cannot_be_said_changes_nothing_and_stays_in_the_form(
    desk: OperatorDesk, hand: Counter, words: str, minutes: str
) -> None:
    refused = await order(desk, "/maintenance/on", words=words, minutes=minutes)
    assert isinstance(refused, Sheet)
    assert (refused.status, "Nothing is changed" in refused.html) == (HTTPStatus.BAD_REQUEST, True)
    assert f'value="{minutes}"' in refused.html
    assert (await hand.maintenance()).since_ms == 0


async def test_counting_is_done_once_a_minute(
    desk: OperatorDesk, hand: Counter, world: World
) -> None:
    await world.player("anna")
    for _ in range(3):
        await show(desk, "/")
    assert hand.times == 1
    await order(desk, "/accounts/anna/suspend")
    await show(desk, "/")
    assert hand.times == 2, "an order shows at once"
    world.clock.advance(COUNT_ANEW_MS)
    await show(desk, "/")
    assert hand.times == 3


async def test_a_server_too_large_to_be_counted_can_be_operated(
    desk: OperatorDesk, hand: Counter, world: World
) -> None:
    await world.player("anna")
    hand.is_away = True
    found = await show(desk, "/")
    assert (found.status, "Cannot be counted" in found.html) == (200, True)
    assert ">anna<" in found.html
    await show(desk, "/")
    assert hand.times == 1, "not anew for each view"


async def test_a_database_that_does_not_answer_is_said(
    desk: OperatorDesk, hand: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    for name in ("newest", "reports", "show", "suspend", "resume", "maintain"):
        monkeypatch.setattr(hand, name, away)
    found: list[Sheet | Onward] = [
        await show(desk, path) for path in ("/", "/reports", "/accounts/anna")
    ]
    for path in ("/accounts/anna/suspend", "/maintenance/off", "/maintenance/on"):
        found.append(await order(desk, path))
    for one in found:
        assert isinstance(one, Sheet)
        assert one.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert "did not answer" in one.html


async def test_reports_are_listed_without_what_was_disclosed(
    desk: OperatorDesk, world: World
) -> None:
    anna, mallory = await world.player("anna"), await world.player("mallory")
    said = await mallory.say(await mallory.conversation_with(anna), b"You will regret it.")
    asked = f.Report(1, "mallory", "abuse", "Every night.", [said], secrets.token_bytes(16))
    await world.reports.take(anna.record, asked)
    html = (await show(desk, "/reports")).html
    assert "Report 1" in html
    assert "abuse or threats" in html
    assert not [word for word in ("regret", "night") if word in html]
