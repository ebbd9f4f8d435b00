"""Cem looks at his own calendar: what Anna books, moves off and what he closes there is right."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from calendars import calendar, event
from cast import message
from company import did, line_of, process, server
from plausch.agent.config import load_business
from plausch.content.cards import BookingCard, CancelRequest, card_message
from plausch.sdk import Client
from plausch.sdk.composing import new_salt
from radicale_server import PASSWORD, USER, Radicale

PATIENCE_S = 60


async def until(holds: Callable[[], bool]) -> None:
    """Ask the calendar's server again and again; each question is a request."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0)


def written(home: Path, url: str) -> None:
    """Cem's calendar.toml."""
    file = home / "calendar.toml"
    account = f'user = "{USER}"\npassword = "{PASSWORD}"\n'
    file.write_text(f'[bookings]\nurl = "{url}"\n{account}', encoding="utf-8")
    file.chmod(0o600)


async def test_annas_booking_is_in_cems_calendar_and_leaves_it_again(tmp_path: Path) -> None:
    home, radicale = tmp_path / "linde", Radicale(tmp_path / "radicale")
    radicale.start()
    try:
        with server(tmp_path / "server") as url:
            did("agent", "init", "--home", home, "--server", url, "--name", "linde")
            written(home, radicale.make())
            log = tmp_path / "agent.log"
            async with await Client.register(tmp_path / "anna", url, "anna") as anna:
                with process("agent", "run", "--home", home, log=log) as agent:
                    line_of(agent, "ready ")
                    conversation = await anna.conversation_with("linde@localhost")
                    await conversation.send_text("Tisch für 2 in 8 Tagen um 19 Uhr, Name: Anna")
                    assert isinstance((await message(anna)).card, BookingCard)  # held for a yes
                    await conversation.send_text("ja")
                    card = (await message(anna)).card
                    assert isinstance(card, BookingCard)
                    name = f"{card.uid}.ics"
                    await until(
                        lambda: (
                            radicale.names() == {name}
                            and "SUMMARY:2 Personen · Anna" in radicale.text(name)
                        )
                    )
                    cancel = CancelRequest(card.uid)
                    await conversation.send(
                        card_message(cancel, "Absagen", language="de", salt=new_salt())
                    )
                    await until(lambda: radicale.names() == set())
            logged = log.read_text()
            assert "calendar: 1 written" in logged and "Anna" not in logged
            assert PASSWORD not in logged
            edits = did("agent", "calendar", "--home", home, "--edits", "--json")
            assert json.loads(edits.out) == {"edits": []}
    finally:
        radicale.stop()


def test_files_go_out_and_come_in(tmp_path: Path) -> None:
    """The way of a new owner: the old book as CSV, holidays as .ics, all of it out again."""
    home = tmp_path / "linde"
    with server(tmp_path / "server") as url:
        did("agent", "init", "--home", home, "--server", url, "--name", "linde")
    assert load_business(home / "business.toml").name == "Zur Linde"
    old = tmp_path / "alt.csv"
    old.write_bytes("Datum;Uhrzeit;Personen;Name\n24.11.2027;19:00;2;Müller\n".encode("cp1252"))
    said = did("--language", "de", "agent", "import", "bookings", old, "--home", home)
    assert said.out.startswith("Übernommen: 1;") and "Windows-1252" in said.out
    out = tmp_path / "bookings.ics"
    did("agent", "export", "bookings", "--format", "ics", "--home", home, "--output", out)
    assert "Müller" in out.read_text(encoding="utf-8")
    holidays = tmp_path / "ferien.ics"
    holidays.write_text(calendar(event("a", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=WEEKLY")))
    block = ("agent", "calendar", "--home", home, "--block", holidays, "--as", "ferien", "--json")
    assert json.loads(did(*block).out)["closed"] > 20
    assert json.loads(did(*block).out) == {"closed": 0, "opened": 0, "problems": []}
