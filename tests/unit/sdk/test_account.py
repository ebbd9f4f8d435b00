"""Registering: keys first, then words; and every way in which the answer may not come."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town
from crooked import Crooked, honest, willing
from plausch.base.ids import AccountAddress, NameRefused
from plausch.db.interface import StorageUnavailable
from plausch.identity.certificate import parse_certificate
from plausch.identity.device_list import parse_device_list
from plausch.sdk import Client
from plausch.sdk.account import CERTIFICATE_LIFETIME_S, CLOCK_SLACK_S, make_own
from plausch.sdk.errors import (
    ServerMisbehaved,
    ServerRefused,
    Unreachable,
    VaultExists,
    VaultMissing,
    WrongPassphrase,
)
from plausch.sdk.vault.own import Own, OwnTable
from plausch.sdk.vault.vault import DATABASE_FILE, Vault
from plausch.wire import frames as f
from unit.sdk.full_disk import nothing_written

ANNA = AccountAddress("anna", "localhost")


async def kept(home: Path) -> Own | None:
    """What the vault of an account that nobody has open says of it."""
    vault = await Vault.open(home)
    try:
        return await OwnTable(vault).get()
    finally:
        await vault.close()


def codes(frames: Sequence[f.Frame]) -> list[str]:
    return [type(frame).__name__ for frame in frames]


# --- keys ------------------------------------------------------------------------------------


@given(now_s=st.integers(CLOCK_SLACK_S, 1 << 40))
def test_a_new_account_proves_itself_from_a_day_before_for_two_years(now_s: int) -> None:
    own = make_own("http://x", ANNA, "person", now_s)
    certificate = parse_certificate(own.certificate)
    listed = parse_device_list(own.device_list)
    assert own.identity is not None
    assert certificate.device == own.device
    assert certificate.identity_key == listed.identity_key == own.identity.public
    assert certificate.signature_key == own.device_key.public != own.identity.public
    assert listed.addresses() == (own.device,)
    assert (certificate.not_before_s, certificate.expires_s) == (
        now_s - CLOCK_SLACK_S,
        now_s + CERTIFICATE_LIFETIME_S,
    )
    assert not own.registered


def test_no_two_accounts_share_a_key_or_a_device() -> None:
    made = [make_own("http://x", ANNA, "person", CLOCK_SLACK_S) for _ in range(20)]
    assert len({one.device for one in made}) == 20
    assert len({one.identity.to_bytes() for one in made if one.identity is not None}) == 20
    assert len({one.device_key.to_bytes() for one in made}) == 20


# --- registering -----------------------------------------------------------------------------


async def test_the_keys_are_on_disk_before_the_server_hears_of_them(
    town: Town, wire: Crooked
) -> None:
    on_disk: list[list[tuple[str, int]]] = []

    def look(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.Register):
            with sqlite3.connect(town.home("anna") / DATABASE_FILE) as outside:
                on_disk.append(outside.execute("SELECT uri, registered FROM own").fetchall())
            outside.close()
        return [frame]

    wire.to_server = look
    anna = await town.register("anna", url=wire.url)
    await anna.close()
    assert on_disk == [[(anna.device.uri, 0)]]


async def test_nothing_leaves_when_the_keys_cannot_be_written(town: Town, wire: Crooked) -> None:
    await (await Vault.open(town.home("anna"), make=True)).close()
    with nothing_written(town.home("anna")), pytest.raises(StorageUnavailable):
        await town.register("anna", url=wire.url)
    assert wire.sent == []
    async with await town.register("anna", url=wire.url) as anna:
        assert anna.address == ANNA


@pytest.mark.parametrize("name", ["", "Anna", "anna ", "a/b", ".anna", "x" * 33, "änna"])
async def test_a_name_that_is_none_is_refused_without_asking_anybody(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(NameRefused):
        await Client.register(tmp_path / "home", "http://127.0.0.1:1", name)


async def test_a_server_that_is_away_leaves_a_vault_to_try_again_in(town: Town) -> None:
    await town.shut()
    with pytest.raises(Unreachable):
        await town.register("anna")
    with pytest.raises(VaultMissing, match="not finished"):
        await Client.open(town.home("anna"))
    await town.open()
    await (await town.register("anna")).close()


async def test_a_name_is_given_once_and_another_may_be_chosen(town: Town) -> None:
    await (await town.register("anna")).close()
    home = town.home("other")
    with pytest.raises(ServerRefused) as caught:
        await Client.register(home, town.url, "anna")
    assert caught.value.code == "name_taken"
    refused = await kept(home)
    other = await Client.register(home, town.url, "anna2")
    await other.close()
    assert refused is not None
    assert other.device.device != refused.device.device


async def test_a_second_account_needs_a_second_folder(town: Town) -> None:
    anna = await town.register("anna")
    await anna.close()
    for name in ("anna", "cem"):
        with pytest.raises(VaultExists, match="anna@localhost"):
            await Client.register(town.home("anna"), town.url, name)
    reopened = await Client.open(town.home("anna"))
    assert reopened.device == anna.device
    await reopened.close()


async def test_the_passphrase_of_an_unfinished_registration_is_its_passphrase(
    town: Town, wire: Crooked
) -> None:
    home = town.home("anna")
    wire.to_device = lambda _: []
    registering = asyncio.create_task(Client.register(home, wire.url, "anna", passphrase="Linde"))
    await met(wire)
    wire.cut()
    with pytest.raises(Unreachable):
        await registering
    wire.to_device = honest
    for wrong in ("linde", None):
        with pytest.raises(WrongPassphrase):
            await Client.register(home, wire.url, "anna", passphrase=wrong)
    await (await Client.register(home, wire.url, "anna", passphrase="Linde")).close()


async def met(wire: Crooked) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not wire.received:
            await asyncio.sleep(0.01)


# --- when the answer does not come -----------------------------------------------------------


def lose_answer(wire: Crooked) -> None:
    """The server registers, and the connection breaks before it can say so."""

    def lose(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.Done):
            wire.cut()
            return []
        return [frame]

    wire.to_device = lose


def lose_request(wire: Crooked) -> None:
    """The connection breaks before the server hears of the registration."""

    def lose(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.Register):
            wire.cut()
            return []
        return [frame]

    wire.to_server = lose


async def interrupted(town: Town, wire: Crooked, kind: str = "person") -> Own:
    """A registration whose answer was lost; the wire is whole again."""
    if wire.to_server is willing:
        lose_answer(wire)
    with pytest.raises(Unreachable):
        await town.register("anna", kind=kind, url=wire.url)
    wire.to_device, wire.to_server = honest, willing
    begun = await kept(town.home("anna"))
    assert begun is not None
    assert not begun.registered
    return begun


@pytest.mark.parametrize("lose", [lose_answer, lose_request])
async def test_an_interrupted_registration_goes_on_with_the_same_keys(
    town: Town, wire: Crooked, lose: object
) -> None:
    assert callable(lose)
    lose(wire)
    begun = await interrupted(town, wire)
    async with await town.register("anna", url=wire.url) as anna:
        await anna.synchronize()
        assert anna.device == begun.device
    finished = await kept(town.home("anna"))
    assert finished is not None
    assert (finished.certificate, finished.device_list) == (begun.certificate, begun.device_list)
    assert finished.registered


async def test_a_cancelled_registration_goes_on_with_the_same_keys(
    town: Town, wire: Crooked
) -> None:
    asked = asyncio.Event()

    def swallow(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        asked.set()
        return []

    wire.to_server = swallow
    registering = asyncio.create_task(town.register("anna", url=wire.url))
    await asyncio.wait_for(asked.wait(), PATIENCE_S)
    registering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await registering
    wire.to_server = willing
    begun = await kept(town.home("anna"))
    assert begun is not None, "the vault is free, and the keys are in it"
    async with await town.register("anna", url=wire.url) as anna:
        assert anna.device == begun.device


async def test_what_was_registered_after_all_is_no_other_account(town: Town, wire: Crooked) -> None:
    """Anna's answer was lost, and then somebody asks for Cem: she is not called Cem by that."""
    await interrupted(town, wire)
    with pytest.raises(VaultExists, match="anna@localhost"):
        await Client.register(town.home("anna"), wire.url, "cem")
    async with await Client.open(town.home("anna")) as anna:
        assert anna.address == ANNA
    await (await town.register("cem")).close()


