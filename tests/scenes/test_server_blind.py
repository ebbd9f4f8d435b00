"""A whole evening at a server of its own, which afterwards is searched: nothing of it is there.

The canary words are made anew in each run. Names, notes, labels and texts hold them; times and
sizes of parties are looked for as the sentences and identifiers that tell them.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import Raw

from canaries import Watch, database_of, memory_of, new_stem
from cast import PATIENCE_S, Town, message, settled
from linde import DINNER, at, restaurant
from plausch.agent.book import Book
from plausch.agent.operations.doors import Doors
from plausch.base.clock import ManualClock, SystemClock
from plausch.content import cbor
from plausch.content.cards import (
    BookingCard,
    BookingRequest,
    CancelRequest,
    Card,
    Choices,
    Choose,
    SlotOffer,
    card_message,
)
from plausch.content.rpc import Answer, Call, rpc_message
from plausch.content.team import Assignment, Fact, Label, Note, QuickReply, StaffName, team_message
from plausch.domain.booking import BookingState
from plausch.sdk import Client, FileDescription, Team
from plausch.sdk.composing import new_salt
from postgres_cluster import Cluster
from server_process import ServerProcess
from service import Caller
from unit.domain.profiles import LINDE
from unit.sdk.talks import core_of, eventually, second_device

TALKATIVE = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stderr); "
    "logging.debug('every line is kept'); "
    "from plausch.server.main import main; sys.exit(main())"
)
"""The server's program, with every line that any part of it would log."""

LONG_LINE = 16
"""Shorter lines, as `ja`, are in any program."""

FILE_WORDS = 5_000

C = TypeVar("C", bound=Card)


@dataclass
class Evening:
    """A server's process, and what was said through it."""

    process: ServerProcess
    database_url: str
    stem: str = field(default_factory=new_stem)
    public: str = field(default_factory=lambda: new_stem().lower())
    told: list[str] = field(default_factory=list)

    def word(self, what: str) -> str:
        """A canary word for something that only guest and restaurant may know."""
        self.told.append(f"{self.stem}{what}")
        return self.told[-1]

    async def found(self, watch: Watch) -> dict[str, set[str]]:
        """Where the server could have put words, and which of them are there.

        Its folder has database, blobs and log.
        """
        places = {"files": watch.found_below(self.process.directory.parent)}
        if self.database_url:
            places["database"] = watch.found_in(await database_of(self.database_url))
        with suppress(PermissionError):
            places["memory"] = watch.found_in(memory_of(self.process.pid))
        return places


@pytest.fixture(params=["sqlite", "postgresql"])
async def evening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Evening]:
    url, cluster, name = "", None, f"t{secrets.token_hex(8)}"
    if request.param == "postgresql":
        cluster = request.getfixturevalue("postgres")
        assert isinstance(cluster, Cluster)
        url = await cluster.create_database(name)
    try:
        with ServerProcess(
            tmp_path / "server", database_url=url, program=("-c", TALKATIVE)
        ) as process:
            yield Evening(process, url)
    finally:
        if cluster is not None:
            await cluster.drop_database(name)


@pytest.fixture
async def town(evening: Evening, tmp_path: Path) -> AsyncIterator[Town]:
    """People at the server's process."""
    town = Town(tmp_path / "people")
    town.url = evening.process.url
    yield town
    await town.close()


class Restaurant:
    """The business: its agent at both its doors, a device of staff, and their team conversation."""

    def __init__(self, client: Client, staff: Client, team: Team, book: Book, clock: ManualClock):
        self.client, self.staff, self.team, self.book = client, staff, team, book
        self.clock = clock
        self.opened_at_s = clock.now_ms() // 1000
        self.heard = team.said()
        self.calls = 0

    @property
    def day(self) -> date:
        """A day on which the restaurant is open as usual, in a while."""
        calendar = restaurant().calendar
        first = calendar.today(self.opened_at_s) + timedelta(days=5)
        days = calendar.next_open_days(first, 20, 30)
        return next(day.date for day in days if DINNER in day.spans and not day.note)

    async def asks(self, operation: str, **params: Any) -> Any:
        """Staff asks the agent through the team conversation; the answer."""
        self.calls += 1
        call = f"call-{self.calls:04}"
        said = Call("2.0", call, operation, Raw(json.dumps(params).encode()))
        await (await self.team.say(rpc_message(said, salt=new_salt()))).accepted()
        async with asyncio.timeout(3 * PATIENCE_S):
            async for one in self.heard:
                if isinstance(one.rpc, Answer) and one.rpc.id == call:
                    return json.loads(bytes(one.rpc.result))  # type: ignore[arg-type]
        raise AssertionError("the agent ended")

    async def tells(self, *facts: Fact) -> None:
        """Staff notes something for the team."""
        for fact in facts:
            await (await self.team.say(team_message(fact, salt=new_salt()))).accepted()


