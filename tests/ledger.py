"""An auditor of the agent's book: reads the file by itself and believes nobody."""

import sqlite3
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

from plausch.domain.business import Business

CLAIMING = ("pending", "held", "confirmed", "seated")


def audit(path: Path, business: Business) -> int:
    """Check every promise of the book; how many bookings have tables now."""
    with sqlite3.connect(path) as connection:
        bookings = connection.execute(
            "SELECT uid, party, starts_at_s, state, resources, first_quantum, end_quantum, "
            "pinned, source, service FROM booking"
        ).fetchall()
        claims = connection.execute("SELECT resource, quantum, uid FROM claim").fetchall()
        paces = connection.execute("SELECT service, slot, covers, max_covers FROM pace").fetchall()
    connection.close()
    claiming = [row for row in bookings if row[3] in CLAIMING]
    expected = Counter(
        (resource, quantum, row[0])
        for row in claiming
        for resource in row[4].split("\n")
        for quantum in range(row[5], row[6])
    )
    assert Counter(claims) == expected, "claims without booking, or bookings without claims"
    for one, two in combinations(claiming, 2):
        shared = set(one[4].split("\n")) & set(two[4].split("\n"))
        meet = one[5] < two[6] and two[5] < one[6]
        assert not (shared and meet), f"{one[0]} and {two[0]} sit at {shared}"
    for row in claiming:
        assert fits(business, *row[:2], row[4], row[7], row[9]), f"{row[0]}: {row[1]} at {row[4]}"
    audit_pace(business, claiming, paces)
    return len(claiming)


def fits(
    business: Business, uid: str, party: int, resources: str, pinned: int, service: str
) -> bool:
    """Whether a party may sit at its tables; staff may give it more room than it needs."""
    floor = business.floor_for(business.service(service))
    tables = tuple(resources.split("\n"))
    sizes = range(party, floor.largest_party + 1) if pinned else (party,)
    seatings = (seating.resources for size in sizes for seating in floor.seatings(size))
    return tables in seatings


def audit_pace(business: Business, claiming: list[Any], paces: list[Any]) -> None:
    """The covers of every service are those of its bookings, and no more than it may have."""
    covers: Counter[tuple[str, int]] = Counter()
    for _, party, starts_at_s, *_, source, service in claiming:
        pacing = business.service(service).pacing
        if pacing is not None and source != "walk_in":
            covers[(service, pacing.window(starts_at_s))] += party
    for (service, _), count in covers.items():
        pacing = business.service(service).pacing
        assert pacing is not None
        assert count <= pacing.max_covers
    assert {(service, slot): count for service, slot, count, _ in paces if count} == dict(covers)
