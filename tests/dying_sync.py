"""A process that keeps a calendar equal to a book of its own until it is killed.

python dying_sync.py URL STORE SEED: prints the number of each round that is done.
"""

import asyncio
import random
import sys
from dataclasses import replace

from calendars import entry
from plausch.agent.ical.dav import Collection, CollectionAddress
from plausch.agent.ical.entries import Style
from plausch.agent.ical.sync import CalendarSync
from plausch.agent.ical.sync_store import SyncStore
from plausch.agent.rows import TableBooking
from plausch.domain.booking import BookingState
from radicale_server import PASSWORD, USER
from vectors.plausch_calendar import PLAIN

NOW_S = PLAIN.starts_at_s - 86_400
BOOKINGS = 12


def book(seed: int, turn: int) -> list[TableBooking]:
    """The book at a turn: every booking is firm or cancelled and has some party."""
    chance = random.Random(seed * 1_000 + turn)
    entries = []
    for number in range(BOOKINGS):
        state = chance.choice([BookingState.CONFIRMED, BookingState.CANCELLED])
        begin_s = PLAIN.starts_at_s + number * 900
        entries.append(
            entry(
                replace(
                    PLAIN,
                    uid=f"b-{number}",
                    sequence=turn,
                    state=state,
                    party=chance.randint(1, 9),
                    starts_at_s=begin_s,
                    ends_at_s=begin_s + 5400,
                )
            )
        )
    return entries


async def main(url: str, path: str, seed: int) -> None:
    """Round after round."""
    store = await SyncStore.open(path, url)
    sync = CalendarSync(Collection(CollectionAddress(url, USER, PASSWORD)), store, Style("de"))
    turn = 0
    while True:
        await sync.round(book(seed, turn), NOW_S)
        print(turn, flush=True)
        turn += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
