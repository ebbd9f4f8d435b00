"""The tables of profiles: one row for each business, its pictures, and what the directory reads."""

from plausch.server.store import blob, profile
from plausch.server.store.profile import FoundRow, ProfileRow, Query
from unit.server.store.conftest import Rows

FIRST = ProfileRow(
    1, b"first", 7, 1, "Zur Linde", "restaurant", "86150", "Augsburg", " zur linde ", " 86150 "
)
ANY = Query([], "", "%", "", 10)


async def test_the_newest_profile_takes_the_place_of_the_one_before(rows: Rows) -> None:
    await rows.run(lambda tx: profile.put(tx, rows.cem, FIRST, []))
    assert await rows.run(lambda tx: profile.of_account(tx, rows.cem)) == (1, b"first")
    second = FIRST._replace(seq=2, signed=b"second")
    await rows.run(lambda tx: profile.put(tx, rows.cem, second, []))
    assert await rows.run(lambda tx: profile.by_name(tx, "cem")) == b"second"
    assert await rows.run(lambda tx: profile.of_account(tx, rows.anna)) is None
    assert await rows.run(lambda tx: profile.by_name(tx, "anna")) is None


async def test_a_blob_that_a_profile_shows_does_not_grow_old(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, b"n1", rows.cem, 5, b"d1", 1))
    row = await rows.run(lambda tx: blob.find(tx, b"n1"))
    assert row is not None
    await rows.run(lambda tx: blob.stored(tx, row.key, 1))
    assert await rows.run(lambda tx: blob.old(tx, 100, 100, 9)) == [(row.key, b"n1")]
    await rows.run(lambda tx: profile.put(tx, rows.cem, FIRST, [(b"d1", b"n1")]))
    assert await rows.run(lambda tx: blob.old(tx, 100, 100, 9)) == []


async def test_the_directory_reads_what_is_listed(rows: Rows) -> None:
    await rows.run(lambda tx: profile.put(tx, rows.cem, FIRST, []))
    await rows.run(lambda tx: profile.put(tx, rows.anna, FIRST._replace(is_listed=0), []))
    found = [FoundRow("cem", "Zur Linde", "restaurant", "86150", "Augsburg")]
    assert await rows.run(lambda tx: profile.find(tx, ANY)) == found
    for query, expected in (
        (ANY._replace(patterns=["% zur%", "% lin%"]), found),
        (ANY._replace(patterns=["% x%"]), []),
        (ANY._replace(kind="shop"), []),
        (ANY._replace(place="% 861%"), found),
        (ANY._replace(after="cem"), []),
        (ANY._replace(limit=0), []),
    ):
        assert await rows.run(lambda tx, query=query: profile.find(tx, query)) == expected