@asynccontextmanager
async def restaurant_at(town: Town, folder: Path) -> AsyncIterator[Restaurant]:
    client = await town.person("linde", kind="business")
    staff = await town.connect(await second_device(town, client, "staff"))
    await core_of(staff).greeted.wait()
    team = await client.team()
    await eventually(lambda: bool(staff._device.directory.teams()) and len(team.members) == 2)
    clock = ManualClock(SystemClock().now_ms())
    book = await Book.open(folder / "book.db")
    try:
        async with Doors(client, restaurant(), b"file", book, clock).open(folder, None) as doors:
            working = asyncio.ensure_future(doors.run())
            try:
                yield Restaurant(client, staff, await staff.team(), book, clock)
                assert not working.done(), working.exception()
            finally:
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working
    finally:
        await book.close()


async def hears(guest: Caller, kind: type[C], fits: Callable[[C], bool]) -> C:
    """The restaurant's next card that fits; whatever else it says is heard on the way."""
    async with asyncio.timeout(3 * PATIENCE_S):
        while True:
            card = (await message(guest.client)).card
            if isinstance(card, kind) and fits(card):
                return card


async def chooses(guest: Caller, choice: str) -> None:
    """Wait for choices, and press the one whose identifier begins so."""
    offered = await hears(guest, Choices, lambda card: bool(options_of(card, choice)))
    (option,) = options_of(offered, choice)
    card = Choose(option, "")
    await guest.conversation.send(card_message(card, "…", language="de", salt=new_salt()))


def options_of(card: Choices, choice: str) -> list[str]:
    return [one.identifier for one in card.options if one.identifier.startswith(choice)]


def confirmed(card: BookingCard) -> bool:
    return card.state is BookingState.CONFIRMED


async def guests_come(town: Town, house: Restaurant, evening: Evening) -> list[Caller]:
    """Anna by cards, Ben by words, Cleo by the waiting list when Ben cancels; Anna moves."""
    word, day = evening.word, house.day
    anna, ben, cleo = [
        await Caller.of(one) for one in await town.people("anna", "ben", evening.public)
    ]
    offer = (await anna.sends(BookingRequest(2, day))).card
    assert isinstance(offer, SlotOffer)
    seven = next(slot for slot in offer.slots if slot.start_s == at(day, "19:00"))
    await anna.sends(Choose(seven.identifier, offer.request_id))
    firm = (await anna.sends(BookingRequest(under_name=f"Anna {word('anna')}"))).card
    assert isinstance(firm, BookingCard) and confirmed(firm)

    eight = f"Tisch für 8 am {day.day}.{day.month}. um 19 Uhr, Name: {{}}"
    await ben.says(eight.format(f"Ben {word('ben')}"))
    await ben.conversation.send_text("ja")
    booked = await hears(ben, BookingCard, confirmed)
    assert "nichts frei" in (await cleo.says(eight.format(f"Cleo {word('cleo')}"))).text
    assert "Warteliste" in (await cleo.says("Dann bitte auf die Warteliste.")).text
    await ben.sends(CancelRequest(booked.uid))
    await chooses(cleo, "take:")
    await hears(cleo, BookingCard, confirmed)

    await anna.says(f"Unser Hund {word('hund')} kommt mit, und wir essen keine {word('nuss')}.")
    await anna.conversation.send_text("Können wir erst um 20 Uhr kommen?")
    await anna.conversation.send_text("ja")
    moved = await hears(
        anna, BookingCard, lambda card: confirmed(card) and card.start_s == at(day, "20:00")
    )
    evening.told += [firm.uid, booked.uid, moved.uid]
    await anna.conversation.send_file(
        word("inhalt").encode() * FILE_WORDS,
        FileDescription(name=f"{word('datei')}.txt", content_type="text/plain"),
        caption=word("bild"),
    )
    return [anna, ben, cleo]


