"""An auditor of the agent's book: reads the file by itself and believes nobody."""

import sqlite3
from collections import Counter
from itertools import combinations
from pathlib import Path

from plausch.domain.business import Business

CLAIMING = ("held", "confirmed", "seated")


def audit(path: Path, restaurant: Business) -> int:
    """Check every promise of the book; how many bookings have tables now."""
    with sqlite3.connect(path) as connection:
        bookings = connection.execute(
            "SELECT uid, party, starts_at_s, state, resources, first_quantum, end_quantum "
            "FROM booking"
        ).fetchall()
        claims = connection.execute("SELECT resource, quantum, uid FROM claim").fetchall()
        paces = connection.execute("SELECT slot, covers, max_covers FROM pace").fetchall()
    connection.close()
    claiming = [row for row in bookings if row[3] in CLAIMING]
    expected = Counter(
        (resource, quantum, uid)
        for uid, _, _, _, resources, first, end in claiming
        for resource in resources.split("\n")
        for quantum in range(first, end)
    )
    assert Counter(claims) == expected, "claims without booking, or bookings without claims"
    for one, two in combinations(claiming, 2):
        shared = set(one[4].split("\n")) & set(two[4].split("\n"))
        meet = one[5] < two[6] and two[5] < one[6]
        assert not (shared and meet), f"{one[0]} and {two[0]} sit at {shared}"
    for uid, party, *_, resources, _, _ in claiming:
        tables = tuple(resources.split("\n"))
        fitting = {seating.resources for seating in restaurant.floor.seatings(party)}
        assert tables in fitting, f"{uid}: a party of {party} at {tables}"
    pacing = restaurant.service().pacing
    if pacing is not None:
        covers: Counter[int] = Counter()
        for _, party, starts_at_s, *_ in claiming:
            covers[pacing.window(starts_at_s)] += party
        assert all(count <= pacing.max_covers for count in covers.values())
        assert {slot: count for slot, count, _ in paces if count} == dict(covers)
    return len(claiming)
