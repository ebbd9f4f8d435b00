"""Linking over a real server, from the code to the end; and over one that lies."""

import asyncio
import re
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, settled, texts, until
from crooked import Crooked, willing
from plausch.identity.keys import SigningKey
from plausch.mls.errors import GroupUsageError, ProtocolError
from plausch.mls.group import Group
from plausch.mls.staged import StagedCommit
from plausch.sdk import Client
from plausch.sdk.core import Live
from plausch.sdk.errors import NotOwner, SdkError, VaultExists
from plausch.sdk.pairing import (
    Cancelled,
    Commitment,
    Finished,
    Offer,
    Offered,
    PairingMessage,
    Reveal,
    Sealed,
    commitment_to,
    make_hpke_keys,
    make_offer,
    parse_link,
)
from plausch.wire import frames as f
from unit.sdk.linking_players import Linking, Newcomer, Owner, both, codes_of, swapping
from unit.sdk.talks import core_of, eventually

_, MALLORYS_HPKE_KEY = make_hpke_keys()
MALLORYS_KEY = SigningKey.generate()


def begun(step: object) -> "asyncio.Future[object]":
    return asyncio.ensure_future(step)  # type: ignore[arg-type]


async def test_a_device_is_linked_by_its_own_code(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna)
    tablet = await linking.by_the_new_ones_code()
    assert linking.newcomer.asked == ["anna@localhost"]
    assert linking.owner.asked == [("Tablet", 1)]
    assert re.fullmatch(r"\d{6}", await linking.newcomer.digits())
    assert tablet.address == anna.address
    assert not tablet.is_staff
    assert sorted(await anna.devices()) == sorted([anna.device, tablet.device])
    assert core_of(tablet).own.identity is not None
    await tablet.close()


async def test_a_device_is_linked_by_the_other_ones_code(town: Town) -> None:
    anna = await town.person("anna")
    tablet = await Linking(town, anna).by_the_existing_ones_code()
    assert tablet.address == anna.address
    await tablet.close()


async def test_a_linked_device_is_in_the_conversations_and_links_another(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await (await conversation.send_text("before")).accepted()
    await texts(cem, 1)
    tablet = await town.connect(await Linking(town, anna).by_the_new_ones_code())
    await until(lambda: len(conversation.members) == 3, anna)
    await (await cem.conversation_with("anna@localhost")).send_text("to both")
    assert await texts(tablet, 1) == ["to both"]  # and nothing of what was said before
    (here,) = tablet.conversations()
    assert not here.request
    await (await here.send_text("from the tablet")).accepted()
    assert await texts(cem, 1) == ["from the tablet"]
    third = await Linking(town, tablet, home="third").by_the_existing_ones_code()
    assert len(await tablet.devices()) == 3
    await third.close()


async def test_a_vault_that_has_an_account_is_not_linked(town: Town) -> None:
    anna, cem = await town.register("anna"), await town.register("cem")
    await cem.close()
    with pytest.raises(VaultExists, match="cem@localhost"):
        await Linking(town, anna, home="cem").join("")
    await anna.close()


async def test_two_codes_of_one_side_do_not_meet(town: Town) -> None:
    anna = await town.person("anna")
    newcomer, owner = Newcomer(), Owner()
    linking = Linking(town, anna, newcomer, owner)
    joining, giving = begun(linking.join("")), begun(linking.give(""))
    news, existings = await newcomer.link(), await owner.link()
    for step in (Linking(town, anna, home="other").join(news), linking.give(existings)):
        with pytest.raises(SdkError) as caught:
            await step
        assert caught.value.code == "link_same_side"
    joining.cancel()
    giving.cancel()
    await asyncio.wait({joining, giving})


async def test_mistyped_digits_are_asked_for_again(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna, owner=Owner(typed=["", "x" * 6]))
    tablet = await linking.by_the_existing_ones_code()
    assert [attempt for _, attempt in linking.owner.asked] == [1, 2, 3]
    await tablet.close()


async def test_after_the_third_time_it_is_over(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna, owner=Owner(typed=["1", "2", "3"]))
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving, joining) == ["link_digits_differ", "link_declined"]
    assert await anna.devices() == [anna.device]


async def test_a_no_on_the_existing_device_ends_it(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna, owner=Owner(typed=[None]))
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving, joining) == ["link_cancelled", "link_declined"]
    assert await anna.devices() == [anna.device]


async def test_a_no_on_the_new_device_takes_it_off_the_list_again(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna, Newcomer(answer=False))
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving, joining) == ["link_declined", "link_cancelled"]
    assert await anna.devices() == [anna.device]
    assert core_of(anna).trust.device_list(anna.address).seq == 3