async def staff_works(house: Restaurant, evening: Evening, anna: Caller) -> None:
    """Staff notes an allergy, a customer, books by telephone, and tells the team what it knows."""
    word, day = evening.word, house.day.isoformat()
    (plan,) = await house.asks("bookings.plan", **{"from": day, "days": 1})
    by_anna = next(one for one in plan["bookings"] if evening.stem + "anna" in one["underName"])
    await house.asks("bookings.note", uid=by_anna["uid"], note=f"Allergie: {word('allergie')}")
    people = await house.asks("customers.list", query=f"{evening.stem}anna")
    (profile,) = people["customers"]
    await house.asks("customers.note", id=profile["id"], note=word("stammgast"))
    telephone = {"token": "token-0001", "startsAtS": at(house.day, "18:00"), "party": 3}
    await house.asks(
        "bookings.book", **telephone, underName=f"Dora {word('dora')}", note=word("kinderstuhl")
    )
    talk, device = anna.conversation.id, house.staff.device.uri
    await house.tells(
        Assignment(talk, device),
        Label(talk, word("etikett"), True),
        Note(talk, b"n" * 16, word("notiz"), device, house.clock.now_ms() // 1000),
        QuickReply(b"q" * 16, word("titel"), word("antwort")),
        StaffName(device, word("kellner"), "staff"),
    )


async def is_reminded(house: Restaurant, anna: Caller) -> None:
    """The day before."""
    house.clock.advance((at(house.day, "20:00") - 20 * 3600) * 1000 - house.clock.now_ms())
    await hears(anna, Choices, lambda card: bool(options_of(card, "coming:")))


async def all_that_was_said(guests: list[Caller]) -> set[str]:
    """Every line of the conversations that is long enough to be nothing else."""
    texts = [one.text for guest in guests for one in await guest.conversation.history(200)]
    lines = {line.strip() for text in texts for line in text.splitlines()}
    return {line for line in lines if len(line) >= LONG_LINE}


def hidden(stem: str, told: list[str]) -> Watch:
    """The words; what has the stem in it is found by the stem."""
    return Watch([stem, *(one for one in told if stem not in one)])


async def an_evening(town: Town, folder: Path, evening: Evening) -> None:
    """Everything, until all of it has gone through the server; `told` has what was said."""
    async with restaurant_at(town, folder) as house:
        guests = await guests_come(town, house, evening)
        await staff_works(house, evening, guests[0])
        await is_reminded(house, guests[0])
        for client in (house.client, house.staff, *(guest.client for guest in guests)):
            await settled(client)
        said = await all_that_was_said(guests)
        assert len(said) > 20
        assert sum(evening.stem in line for line in said) >= 5
        evening.told += said
        await house.client.profiles.publish(replace(LINDE, pictures=(), name=evening.public))


async def test_nothing_of_a_whole_evening_is_at_the_server(
    evening: Evening, town: Town, tmp_path: Path
) -> None:
    await an_evening(town, tmp_path, evening)
    places = await evening.found(hidden(evening.stem, evening.told))
    assert places == {place: set() for place in places}
    control = await evening.found(Watch([evening.public]))
    kept = "database" if evening.database_url else "files"
    known = [control[place] for place in (kept, "memory") if place in places]
    assert known == [{evening.public}] * len(known), "an account's name is what it does know"
    blobs = [path.stat().st_size for path in (evening.process.directory / "blobs").rglob("*")]
    assert max(blobs) > FILE_WORDS * len(evening.stem), "the file has been there"
    assert "every line is kept" in evening.process.log()
    if "memory" not in places:
        pytest.skip("The kernel lets nobody look into the server's memory; all else was searched.")


@pytest.mark.parametrize("before", ["", "x", "xy"])
@pytest.mark.parametrize(
    "written",
    [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode().hex().encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()),
        lambda text: cbor.encode({"note": text}),
    ],
)
def test_the_search_finds_it_however_it_is_written(
    written: Callable[[str], bytes], before: str
) -> None:
    """Also where it lies across the border of two pieces."""
    word = new_stem()
    raw = b"\0" * 40 + written(f"{before}{word} und so weiter") + b"\0" * 40
    for border in range(0, len(raw), 7):
        assert Watch([word]).found_in([raw[:border], raw[border:]]) == {word}
    assert Watch([new_stem()]).found_in([raw]) == set()


def test_the_search_looks_at_names_of_files_too(tmp_path: Path) -> None:
    word = new_stem()
    assert Watch([word]).found_below(tmp_path) == set()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / f"of {word}").touch()
    assert Watch([word]).found_below(tmp_path) == {word}
