"""What the agent remembers of a calendar, also after it was closed."""

from dataclasses import replace
from pathlib import Path

import pytest

from plausch.agent.ical import sync_store
from plausch.agent.ical.sync_store import Edit, Sent, SyncStore

SENT = Sent("b-1", "b-1.ics", '"1"', "digest", 2_000)
URL = "https://calendar.example/linde/"


async def opened(tmp_path: Path, url: str = URL) -> SyncStore:
    return await SyncStore.open(tmp_path / "calendar.db", url)


async def test_at_first_nothing_is_known(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    assert await store.sent() == {}
    assert await store.token() == ""
    assert await store.edits() == []
    await store.close()


async def test_what_was_saved_is_there_after_closing(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.save(SENT)
    await store.save_token("t1")
    await store.save_token("t2")
    await store.close()
    store = await opened(tmp_path)
    assert await store.sent() == {"b-1": SENT}
    assert await store.token() == "t2"
    await store.close()


async def test_an_entry_is_saved_over_and_forgotten(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.save(SENT)
    newer = replace(SENT, etag='"2"', digest="other", sending="text on its way")
    await store.save(newer)
    assert await store.sent() == {"b-1": newer}
    await store.forget("b-1")
    assert await store.sent() == {}
    await store.close()


async def test_an_edit_is_kept_and_its_entry_written_again(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.save(SENT)
    edit = Edit("b-1", 1_000, "BEGIN:VCALENDAR")
    await store.found_edit(edit, replace(SENT, etag='"2"'))
    assert await store.edits() == [edit]
    assert await store.sent() == {"b-1": replace(SENT, etag='"2"', digest="")}
    await store.close()


async def test_the_same_edit_found_again_is_kept_once(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.save(SENT)
    edit = Edit("b-1", 1_000, "text")
    await store.found_edit(edit, SENT)
    await store.found_edit(replace(edit, seen_at_s=1_005), SENT)
    assert await store.edits() == [edit]
    await store.save(SENT)
    again = replace(edit, seen_at_s=2_000)
    await store.found_edit(again, SENT)
    assert await store.edits() == [edit, again]
    await store.close()


async def test_the_newest_edits_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_store, "MOST_EDITS", 3)
    store = await opened(tmp_path)
    for number in range(6):
        await store.found_edit(Edit("b-1", number, f"text {number}"), SENT)
    assert [one.text for one in await store.edits()] == ["text 3", "text 4", "text 5"]
    await store.close()


async def test_two_calendars_know_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = await opened(tmp_path), await opened(tmp_path, "https://other.example/")
    await one.save(SENT)
    await one.save_token("t")
    assert await other.sent() == {} and await other.token() == ""
    await other.save(SENT)
    await one.forget("b-1")
    assert await other.sent() == {"b-1": SENT}
    await one.close()
    await other.close()
