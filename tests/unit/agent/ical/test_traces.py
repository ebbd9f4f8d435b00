"""The calendar's store forgets whom the book forgets: at once, after a crash, in its time."""

from pathlib import Path

import pytest

from counter import Clerk
from linde import NOW_S, TUESDAY, at
from plausch.agent.ical.sync_store import REMOVAL, Edit, Sent, SyncStore
from plausch.agent.ical.traces import Traces
from plausch.agent.retention import erase
from plausch.db.interface import StorageUnavailable

DAY_S = 86_400


async def store_in(tmp_path: Path, url: str = "https://calendar.example/a/") -> SyncStore:
    return await SyncStore.open(tmp_path / "calendar.db", url)


async def edited(store: SyncStore, uid: str) -> None:
    await store.found_edit(Edit(uid, NOW_S, f"SUMMARY:{uid}"), Sent(uid, f"{uid}.ics", "", "", 0))


async def test_without_a_store_there_is_nothing_and_none_is_made(
    clerk: Clerk, tmp_path: Path
) -> None:
    traces = Traces(tmp_path / "calendar.db", clerk.book)
    assert await traces.edits() == ()
    await traces.sweep()
    await traces.close()
    assert not (tmp_path / "calendar.db").exists()


async def test_what_the_book_has_stays_and_the_rest_goes_in_every_calendar(
    clerk: Clerk, tmp_path: Path
) -> None:
    kept = (await clerk.books(at(TUESDAY, "19:00"), telephone="1")).booking.uid
    first, second = await store_in(tmp_path), await store_in(tmp_path, "https://b.example/")
    for store in (first, second):
        await edited(store, kept)
        await edited(store, "b-gone")
    traces = Traces(tmp_path / "calendar.db", clerk.book)
    assert [one.uid for one in await traces.edits()] == [kept, "b-gone", kept, "b-gone"]
    await traces.sweep()
    for store in (first, second):
        assert [one.uid for one in await store.edits()] == [kept]
        assert set(await store.sent()) == {kept, "b-gone"}, "its entry has to be taken away yet"
        await store.close()
    await traces.close()


async def test_a_text_on_its_way_goes_too_and_a_removal_is_still_known(
    clerk: Clerk, tmp_path: Path
) -> None:
    store = await store_in(tmp_path)
    for uid, sending in (("b-1", "SUMMARY:Anna"), ("b-2", REMOVAL), ("b-3", "")):
        await store.save(Sent(uid, f"{uid}.ics", "", "", 0, sending))
    traces = Traces(tmp_path / "calendar.db", clerk.book)
    await traces.sweep()
    sent = await store.sent()
    assert {uid: one.sending for uid, one in sent.items()} == {"b-1": "", "b-2": REMOVAL, "b-3": ""}
    await traces.close()
    await store.close()


async def test_it_follows_an_erased_customer_and_the_end_of_time(
    clerk: Clerk, tmp_path: Path
) -> None:
    anna = await clerk.books(at(TUESDAY, "19:00"), telephone="1")
    ben = await clerk.books(at(TUESDAY, "19:00"), telephone="2")
    store = await store_in(tmp_path)
    for entry in (anna, ben):
        await edited(store, entry.booking.uid)
    traces = Traces(tmp_path / "calendar.db", clerk.book)
    await clerk.at_desk(lambda desk: erase(desk, anna.customer))
    await traces.sweep()
    assert [one.uid for one in await store.edits()] == [ben.booking.uid]
    await clerk.book.tick(clerk.business, NOW_S + 370 * DAY_S)
    await traces.sweep()
    assert await store.edits() == []
    await traces.close()
    await store.close()


async def test_a_store_that_cannot_be_read_stops_nobody_and_is_told(
    clerk: Clerk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "calendar.db").write_bytes(b"no database" * 1000)
    traces = Traces(tmp_path / "calendar.db", clerk.book)
    with pytest.raises(StorageUnavailable):
        await traces.edits()
    await traces.follow()
    assert "calendar.db cannot be swept" in caplog.text