async def test_a_program_that_is_ended_tells_the_other_device(town: Town) -> None:
    anna = await town.person("anna")
    linking = Linking(town, anna, owner=Owner(typed=["1"]))
    linking.newcomer.wondering = asyncio.Event()
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    await eventually(lambda: bool(linking.owner.asked))
    joining.cancel()
    (code,) = await codes_of(giving)
    assert code == "link_declined"


async def test_a_second_device_at_one_code_is_refused(town: Town) -> None:
    anna = await town.person("anna")
    first = Newcomer()
    first.wondering = asyncio.Event()
    linking = Linking(town, anna, first)
    giving = begun(linking.give(""))
    link = await linking.owner.link()
    joining = asyncio.ensure_future(linking.join(link))
    await first.digits()
    late = begun(Linking(town, anna, Newcomer(), home="late").join(link))
    assert await codes_of(late) == ["pairing_taken"]
    first.wondering.set()
    tablet = await both(joining, giving)
    assert sorted(await anna.devices()) == sorted([anna.device, tablet.device])
    await tablet.close()


# --- a server that lies ----------------------------------------------------------------------


async def attacked(town: Town, wire: Crooked) -> Linking:
    """A linking of which everything goes over the wire."""
    return Linking(town, await town.person("anna", url=wire.url))


def mallorys(pairing: bytes, key: SigningKey = MALLORYS_KEY) -> Offer:
    return make_offer(pairing, key, MALLORYS_HPKE_KEY, "Tablet")


def in_between(wire: Crooked, offer: Offer) -> None:
    """The server commits itself to an offer of its own, and reveals that."""
    nonce = bytes([9]) * 32

    def swap(message: PairingMessage) -> PairingMessage:
        if isinstance(message, Commitment):
            return Commitment(commitment_to(nonce, offer))
        return Reveal(nonce, offer) if isinstance(message, Reveal) else message

    swapping(wire, Commitment, swap)
    committing = wire.to_server
    swapping(wire, Reveal, swap)
    revealing = wire.to_server
    wire.to_server = lambda frame: [
        passed for altered in committing(frame) for passed in revealing(altered)
    ]


@pytest.mark.parametrize("part", ["hpke_key", "device_key", "name", "signature"])
async def test_swapped_keys_are_noticed(town: Town, wire: Crooked, part: str) -> None:
    linking = await attacked(town, wire)
    other = replace(mallorys(bytes(16)), name="Printer")

    def swap(message: PairingMessage) -> PairingMessage:
        assert isinstance(message, Offered)
        swapped = {part: getattr(other, part)}
        return Offered(replace(message.offer, **swapped))

    swapping(wire, Offered, swap)
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving, joining) == ["link_keys_swapped", "link_declined"]
    assert linking.owner.asked == []
    assert await linking.client.devices() == [linking.client.device]


async def test_keys_that_were_not_committed_to_are_noticed(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)
    swapping(wire, Reveal, lambda _: Reveal(bytes(32), mallorys(bytes(16))))
    giving = begun(linking.give(""))
    joining = begun(linking.join(await linking.owner.link()))
    assert await codes_of(giving, joining) == ["link_keys_swapped", "link_declined"]
    assert linking.owner.asked == []


async def test_somebody_in_between_shows_other_digits(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)
    giving = begun(linking.give(""))
    link = await linking.owner.link()
    in_between(wire, mallorys(parse_link(link, linking.client.server_url).pairing))
    joining = begun(linking.join(link))
    # Three times what the new device really shows: none of them is right, one in a million.
    assert await codes_of(giving, joining) == ["link_digits_differ", "link_declined"]
    assert [attempt for _, attempt in linking.owner.asked] == [1, 2, 3]
    assert await linking.client.devices() == [linking.client.device]


async def test_the_key_of_another_device_is_refused(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)
    own = core_of(linking.client).own.device_key
    giving = begun(linking.give(""))
    link = await linking.owner.link()
    in_between(wire, mallorys(parse_link(link, linking.client.server_url).pairing, own))
    joining = begun(linking.join(link))
    assert await codes_of(giving, joining) == ["link_not_understood", "link_declined"]


async def test_what_was_altered_on_its_way_links_nothing(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)

    def swap(message: PairingMessage) -> PairingMessage:
        assert isinstance(message, Sealed)
        return replace(message, ciphertext=message.ciphertext[:-1] + b"\0")

    swapping(wire, Sealed, swap)
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(joining) == ["link_altered"]
    (code,) = await codes_of(giving)
    assert code == "link_declined"
    assert await linking.client.devices() == [linking.client.device]


async def test_a_server_that_cancels_for_others_links_nothing(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)
    swapping(wire, Offered, lambda _: Cancelled())
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving, joining) == ["link_declined", "link_declined"]


