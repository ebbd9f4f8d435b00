"""Hostile requests on both engines: refused with a sentence, and nothing is changed by them."""

import random
import secrets
from collections.abc import Awaitable, Callable

import pytest

from delivery_world import SUITE, Player, World, acknowledged, opaque_append
from plausch.server.backups import Backups
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.wire import frames as f
from wire_device import accept_anyone

TEXTS = (
    "",
    "\x00",
    "a\x00b",
    "anna\n",
    "'; DROP TABLE account; --",
    "mimi://localhost/d/anna/" + "0" * 16,
    "mimi://localhost/d/anna/" + "\x00" * 16,
    "é" * 40,
    "x" * 100_000,
    "\U0001f600",
)
NUMBERS = (-(1 << 70), -1, 0, 1 << 31, 1 << 63, 1 << 70)
RAWS = (b"", b"\x00", b"\xff" * 16, b"\x93" * 500, secrets.token_bytes(5_000))


def mutations(raw: bytes, seed: int, count: int = 40) -> list[bytes]:
    """Truncated, extended, and with flipped bits."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        place = dice.randrange(len(raw))
        flipped = bytearray(raw)
        flipped[place] ^= 1 << dice.randrange(8)
        made += [bytes(flipped), raw[:place], raw + raw[place:] + b"\x00"]
    return made


async def must_refuse(call: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(Refusal) as caught:
        await call()
    assert str(caught.value)
    assert caught.value.code not in ("internal", "storage_unavailable")


async def dump(world: World) -> dict[str, int]:
    """How many rows there are, by table."""
    names = (
        "account device invitation key_package conversation group_info member stay device_cursor "
        "envelope proposal welcome mailbox"
    )

    async def body(tx):  # type: ignore[no-untyped-def]
        return {
            name: (await tx.fetch(f"SELECT count(*) FROM {name}"))[0][0] for name in names.split()
        }

    return await world.database.read(body)


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


async def test_registrations(world: World) -> None:
    person = world.person("cem")
    before = await dump(world)
    for text in TEXTS:
        await must_refuse(
            lambda text=text: world.accounts.register(
                text, "person", "", person.certificate, person.device_list
            )
        )
        await must_refuse(
            lambda text=text: world.accounts.register(
                "cem", text, "", person.certificate, person.device_list
            )
        )
    for raw in [*RAWS, *mutations(person.certificate, 1)]:
        await must_refuse(
            lambda raw=raw: world.accounts.register("cem", "person", "", raw, person.device_list)
        )
    for raw in [*RAWS, *mutations(person.device_list, 2)]:
        await must_refuse(
            lambda raw=raw: world.accounts.register("cem", "person", "", person.certificate, raw)
        )
    assert await dump(world) == before


async def test_invitation_codes(world: World) -> None:
    closed = World(world.database, clock=world.clock, registration="invitation")
    person = closed.person("cem")
    for text in TEXTS:
        await must_refuse(
            lambda text=text: closed.accounts.register(
                "cem", "person", text, person.certificate, person.device_list
            )
        )


async def test_logins(world: World, anna: Player) -> None:
    for text in TEXTS:
        await must_refuse(lambda text=text: world.devices.login(text, b"n" * 32, b"s" * 64))
    uri = anna.record.uri
    for raw in RAWS:
        await must_refuse(lambda raw=raw: world.devices.login(uri, b"n" * 32, raw))
        await must_refuse(lambda raw=raw: world.devices.login(uri, raw, b"s" * 64))


async def test_device_lists(world: World, anna: Player) -> None:
    limits = Limits(device_lists_per_hour=100_000)
    publish_list = World(world.database, clock=world.clock, limits=limits).devices.publish_list
    second, device_list = anna.second_device()
    before = await dump(world)
    for raw in [*RAWS, *mutations(device_list, 3)]:
        await must_refuse(lambda raw=raw: publish_list(anna.record, raw, [second.certificate]))
    for raw in [*RAWS, *mutations(second.certificate, 4)]:
        await must_refuse(lambda raw=raw: publish_list(anna.record, device_list, [raw]))
    assert await dump(world) == before


async def test_key_packages(world: World, anna: Player) -> None:
    good = anna.bundle().message
    before = await dump(world)
    for raw in [*RAWS, *mutations(good, 5)]:
        await must_refuse(lambda raw=raw: world.key_packages.upload(anna.record, [raw], b""))
        if raw:
            await must_refuse(lambda raw=raw: world.key_packages.upload(anna.record, [], raw))
    assert await dump(world) == before


async def test_claims(world: World, anna: Player) -> None:
    await anna.upload(2)
    for text in TEXTS:
        await must_refuse(lambda text=text: world.key_packages.claim(anna.record, text, SUITE, []))
        await must_refuse(
            lambda text=text: world.key_packages.claim(anna.record, "anna", SUITE, [text])
        )
    for number in NUMBERS:
        await must_refuse(
            lambda number=number: world.key_packages.claim(anna.record, "anna", number, [])
        )
    assert await world.supply(anna.record) == (2, False)


async def test_new_conversations(world: World, anna: Player) -> None:
    group = anna.new_group()
    good = group.group_info()
    before = await dump(world)
    for raw in [*RAWS, *mutations(good, 6)]:
        await must_refuse(
            lambda raw=raw: world.conversations.create(anna.record, group.group_id, raw)
        )
    for raw in RAWS:
        await must_refuse(lambda raw=raw: world.conversations.create(anna.record, raw, good))
    assert await dump(world) == before


async def test_appends(world: World, anna: Player) -> None:
    group = await anna.create()
    good = opaque_append(group.group_id, 0)
    values = {name: getattr(good, name) for name in good.__struct_fields__}
    before = await dump(world)
    changes: list[dict[str, object]] = [
        *[{"conversation": raw} for raw in RAWS],
        *[{"message": raw} for raw in RAWS],
        *[{"idempotency_id": raw} for raw in RAWS if len(raw) != 16],
        *[{"epoch": number} for number in NUMBERS if number],
        *[{"kind": number} for number in NUMBERS],
        *[{"kind": f.PROPOSAL, "message": raw} for raw in (*RAWS, good.message)],
    ]
    for change in changes:
        await must_refuse(
            lambda change=change: world.delivery.append(
                anna.record, f.Append(**{**values, **change})
            )
        )
    assert await dump(world) == before


async def test_commits(world: World, anna: Player) -> None:
    cem = await world.player("cem")
    group = await anna.create()
    pending = group.commit(accept_anyone, world.now_s, adds=[cem.bundle().message])
    good = anna.commit_request(group, pending, [cem.record.uri])
    values = {name: getattr(good, name) for name in good.__struct_fields__}
    before = await dump(world)
    signed = good.message[:-33]  # the membership tag is a secret of the members'
    changes: list[dict[str, object]] = [
        *[{"conversation": raw} for raw in RAWS],
        *[{"message": raw} for raw in RAWS],
        *[{"group_info": raw} for raw in RAWS],
        *[{"epoch": number} for number in NUMBERS if number],
        *[{"welcome_to": [text]} for text in TEXTS],
        *[{"group_info": raw} for raw in mutations(good.group_info, 7, 15)],
        *[
            {"message": raw + good.message[-33:]}
            for raw in mutations(signed, 8, 15)
            if raw != signed
        ],
    ]
    for change in changes:
        request = f.AppendCommit(**{**values, "idempotency_id": secrets.token_bytes(16), **change})
        await must_refuse(
            lambda request=request: world.delivery.append_commit(anna.record, request)
        )
    assert await dump(world) == before
    assert (await world.delivery.append_commit(anna.record, good)).seq == 1


async def test_reading_and_acknowledging(world: World, anna: Player) -> None:
    group = await anna.create()
    await anna.send(group)
    for number in (*NUMBERS[:2], *NUMBERS[4:]):
        await must_refuse(
            lambda number=number: world.delivery.read(anna.record, group.group_id, number, 10)
        )
        await must_refuse(
            lambda number=number: world.delivery.read_mailbox(anna.record, number, 10)
        )
    for raw in RAWS:
        await must_refuse(lambda raw=raw: world.delivery.read(anna.record, raw, 0, 10))
        await must_refuse(lambda raw=raw: world.conversations.group_info(anna.record, raw))
        await acknowledged(world, anna.record, raw, 1)
    for number in NUMBERS:
        await acknowledged(world, anna.record, group.group_id, number)
        await world.delivery.acknowledge_mailbox(anna.record, number)
    moved = (await world.delivery.resume(anna.record)).moved
    assert [(one.cursor, one.head) for one in moved] == [(0, 1)]


async def test_questions_about_names(world: World, anna: Player) -> None:
    """Whatever text is asked for: PostgreSQL has none with a zero in it, which is no error here."""
    backups = Backups(world.database, world.clock)
    for text in TEXTS:
        if text != anna.record.uri:
            await must_refuse(lambda text=text: world.devices.certificate(anna.record, text))
        await must_refuse(lambda text=text: world.accounts.get(text))
        await must_refuse(lambda text=text: world.profiles.get(text))
        await must_refuse(lambda text=text: backups.get(text, b"c" * 32))
        for asked in (
            (text, "", "", ""),
            ("", text, "", ""),
            ("", "", text, ""),
            ("", "", "", text),
        ):
            found = await world.profiles.search(anna.record, *asked, 10)
            assert found.found == []
