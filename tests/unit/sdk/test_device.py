"""The wiring: whom a device takes for another, and in which order it does what after a login."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town, expected, texts
from crooked import Crooked
from plausch.base.clock import ManualClock, SystemClock
from plausch.base.ids import AccountAddress, NameRefused
from plausch.sdk import Client, ProblemFound
from plausch.sdk.account import make_own
from plausch.sdk.contacts import ContactState
from plausch.sdk.device import Device, build
from plausch.sdk.errors import SdkError
from plausch.sdk.vault.own import OwnTable
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f
from unit.sdk.tunnel import core_of

ANNA = AccountAddress("anna", "localhost")
NOWHERE = "http://127.0.0.1:1"
NOW_S = 1_800_000_000


@pytest.fixture
async def device(vault: Vault) -> Device:
    return await build(vault, make_own(NOWHERE, ANNA, "person", NOW_S), ManualClock())


# --- others ----------------------------------------------------------------------------------


class Somebody:
    """The part of a device that tells others from oneself."""

    def __init__(self) -> None:
        self.core = self
        self.address = ANNA


@given(name=st.from_regex(r"[a-z0-9]{1,32}", fullmatch=True), given_as_text=st.booleans())
def test_everybody_else_of_the_server_is_another(name: str, given_as_text: bool) -> None:
    address = AccountAddress(name, "localhost")
    asked = str(address) if given_as_text else address
    assume(address != ANNA)
    somebody: object = Somebody()
    assert Device.parse_other(somebody, asked) == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "error", "reason"),
    [
        ("anna@localhost", SdkError, "this very account"),
        (ANNA, SdkError, "this very account"),
        ("cem@example.org", SdkError, "lives on another server"),
        (AccountAddress("anna", "localhost:8080"), SdkError, "lives on another server"),
        ("cem", NameRefused, "expected name@domain"),
        ("Cem@localhost", NameRefused, "not a name"),
        ("cem@local host", NameRefused, "not a domain"),
        ("cem@localhost@localhost", NameRefused, "not a domain"),
        ("", NameRefused, "expected name@domain"),
    ],
)
async def test_oneself_strangers_and_nonsense_are_nobody_to_write_to(
    device: Device, address: str | AccountAddress, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        device.parse_other(address)


# --- building --------------------------------------------------------------------------------


async def test_a_new_device_believes_in_itself(device: Device) -> None:
    core = device.core
    own = core.trust.account(ANNA)
    assert own is not None
    assert (own.state, own.known) == (ContactState.VERIFIED, True)
    assert core.trust.device_list(ANNA).addresses() == (core.device,)
    judge = core.trust.judge({ANNA})
    judge(core.credential, core.own.device_key.public, "member")
    assert not core.transport.online
    assert core.lives == {}
    assert device.outbox.sync is device.sync


async def test_building_again_finds_the_same(vault: Vault) -> None:
    own = make_own(NOWHERE, ANNA, "business", NOW_S)
    first = await build(vault, own, ManualClock())
    again = await build(vault, own, ManualClock())
    assert again.core.trust.account(ANNA) == first.core.trust.account(ANNA)
    kept = again.core.trust.account(ANNA)
    assert kept is not None
    assert kept.kind == "business"


async def test_an_address_in_the_vault_that_is_none_is_refused(vault: Vault) -> None:
    with pytest.raises(SdkError, match="not a server's address"):
        await build(vault, make_own("localhost", ANNA, "person", NOW_S), SystemClock())


async def test_a_vault_with_such_an_address_is_free_again(town: Town) -> None:
    anna = await town.register("anna")
    core = core_of(anna)
    await core.vault.write([core.own_table.put(replace(core.own, server_url="localhost"))])
    await anna.close()
    for _ in range(2):
        with pytest.raises(SdkError, match="not a server's address"):
            await Client.open(town.home("anna"))
    vault = await Vault.open(town.home("anna"))
    await vault.write([OwnTable(vault).put(core.own)])
    await vault.close()
    await (await Client.open(town.home("anna"))).close()


# --- after a login ---------------------------------------------------------------------------


def place(frames: Sequence[f.Frame], kind: type[f.Frame]) -> int:
    return next(index for index, frame in enumerate(frames) if isinstance(frame, kind))


async def test_a_device_reads_before_it_writes(town: Town, wire: Crooked) -> None:
    """While Anna was away Cem removed her: what she wrote meanwhile is not sent to the log."""
    anna, cem = await town.register("anna", url=wire.url), await town.person("cem")
    async with anna:
        group = await anna.create_group("Club", ["cem@localhost"])
        await group.make_admin("cem@localhost")
        await (await group.send_text("hello")).accepted()
    assert await texts(cem, 1) == ["hello"]
    anna = await Client.open(town.home("anna"))
    late = await anna.conversation(group.id).send_text("too late")
    await cem.conversation(group.id).remove("anna@localhost")
    wire.sent.clear()
    await town.connect(anna)
    with pytest.raises(SdkError, match="has left the conversation"):
        await asyncio.wait_for(late.accepted(), PATIENCE_S)
    assert wire.appends() == []
    assert anna.conversation(group.id).state == "left"


async def test_what_waits_goes_out_before_the_stock_is_filled_up(town: Town, wire: Crooked) -> None:
    """People wait for words, nobody waits for key packages."""
    anna, cem = await town.register("anna", url=wire.url), await town.person("cem")
    async with anna:
        talk = await anna.conversation_with("cem@localhost")
        await (await talk.send_text("hello")).accepted()
    anna = await Client.open(town.home("anna"))
    await anna.conversation(talk.id).send_text("words first")
    wire.sent.clear()
    await town.connect(anna)
    assert await texts(cem, 2) == ["hello", "words first"]
    assert place(wire.sent, f.Login) < place(wire.sent, f.Resume) < place(wire.sent, f.Append)
    await asyncio.wait_for(core_of(anna).greeted.wait(), PATIENCE_S)


async def test_a_server_that_takes_no_key_packages_still_carries_messages(
    town: Town, wire: Crooked
) -> None:
    anna, cem = await town.register("anna", url=wire.url), await town.person("cem")
    async with anna:
        await anna.contact("cem@localhost")
    anna = await Client.open(town.home("anna"))
    core = core_of(anna)
    await core.vault.write([core.key_packages.delete_old(1 << 52)])  # there is much to upload
    events = anna.events()

    def judge(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.UploadKeyPackages):
            for one in wire.devices:
                one.send(f.Refused(frame.id, "bad_key_package", "Not these.", "local"))
            return []
        return [frame]

    wire.to_server = judge
    await town.connect(anna)
    problem = await expected(events, ProblemFound)
    assert (problem.code, problem.sentence) == ("bad_key_package", "Not these.")
    await (await anna.conversation_with("cem@localhost")).send_text("all the same")
    assert await texts(cem, 1) == ["all the same"]


async def test_pushes_and_answers_of_a_closed_device_are_nothing_to_it(
    town: Town, wire: Crooked
) -> None:
    """The server goes on talking while the device leaves."""
    anna = await town.person("anna", url=wire.url)
    shown: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: shown.append(about))
    closing = asyncio.create_task(anna.close())
    for number in range(20):
        wire.push(f.MailboxMoved(number))
        wire.push(f.DeviceListMoved("cem"))
        wire.push(f.Delivery(b"r" * 16, number, []))
        await asyncio.sleep(0)
    await asyncio.wait_for(closing, PATIENCE_S)
    assert shown == []