async def test_the_server_may_have_moved_between_the_tries(town: Town, wire: Crooked) -> None:
    await interrupted(town, wire)
    async with await town.register("anna") as anna:
        assert anna.server_url == town.url
        await anna.synchronize()
    async with await Client.open(town.home("anna")) as anna:
        assert anna.server_url == town.url


async def test_a_kind_may_be_chosen_anew_while_nobody_knows_it(town: Town, wire: Crooked) -> None:
    lose_request(wire)
    await interrupted(town, wire)
    await (await town.register("anna", kind="business", url=wire.url)).close()
    finished = await kept(town.home("anna"))
    assert finished is not None
    assert finished.kind == "business"
    async with await town.register("cem") as cem:
        assert (await cem.contact("anna@localhost")).kind == "business"


async def test_keys_that_may_be_an_accounts_are_not_thrown_away(town: Town, wire: Crooked) -> None:
    """Whether these keys are registered cannot be said right now: then they stay."""
    begun = await interrupted(town, wire)
    wire.to_device = lambda frame: (
        [f.Refused(frame.id, "rate_limited", "Later.", "operator", 1000)]
        if isinstance(frame, f.LoggedIn)
        else [frame]
    )
    with pytest.raises(ServerRefused, match="Later"):
        await Client.register(town.home("anna"), wire.url, "another")
    still = await kept(town.home("anna"))
    assert still is not None
    assert (still.device, still.certificate) == (begun.device, begun.certificate)


# --- servers that lie ------------------------------------------------------------------------


def says_it_is(domain: str, frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
    if isinstance(frame, f.Hello):
        return [f.Hello(frame.version, domain, frame.nonce, frame.registration)]
    return [frame]


@pytest.mark.parametrize("domain", ["", "Not A Domain", "a/u/b", "x" * 256, "evil\n.example"])
async def test_a_server_without_a_proper_domain_gets_no_account(
    town: Town, wire: Crooked, domain: str
) -> None:
    """An address that cannot be read back would spoil the vault for good."""
    wire.to_device = lambda frame: says_it_is(domain, frame)
    with pytest.raises(ServerMisbehaved, match="domain"):
        await town.register("anna", url=wire.url)
    assert wire.sent == []
    wire.to_device = honest
    async with await town.register("anna", url=wire.url) as anna:
        assert anna.address == ANNA


async def test_keys_of_one_domain_log_in_to_no_other(town: Town, wire: Crooked) -> None:
    begun = await interrupted(town, wire)
    wire.sent.clear()
    wire.to_device = lambda frame: says_it_is("example.org", frame)
    with pytest.raises(ServerRefused):
        await town.register("anna", url=wire.url)
    assert codes(wire.sent) == ["Register"]
    (sent,) = wire.sent
    assert isinstance(sent, f.Register)
    assert parse_certificate(sent.certificate).identity_key != begun.device_key.public
    assert parse_device_list(sent.device_list).account == AccountAddress("anna", "example.org")
