"""Customers through the operations: found, noted, given out, forgotten."""

import json
from pathlib import Path

from linde import NOW_S, TUESDAY, restaurant
from plausch.agent.customers import of_conversation, of_telephone
from plausch.agent.ical.sync_store import Edit, Sent, SyncStore
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking
from unit.agent.operations.office import AT_SEVEN_S, Office, wish

GUEST = ConversationId(bytes(range(16)))


async def two_customers(office: Office) -> tuple[str, str]:
    """Meyer, who rang up, and Anna, who has a chat; their ids."""
    await office.ask("bookings.book", **wish())
    booking = await office.book.hold(restaurant(), GUEST, b"t", AT_SEVEN_S, 2, NOW_S)
    assert isinstance(booking, Booking)
    await office.book.confirm(restaurant(), booking, "Anna", NOW_S)
    return of_telephone(wish()["telephone"]), of_conversation(GUEST)


async def test_customers_are_listed_page_by_page(office: Office) -> None:
    ids = await two_customers(office)
    first = await office.ask("customers.list", query="", limit=1, after="")
    second = await office.ask("customers.list", query="", limit=1, after=first["next"])
    found = [one["id"] for page in (first, second) for one in page["customers"]]
    assert found == sorted(ids)
    third = await office.ask("customers.list", query="", limit=1, after=second["next"])
    assert third == {"customers": [], "next": ""}


async def test_a_customer_is_found_by_name(office: Office) -> None:
    meyer, anna = await two_customers(office)
    for query, expected in (("mey", meyer), ("ANNA", anna)):
        (found,) = (await office.ask("customers.list", query=query, limit=10))["customers"]
        assert (found["id"], found["upcoming"]) == (expected, 1)
    view = await office.ask("customers.get", id=anna)
    assert (view["conversation"], view["name"]) == (GUEST.hex(), "Anna")


async def test_a_note_is_kept(office: Office) -> None:
    meyer, _ = await two_customers(office)
    assert (await office.ask("customers.note", id=meyer, note="Nuts!"))["note"] == "Nuts!"
    assert (await office.ask("customers.get", id=meyer))["note"] == "Nuts!"


async def test_everything_is_given_out_and_forgotten_in_one_action(office: Office) -> None:
    meyer, anna = await two_customers(office)
    given = await office.ask("customers.export", id=anna)
    assert given["mediaType"] == "application/json"
    assert json.loads(given["file"])["customer"]["name"] == "Anna"
    erased = (await office.ask("customers.erase", id=anna))["erased"]
    assert (erased["customers"], erased["bookings"]) == (1, 1)
    for letter in await office.book.waiting_replies():
        await office.book.handed_over(letter)
    rows = await office.everything()
    assert "Anna" not in str(rows)
    assert GUEST.hex() not in str(rows)
    assert (await office.refused("customers.export", id=anna))[0] == "unknown"
    assert (await office.ask("customers.get", id=meyer))["upcoming"] == 1


async def test_what_people_wrote_into_the_calendar_is_given_out_and_forgotten_too(
    office: Office, tmp_path: Path
) -> None:
    meyer, anna = await two_customers(office)
    (day,) = await office.ask("bookings.plan", **{"from": TUESDAY.isoformat(), "days": 1})
    uids = {one["customer"]: one["uid"] for one in day["bookings"]}
    store = await SyncStore.open(tmp_path / "calendar.db", "https://calendar.example/")
    for customer, text in ((meyer, "SUMMARY:Meyer, later"), (anna, "SUMMARY:Anna, window")):
        sent = Sent(uids[customer], f"{customer}.ics", "", "", 0)
        await store.found_edit(Edit(uids[customer], NOW_S, text), sent)
    office.look_beside(tmp_path / "calendar.db")
    given = json.loads((await office.ask("customers.export", id=anna))["file"])
    edit = {"uid": uids[anna], "seenAtS": NOW_S, "text": "SUMMARY:Anna, window"}
    assert given["calendarEdits"] == [edit]
    await office.ask("customers.note", id=anna, note="leaves")
    assert len(await store.edits()) == 2
    erased = await office.ask("customers.erase", "call-erase", id=anna)
    assert erased["erased"]["calendarEdits"] == 1
    assert [one.uid for one in await store.edits()] == [uids[meyer]]
    assert await office.ask("customers.erase", "call-erase", id=anna) == erased
    await store.close()


async def test_two_records_of_one_person_are_merged(office: Office) -> None:
    meyer, anna = await two_customers(office)
    code, sentence = await office.refused("customers.merge", id=anna, into=meyer)
    assert (code, "conversation stays" in sentence) == ("bad_params", True)
    view = await office.ask("customers.merge", "call-merge", id=meyer, into=anna)
    assert (view["id"], view["name"], view["upcoming"]) == (anna, "Anna", 2)
    assert await office.ask("customers.merge", "call-merge", id=meyer, into=anna) == view
    assert (await office.refused("customers.get", id=meyer))[0] == "unknown"
    assert (await office.refused("customers.merge", id=meyer, into=anna))[0] == "unknown"


async def test_who_is_unknown_is_said_to_be(office: Office) -> None:
    for operation in ("customers.get", "customers.export", "customers.erase"):
        assert (await office.refused(operation, id="c-nobody"))[0] == "unknown"
    assert (await office.refused("customers.note", id="c-nobody", note="x"))[0] == "unknown"


async def test_a_broken_calendars_store_keeps_nobody_from_booking(
    office: Office, tmp_path: Path
) -> None:
    """What was done is told as done; only what would have to look into the store is refused."""
    (tmp_path / "calendar.db").write_bytes(b"no database" * 1000)
    office.look_beside(tmp_path / "calendar.db")
    booked = await office.ask("bookings.book", "call-0001", **wish())
    for operation in ("customers.export", "customers.erase"):
        code, _ = await office.refused(operation, "call-0002", id=booked["customer"])
        assert code == "storage_unavailable"
    assert len((await office.everything())["customer"]) == 1
