"""Rounds of synchronisation with a real Radicale, and what people do to the entries meanwhile."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendars import entry
from plausch.agent.ical.dav import Collection, CollectionAddress, DavRefused, DavUnreachable
from plausch.agent.ical.entries import OURS, Style
from plausch.agent.ical.sync import CalendarSync, Outcome
from plausch.agent.ical.sync_store import SyncStore
from plausch.agent.rows import TableBooking
from plausch.domain.booking import Booking, BookingState
from radicale_server import PASSWORD, USER, Radicale
from vectors.plausch_calendar import PLAIN

NOW_S = PLAIN.starts_at_s - 86_400
STYLE = Style("de")
CANCELLED = replace(PLAIN, state=BookingState.CANCELLED, sequence=3)


@pytest.fixture
async def store(tmp_path: Path, address: CollectionAddress) -> AsyncIterator[SyncStore]:
    opened = await SyncStore.open(tmp_path / "calendar.db", address.url)
    yield opened
    await opened.close()


@pytest.fixture
def sync(collection: Collection, store: SyncStore) -> CalendarSync:
    return CalendarSync(collection, store, STYLE)


def booked(number: int, **changes: object) -> TableBooking:
    fields = {"uid": f"b-{number}", "starts_at_s": PLAIN.starts_at_s + number * 600, **changes}
    booking: Booking = replace(PLAIN, **fields)  # type: ignore[arg-type]
    return entry(replace(booking, ends_at_s=booking.starts_at_s + 5400), ("5",))


NAME = f"{PLAIN.uid}.ics"


async def test_a_booking_is_written_and_then_left_alone(
    sync: CalendarSync, radicale: Radicale
) -> None:
    assert await sync.round([entry(PLAIN)], NOW_S) == Outcome(written=1)
    assert "SUMMARY:4 Personen · Anna" in radicale.text(NAME)
    before = radicale.request("GET", f"/{USER}/bookings/{NAME}")[1]["etag"]
    assert (await sync.round([entry(PLAIN)], NOW_S)).is_quiet
    assert radicale.request("GET", f"/{USER}/bookings/{NAME}")[1]["etag"] == before


async def test_only_what_changed_is_sent(sync: CalendarSync, radicale: Radicale) -> None:
    entries = [booked(number) for number in range(20)]
    assert (await sync.round(entries, NOW_S)).written == 20
    entries[7] = booked(7, party=6, sequence=3)
    assert await sync.round(entries, NOW_S) == Outcome(written=1)
    assert "6 Personen" in radicale.text("b-7.ics")


async def test_a_cancelled_booking_leaves_the_calendar(
    sync: CalendarSync, radicale: Radicale
) -> None:
    await sync.round([entry(PLAIN), booked(1)], NOW_S)
    assert await sync.round([entry(CANCELLED), booked(1)], NOW_S) == Outcome(removed=1)
    assert radicale.names() == {"b-1.ics"}
    assert (await sync.round([entry(CANCELLED), booked(1)], NOW_S)).is_quiet


async def test_the_past_stays_in_the_calendar(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    assert (await sync.round([], PLAIN.ends_at_s + 2 * 86_400)).is_quiet
    assert radicale.names() == {NAME}
    assert (await sync.follow([PLAIN.uid], PLAIN.ends_at_s + 2 * 86_400)).is_quiet
    assert radicale.names() == {NAME}


async def test_what_is_over_and_forgotten_leaves_the_calendar(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN), booked(1), booked(2)], NOW_S)
    later_s = PLAIN.ends_at_s + 400 * 86_400
    assert await sync.follow(["b-1"], later_s) == Outcome(removed=2)
    assert radicale.names() == {"b-1.ics"}
    assert (await sync.follow(["b-1"], later_s)).is_quiet
    assert set(await store.sent()) == {"b-1"}


async def test_what_is_not_over_is_not_followed(sync: CalendarSync, radicale: Radicale) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    assert (await sync.follow([], NOW_S)).is_quiet
    assert radicale.names() == {NAME}


async def test_what_a_person_made_of_what_is_over_goes_with_it(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN), booked(1)], NOW_S)
    later_s = PLAIN.ends_at_s + 2 * 86_400
    radicale.write(NAME, radicale.text(NAME).replace("Anna", "Anna mit Hund"))
    radicale.delete("b-1.ics")
    assert (await sync.round([], later_s)).is_quiet
    assert await store.edits() == []
    assert await sync.follow([], later_s) == Outcome(removed=1)
    assert radicale.names() == set()
    assert await store.sent() == {}


async def test_a_persons_event_under_the_name_of_a_forgotten_one_stays(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    lines = radicale.text(NAME).splitlines(keepends=True)
    theirs = "".join(one for one in lines if not one.startswith(OURS))
    radicale.write(NAME, theirs.replace("Anna", "Hochzeit"))
    assert (await sync.follow([], PLAIN.ends_at_s + 2 * 86_400)).is_quiet
    assert "Hochzeit" in radicale.text(NAME)
    assert await store.sent() == {}


async def test_a_new_store_finds_what_an_old_one_wrote(
    sync: CalendarSync, collection: Collection, radicale: Radicale, tmp_path: Path
) -> None:
    uids = [f"b-{number:032x}" for number in range(3)]
    old = [booked(number, uid=uid) for number, uid in enumerate(uids)]
    await sync.round(old, NOW_S)
    fresh = await SyncStore.open(tmp_path / "fresh.db", "http://elsewhere/")
    reborn = CalendarSync(collection, fresh, STYLE)
    later_s = PLAIN.ends_at_s + 2 * 86_400
    assert (await reborn.round([], later_s)).is_quiet
    assert await reborn.follow(uids[:1], later_s) == Outcome(removed=2)
    assert radicale.names() == {f"{uids[0]}.ics"}
    await fresh.close()


@pytest.mark.parametrize("kind", ["new", "older"])
async def test_what_is_still_to_come_and_not_in_the_book_stays_until_it_is_over(
    kind: str,
    collection: Collection,
    store: SyncStore,
    radicale: Radicale,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mine = "1" * 32 if kind == "older" else "2" * 32
    uids = [f"b-{number:032x}" for number in range(3)]
    old = CalendarSync(collection, store, Style("de", book="1" * 32))
    await old.round([booked(number, uid=uid) for number, uid in enumerate(uids)], NOW_S)
    there = {f"{uid}.ics" for uid in uids}
    fresh = await SyncStore.open(tmp_path / "fresh.db", "http://elsewhere/")
    reborn = CalendarSync(collection, fresh, Style("de", book=mine))
    for _ in range(3):
        assert (await reborn.round([], NOW_S)).is_quiet
        assert (await reborn.follow([], NOW_S)).is_quiet
    assert radicale.names() == there
    assert [one.getMessage()[:20] for one in caplog.records] == ["calendar: 3 entries "]
    assert not any(uid in caplog.text for uid in uids)
    await fresh.save_token("")
    later_s = PLAIN.ends_at_s + 3 * 86_400
    await reborn.round([], later_s)
    await reborn.follow([], later_s)
    assert radicale.names() == (set() if kind == "older" else there)
    await fresh.close()


async def test_an_entry_of_before_books_had_names_goes_only_when_it_is_over(
    sync: CalendarSync, collection: Collection, radicale: Radicale, tmp_path: Path
) -> None:
    uids = [f"b-{number:032x}" for number in range(2)]
    coming_s = PLAIN.starts_at_s + 30 * 86_400
    await sync.round([booked(0, uid=uids[0]), booked(1, uid=uids[1], starts_at_s=coming_s)], NOW_S)
    fresh = await SyncStore.open(tmp_path / "fresh.db", "http://elsewhere/")
    reborn = CalendarSync(collection, fresh, Style("de", book="2" * 32))
    later_s = PLAIN.ends_at_s + 2 * 86_400
    await reborn.round([], later_s)
    assert await reborn.follow([], later_s) == Outcome(removed=1)
    assert radicale.names() == {f"{uids[1]}.ics"}
    await fresh.close()


async def test_an_entry_whose_end_cannot_be_read_stays(
    sync: CalendarSync, collection: Collection, radicale: Radicale, tmp_path: Path
) -> None:
    uid = f"b-{1:032x}"
    await sync.round([booked(1, uid=uid)], NOW_S)
    weekly = radicale.text(f"{uid}.ics").replace("STATUS:", "RRULE:FREQ=WEEKLY\r\nSTATUS:")
    radicale.write(f"{uid}.ics", weekly)
    fresh = await SyncStore.open(tmp_path / "fresh.db", "http://elsewhere/")
    reborn = CalendarSync(collection, fresh, STYLE)
    later_s = PLAIN.ends_at_s + 2 * 86_400
    await reborn.round([], later_s)
    assert (await reborn.follow([], later_s)).is_quiet
    assert radicale.names() == {f"{uid}.ics"}
    await fresh.close()


async def test_an_event_of_a_person_is_left_alone(sync: CalendarSync, radicale: Radicale) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    theirs = radicale.text(NAME).replace(PLAIN.uid, "dentist")
    radicale.write("dentist.ics", theirs)
    assert (await sync.round([entry(PLAIN)], NOW_S)).is_quiet
    assert await sync.round([], NOW_S) == Outcome(removed=1)
    assert radicale.names() == {"dentist.ics"}


async def test_what_a_person_edits_is_kept_and_written_over(
    sync: CalendarSync, radicale: Radicale, store: SyncStore, caplog: pytest.LogCaptureFixture
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    radicale.write(NAME, radicale.text(NAME).replace("T193000", "T203000"))
    with caplog.at_level(logging.INFO, "plausch.agent.calendar"):
        assert await sync.round([entry(PLAIN)], NOW_S) == Outcome(written=1, edited=1)
    assert "T193000" in radicale.text(NAME)
    (edit,) = await store.edits()
    assert (edit.uid, edit.seen_at_s) == (PLAIN.uid, NOW_S) and "T203000" in edit.text
    assert PLAIN.uid in caplog.text and "Anna" not in caplog.text
    assert (await sync.round([entry(PLAIN)], NOW_S)).is_quiet


async def test_what_a_person_deletes_is_written_again(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    radicale.delete(NAME)
    assert await sync.round([entry(PLAIN)], NOW_S) == Outcome(written=1, edited=1)
    assert radicale.names() == {NAME}
    assert [one.text for one in await store.edits()] == [""]


async def test_edited_and_cancelled_is_kept_and_removed(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    radicale.write(NAME, radicale.text(NAME).replace("Anna", "Anna mit Hund"))
    assert await sync.round([entry(CANCELLED)], NOW_S) == Outcome(removed=1, edited=1)
    assert radicale.names() == set()
    assert "mit Hund" in (await store.edits())[0].text


async def test_deleted_and_cancelled_is_nothing_new(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    radicale.delete(NAME)
    assert await sync.round([entry(CANCELLED)], NOW_S) == Outcome(removed=1)
    assert await store.edits() == [] and await store.sent() == {}


async def test_an_edit_in_the_middle_of_a_round_is_not_lost(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    put = collection.put

    def late(name: str, text: str, etag: str) -> str | None:
        if "garden" not in radicale.text(NAME) and not edited:
            edited.append(1)
            radicale.write(NAME, radicale.text(NAME).replace("Anna", "Anna garden"))
        return put(name, text, etag)

    edited: list[int] = []
    monkeypatch.setattr(collection, "put", late)
    newer = replace(PLAIN, party=5, sequence=3)
    assert await sync.round([entry(newer)], NOW_S) == Outcome(written=1, edited=1)
    assert "5 Personen" in radicale.text(NAME)
    assert "garden" in (await store.edits())[0].text


async def test_one_who_edits_all_the_time_is_met_again_later(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    put = collection.put
    turns: list[int] = []

    def late(name: str, text: str, etag: str) -> str | None:
        turns.append(1)
        radicale.write(NAME, text.replace("SUMMARY:", f"SUMMARY:{len(turns)} "))
        return put(name, text, etag)

    monkeypatch.setattr(collection, "put", late)
    newer = entry(replace(PLAIN, party=5, sequence=3))
    assert await sync.round([newer], NOW_S) == Outcome(refused=1, edited=3)
    monkeypatch.undo()
    assert (await sync.round([newer], NOW_S)).written == 1


async def test_a_lost_answer_is_recognised(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = collection.put

    def lost(name: str, text: str, etag: str) -> str | None:
        put(name, text, etag)
        raise DavUnreachable("lost")

    monkeypatch.setattr(collection, "put", lost)
    with pytest.raises(DavUnreachable):
        await sync.round([entry(PLAIN)], NOW_S)
    monkeypatch.undo()
    assert (await sync.round([entry(PLAIN)], NOW_S)).is_quiet
    assert await store.edits() == [] and (await store.sent())[PLAIN.uid].digest
    assert radicale.names() == {NAME}


async def test_a_lost_answer_and_a_cancel_leave_nothing_behind(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = collection.put

    def lost(name: str, text: str, etag: str) -> str | None:
        put(name, text, etag)
        raise DavUnreachable("lost")

    monkeypatch.setattr(collection, "put", lost)
    with pytest.raises(DavUnreachable):
        await sync.round([entry(PLAIN)], NOW_S)
    monkeypatch.undo()
    await sync.round([entry(CANCELLED)], NOW_S)
    assert radicale.names() == set() and await store.sent() == {}


async def test_a_lost_answer_to_a_removal_is_not_a_persons_deletion(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    delete = collection.delete

    def lost(name: str, etag: str) -> bool:
        delete(name, etag)
        raise DavUnreachable("lost")

    monkeypatch.setattr(collection, "delete", lost)
    with pytest.raises(DavUnreachable):
        await sync.round([entry(CANCELLED)], NOW_S)
    monkeypatch.undo()
    again = entry(replace(PLAIN, sequence=4))
    assert await sync.round([again], NOW_S) == Outcome(written=1)
    assert await store.edits() == [] and radicale.names() == {NAME}


async def test_what_arrives_late_of_a_process_that_died_is_not_a_persons(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await sync.round([entry(PLAIN)], NOW_S)
    put = collection.put
    on_its_way: list[tuple[str, str, str]] = []

    def dying(name: str, text: str, etag: str) -> str | None:
        on_its_way.append((name, text, etag))
        raise DavUnreachable("died")

    def late(name: str, text: str, etag: str) -> str | None:
        if on_its_way:
            put(*on_its_way.pop())
        return put(name, text, etag)

    monkeypatch.setattr(collection, "put", dying)
    with pytest.raises(DavUnreachable):
        await sync.round([entry(replace(PLAIN, party=5, sequence=3))], NOW_S)
    monkeypatch.setattr(collection, "put", late)
    assert await sync.round([entry(replace(PLAIN, party=6, sequence=4))], NOW_S) == Outcome(
        written=1
    )
    assert await store.edits() == [] and "6 Personen" in radicale.text(NAME)


async def test_a_server_that_tells_no_etag_is_asked_for_it(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    store: SyncStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = collection.put
    monkeypatch.setattr(
        collection,
        "put",
        lambda name, text, etag: None if put(name, text, etag) is None else "",
    )
    assert await sync.round([entry(PLAIN)], NOW_S) == Outcome(written=1)
    assert (await store.sent())[PLAIN.uid].etag
    assert (await sync.round([entry(PLAIN)], NOW_S)).is_quiet


async def test_one_refused_entry_does_not_stop_the_others(
    sync: CalendarSync,
    collection: Collection,
    radicale: Radicale,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = collection.put

    def some(name: str, text: str, etag: str) -> str | None:
        if name == "b-1.ics":
            raise DavRefused("no", 403)
        return put(name, text, etag)

    monkeypatch.setattr(collection, "put", some)
    assert await sync.round([booked(0), booked(1), booked(2)], NOW_S) == Outcome(
        written=2, refused=1
    )
    assert radicale.names() == {"b-0.ics", "b-2.ics"}


async def test_a_wrong_password_stops_the_round(
    store: SyncStore, address: CollectionAddress
) -> None:
    wrong = CalendarSync(Collection(replace(address, password="falsch")), store, STYLE)
    with pytest.raises(DavRefused, match="user or password"):
        await wrong.round([entry(PLAIN)], NOW_S)


async def test_the_server_comes_back_empty(
    sync: CalendarSync, radicale: Radicale, store: SyncStore
) -> None:
    await sync.round([booked(0), booked(1)], NOW_S)
    radicale.request("DELETE", f"/{USER}/bookings/")
    radicale.make()
    assert (await sync.round([booked(0), booked(1)], NOW_S)).written == 2
    assert radicale.names() == {"b-0.ics", "b-1.ics"}


STATES = st.sampled_from([None, BookingState.CONFIRMED, BookingState.HELD, BookingState.CANCELLED])
STEPS = st.lists(
    st.tuples(
        st.integers(0, 3), STATES, st.integers(1, 9), st.sampled_from(["", "edit", "delete"])
    ),
    max_size=8,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_whatever_happens_the_calendar_is_the_book_afterwards(
    steps: list[tuple[int, BookingState | None, int, str]], radicale_process: Radicale
) -> None:
    url = radicale_process.make("random")
    store = await SyncStore.open(":memory:", url)
    sync = CalendarSync(Collection(CollectionAddress(url, USER, PASSWORD)), store, STYLE)
    book: dict[int, TableBooking] = {}
    try:
        for number, state, party, person in steps:
            if state is None:
                book.pop(number, None)
            else:
                book[number] = booked(number, state=state, party=party)
            await sync.round(list(book.values()), NOW_S)
            name = f"b-{number}.ics"
            there = radicale_process.text(name, "random")
            if there and person == "edit":
                radicale_process.write(name, there.replace("SUMMARY:", "SUMMARY:! "), "random")
            elif there and person == "delete":
                radicale_process.delete(name, "random")
        await sync.round(list(book.values()), NOW_S)
        wanted = {
            f"b-{number}.ics": entry.booking.party
            for number, entry in book.items()
            if entry.booking.state is not BookingState.CANCELLED
        }
        assert radicale_process.names("random") == set(wanted)
        for name, party in wanted.items():
            text = radicale_process.text(name, "random")
            assert f"SUMMARY:{party} Person" in text
        assert (await sync.round(list(book.values()), NOW_S)).is_quiet
    finally:
        await store.close()
        radicale_process.request("DELETE", f"/{USER}/random/")
