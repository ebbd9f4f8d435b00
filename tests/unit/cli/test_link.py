"""Two terminals: one has the account, the other gets it; and an agent that is paired so."""

import asyncio
import json
from pathlib import Path

import pytest

from plausch.cli.agent import BUSINESS_FILE
from plausch.sdk import Client

from .conftest import Person, Plausch, Town
from .two_terminals import Terminal, at_terminal


async def digits_of(new: Terminal) -> str:
    said = await new.line("Type ")
    return said.partition("Type ")[2].partition(" on")[0]


async def linked(
    existing: tuple[object, ...], new: tuple[object, ...], *, from_new: bool, typed: str = ""
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """Both to their ends; the link goes from one to the other, the digits back."""
    first, second = (new, existing) if from_new else (existing, new)
    async with at_terminal(*first) as shows:
        link = await shows.line("/#/link/")
        async with at_terminal(*second, link) as follows:
            old, young = (follows, shows) if from_new else (shows, follows)
            digits = await digits_of(young)
            await old.line("wants to become a device")
            if typed:
                old.types(typed)
                await old.line("not the digits")
            old.types(digits)
            await young.line("Is this to be a device of")
            young.types("y")
            return await asyncio.gather(old.end(), young.end())


@pytest.mark.parametrize("from_new", [True, False])
def test_a_device_is_linked_from_terminal_to_terminal(
    plausch: Plausch, town: Town, anna: Person, from_new: bool
) -> None:
    home = town.empty_home("tablet")
    existing = ("devices", "link", "--home", anna.home)
    new = ("link", "--home", home, "--server", town.url, "--name", "Tablet")
    old, young = asyncio.run(linked(existing, new, from_new=from_new, typed="000 00"))
    assert old[0] == young[0] == 0, (old, young)
    assert young[1] == f"This is a device of {anna.address} now.\n"
    assert "begins with what comes now" in young[2]
    assert f"is a device of {anna.address} now." in old[1]
    answer = json.loads(plausch("devices", "list", "--home", home, "--json").out)
    assert len(answer["devices"]) == 2
    assert [one["staff"] for one in answer["devices"]] == [False, False]


def business(town: Town) -> Person:
    name, home = town.free_name("linde"), town.empty_home("linde")

    async def register() -> None:
        await (await Client.register(home, town.url, name, kind="business")).close()

    asyncio.run(register())
    return Person(home, f"{name}@localhost")


def test_staff_is_linked_and_can_link_nobody(plausch: Plausch, town: Town) -> None:
    linde, home = business(town), town.empty_home("waiter")
    existing = ("devices", "link", "--staff", "--home", linde.home, "--json")
    new = ("link", "--home", home, "--server", town.url, "--json")
    old, young = asyncio.run(linked(existing, new, from_new=True))
    assert old[0] == young[0] == 0, (old, young)
    assert json.loads(old[1])["is_staff"] is json.loads(young[1])["is_staff"] is True
    assert json.loads(old[1])["device"] == json.loads(young[1])["device"]
    listed = plausch("devices", "list", "--home", home)
    assert "staff, this device" in listed.out
    ran = plausch("devices", "link", "--home", home)
    assert ran.code == 1
    assert "only a device of an owner can do that" in ran.sentence


def test_an_agent_is_paired(plausch: Plausch, town: Town) -> None:
    linde, home = business(town), town.empty_home("agent")
    existing = ("devices", "link", "--home", linde.home)
    new = ("agent", "pair", "--home", home, "--server", town.url)
    old, young = asyncio.run(linked(existing, new, from_new=False))
    assert old[0] == young[0] == 0, (old, young)
    assert young[1].startswith(f"Zur Linde is {linde.address}. Start it with: plausch agent run")
    assert (home / BUSINESS_FILE).is_file()


async def refused(
    existing: tuple[object, ...], new: tuple[object, ...]
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """How both end when the new device does not want what it is handed."""
    async with at_terminal(*existing) as old:
        link = await old.line("/#/link/")
        async with at_terminal(*new, link) as young:
            digits = await digits_of(young)
            await old.line("wants to become a device")
            old.types(digits)
            return await asyncio.gather(old.end(), young.end())


def test_a_device_of_staff_is_no_agent(plausch: Plausch, town: Town) -> None:
    linde, home = business(town), town.empty_home("agent")
    existing = ("devices", "link", "--staff", "--home", linde.home)
    old, young = asyncio.run(
        refused(existing, ("agent", "pair", "--home", home, "--server", town.url))
    )
    assert old[0] == young[0] == 1, (old, young)
    assert "This device belongs to staff" in young[2]
    assert not (home / BUSINESS_FILE).exists()
    listed = json.loads(plausch("devices", "list", "--home", linde.home, "--json").out)
    assert len(listed["devices"]) == 1, "the new device was taken off the list again"


def test_a_private_account_has_no_agent(plausch: Plausch, town: Town, anna: Person) -> None:
    home = town.empty_home("agent")
    existing = ("devices", "link", "--home", anna.home)
    new = ("agent", "pair", "--home", home, "--server", town.url)
    old, young = asyncio.run(refused(existing, new))
    assert old[0] == young[0] == 1, (old, young)
    assert f"{anna.address} is a private account, and an agent works for a business" in young[2]
    assert not (home / BUSINESS_FILE).exists()
    listed = json.loads(plausch("devices", "list", "--home", anna.home, "--json").out)
    assert len(listed["devices"]) == 1, "the new device was taken off the list again"
    assert plausch("agent", "run", "--home", home).code == 1


def test_a_person_says_no(town: Town, anna: Person) -> None:
    async def declined() -> tuple[tuple[int, str, str], tuple[int, str, str]]:
        new = ("link", "--home", town.empty_home("tablet"), "--server", town.url)
        async with at_terminal(*new) as young:
            link = await young.line("/#/link/")
            async with at_terminal("devices", "link", "--home", anna.home, link) as old:
                await old.line("wants to become a device")
                old.types("")
                return await asyncio.gather(old.end(), young.end())

    old, young = asyncio.run(declined())
    assert old[0] == young[0] == 1
    assert "declined on this device" in old[2]
    assert "declined on the other device" in young[2]


def test_a_home_with_an_account_is_not_linked(plausch: Plausch, town: Town, anna: Person) -> None:
    ran = plausch("link", "--home", anna.home, "--server", town.url)
    assert ran.code == 1
    assert f"already an account in {anna.home}" in ran.sentence


def test_a_link_or_a_server_is_needed(plausch: Plausch, town: Town) -> None:
    home = town.empty_home("tablet")
    for command in (("link",), ("agent", "pair")):
        ran = plausch(*command, "--home", home)
        assert ran.code == 2
        assert "--server URL" in ran.sentence
    ran = plausch("link", "rubbish", "--home", home)
    assert ran.code == 1
    assert "not a whole link" in ran.sentence
    assert not Path(home).exists()