async def test_a_server_that_drops_finished_leaves_the_device_listed_and_tells(
    town: Town, wire: Crooked
) -> None:
    linking = await attacked(town, wire)
    swapping(wire, Finished, lambda _: Commitment(bytes(32)))
    joining = begun(linking.join(""))
    giving = begun(linking.give(await linking.newcomer.link()))
    assert await codes_of(giving) == ["link_unfinished"]
    async with asyncio.timeout(PATIENCE_S):
        tablet = await joining
    assert isinstance(tablet, Client)
    assert len(await linking.client.devices()) == 2
    wire.to_server = willing
    await tablet.close()


async def test_a_pairing_that_loses_its_connections_goes_on(town: Town, wire: Crooked) -> None:
    linking = await attacked(town, wire)
    joining = begun(linking.join(""))
    link = await linking.newcomer.link()
    giving = begun(linking.give(link))
    await linking.newcomer.digits()
    wire.cut()
    await codes_of(giving)
    async with asyncio.timeout(PATIENCE_S):
        tablet = await joining
    assert isinstance(tablet, Client)
    assert len(await linking.client.devices()) == 2
    await tablet.close()


# --- staff -----------------------------------------------------------------------------------


async def test_staff_gets_everything_but_the_identity_key(town: Town) -> None:
    linde = await town.person("linde", kind="business")
    guest = await town.person("guest")
    conversation = await guest.conversation_with("linde@localhost")
    await (await conversation.send_text("a table")).accepted()
    await texts(linde, 1)
    waiter = await town.connect(
        await Linking(town, linde, is_staff=True, home="waiter").by_the_new_ones_code()
    )
    assert waiter.is_staff
    assert core_of(waiter).own.identity is None
    assert core_of(linde).trust.device_list(linde.address).is_staff(waiter.device)
    await until(lambda: len(conversation.members) == 3, guest)
    await (await conversation.send_text("for four")).accepted()
    assert await texts(waiter, 1) == ["for four"]
    (here,) = waiter.conversations()
    await (await here.send_text("with pleasure")).accepted()
    assert await texts(guest, 1) == ["with pleasure"]
    with pytest.raises(NotOwner, match="only a device of an owner"):
        await waiter.link_device(Owner())
    with pytest.raises(NotOwner):
        await waiter.remove_device(linde.device)


async def test_a_private_account_has_no_staff(town: Town) -> None:
    anna = await town.person("anna")
    with pytest.raises(SdkError) as caught:
        await anna.link_device(Owner(), is_staff=True)
    assert caught.value.code == "not_business"


async def test_removed_staff_reads_nothing_that_comes_after(town: Town) -> None:
    """The list goes out without it, every group is re-keyed at once, and it is logged out."""
    linde = await town.person("linde", kind="business")
    guests = [await town.person(name) for name in ("ann", "bob")]
    told = [await guest.conversation_with("linde@localhost") for guest in guests]
    for conversation in told:
        await (await conversation.send_text("before")).accepted()
    await texts(linde, 2)
    waiter = await town.connect(
        await Linking(town, linde, is_staff=True, home="waiter").by_the_new_ones_code()
    )
    for conversation, guest in zip(told, guests, strict=True):
        await until(lambda one=conversation: len(one.members) == 3, guest)  # type: ignore[misc]
    await settled(linde, waiter, *guests)
    groups = {live.id: live.kept.epoch for live in core_of(waiter).lives.values()}
    assert len(groups) == 2

    await linde.remove_device(waiter.device)
    await eventually(
        lambda: getattr(core_of(waiter).transport.failure, "code", "") == "device_removed"
    )
    await settled(linde, *guests)
    for conversation in told:
        assert waiter.device not in conversation.members
        assert core_of(linde).lives[conversation.id].kept.epoch > groups[conversation.id]
        await (await conversation.send_text("after")).accepted()
    assert await texts(linde, 2) == ["after", "after"]
    for live in core_of(waiter).lives.values():
        assert live.kept.epoch == groups[live.id]
        await opens_nothing(waiter, live, await log_after(linde, live))


async def log_after(owner: Client, live: Live) -> list[f.Envelope]:
    """What the server has of a conversation that a removed device has not seen."""
    answer = await core_of(owner).transport.ask(
        lambda request_id: f.Read(request_id, live.id, live.kept.cursor, 500), f.Envelopes
    )
    return list(answer.envelopes)


async def opens_nothing(removed: Client, live: Live, envelopes: list[f.Envelope]) -> None:
    """The server hands it everything all the same: the keys that it has open none of it."""
    saved = await core_of(removed).conversations.group(live.id)
    assert saved is not None
    group = Group.load(*saved)
    judge = core_of(removed).trust.judge(set(live.kept.participants))
    closed = 0
    for envelope in envelopes:
        try:
            staged = group.process(envelope.message, judge, core_of(removed).now_s())
        except (ProtocolError, GroupUsageError):
            closed += 1
            continue
        assert isinstance(staged, StagedCommit)
        assert staged.is_self_removed
        staged.accept()
    assert closed >= 1
