"""Reports on both engines: what the server believes, keeps and refuses, and who may report."""

import secrets

import msgspec
import pytest

from delivery_world import Player, World
from plausch.mls.group import Group
from plausch.server.errors import Refusal
from plausch.server.franking import open_franking
from plausch.server.limits import Limits
from plausch.server.reports import Reports
from plausch.server.store import report
from plausch.server.store.report import Disclosed, ReportRow
from plausch.wire import frames as f
from plausch.wire.franking import Stamper, frank


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def anna_and_spammer(world: World) -> tuple[Player, Player, Group, Group]:
    """Two people in a conversation, with the group of each."""
    anna, spammer = await world.player("anna"), await world.player("spammer")
    theirs = await spammer.conversation_with(anna)
    return anna, spammer, anna.groups[theirs.group_id], theirs


def about(
    *messages: f.ReportedMessage, name: str = "spammer", reason: str = "spam", note: str = ""
) -> f.Report:
    return f.Report(1, name, reason, note, list(messages), secrets.token_bytes(16))


async def open_reports(world: World) -> list[ReportRow]:
    return await world.database.read(lambda tx: report.of_state(tx, closed=False))


async def disclosed(world: World, number: int) -> list[Disclosed]:
    return await world.database.read(lambda tx: report.disclosed_in(tx, number))


async def test_genuine_messages_are_kept_for_the_operator(world: World) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    first, second = await spammer.say(theirs), await spammer.say(theirs, "Käufe! \0".encode())
    await world.reports.take(anna.record, about(first, second, reason="abuse", note="Jeden Tag."))
    (one,) = await open_reports(world)
    assert one == ReportRow(
        one.number, "anna", "spammer", "abuse", "Jeden Tag.", world.clock.now_ms(), 0, 2
    )
    assert await disclosed(world, one.number) == [
        Disclosed(theirs.group_id, spammer.record.uri, message.accepted_at_ms, message.content)
        for message in (first, second)
    ]


async def test_the_same_report_again_is_one(world: World) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    request = about(await spammer.say(theirs))
    for _ in range(3):
        await world.reports.take(anna.record, request)
    assert len(await open_reports(world)) == 1


async def test_whatever_was_changed_is_not_genuine(world: World) -> None:
    """The reporter has every field in his hands, and the key of the frank too."""
    anna, spammer, mine, theirs = await anna_and_spammer(world)
    other = await anna.conversation_with(spammer)
    message, later = await spammer.say(theirs), await spammer.say(theirs, b"Hello?")
    for changed in (
        {"content": b"I shall kill you."},
        {"content": message.content + b"\0"},
        {"content": later.content},
        {"content": later.content, "key": later.key},
        {"key": bytes(16)},
        {"accepted_at_ms": message.accepted_at_ms + 1},
        {"conversation": other.group_id},
        {"stamp": secrets.token_bytes(32)},
        {"stamp": bytes(32)},
        {"stamp": later.stamp},
        {"stamp": frank(message.key, message.content)},
        {
            "stamp": Stamper(bytes(32)).stamp(
                frank(message.key, message.content),
                mine.group_id,
                message.sender,
                message.accepted_at_ms,
            )
        },
    ):
        with refused("not_genuine"):
            await world.reports.take(
                anna.record, about(later, msgspec.structs.replace(message, **changed))
            )
    assert await open_reports(world) == []


async def test_nobody_is_reported_for_what_another_one_wrote(world: World) -> None:
    """Not by another name, nor by the device of another account under what anna wrote herself."""
    anna, spammer, mine, theirs = await anna_and_spammer(world)
    message = await spammer.say(theirs)
    cem = await world.player("cem")
    with refused("bad_report"):
        await world.reports.take(anna.record, about(message, name="cem"))
    false = msgspec.structs.replace(message, sender=cem.record.uri)
    with refused("not_genuine"):
        await world.reports.take(anna.record, about(false, name="cem"))
    own = msgspec.structs.replace(await anna.say(mine), sender=spammer.record.uri)
    with refused("not_genuine"):
        await world.reports.take(anna.record, about(own))
    for nonsense in ("", "spammer", "mimi://localhost/u/spammer"):
        false = msgspec.structs.replace(message, sender=nonsense)
        with refused("bad_report"):
            await world.reports.take(anna.record, about(false))


async def test_who_was_never_there_reports_nothing(world: World) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    message = await spammer.say(theirs)
    cem = await world.player("cem")
    with refused("unknown_conversation"):
        await world.reports.take(cem.record, about(message))
    unlisted, _ = anna.second_device()
    assert unlisted.device != anna.person.device
    second = await anna.link()
    await world.reports.take(second.record, about(message))


async def test_who_was_removed_may_still_report(world: World) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    message = await spammer.say(theirs)
    await spammer.remove(theirs, anna)
    await world.reports.take(anna.record, about(message))
    assert len(await open_reports(world)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "boredom"},
        {"reason": ""},
        {"note": "a\0b"},
        {"messages": []},
    ],
)
async def test_a_report_that_says_nothing_is_refused(
    world: World, changed: dict[str, object]
) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    request = about(await spammer.say(theirs))
    with refused("bad_report"):
        await world.reports.take(anna.record, msgspec.structs.replace(request, **changed))


async def test_an_account_has_so_many_open_reports(world: World) -> None:
    anna, spammer, _, theirs = await anna_and_spammer(world)
    limits = Limits(open_reports_per_account=2)
    reports = Reports(world.database, world.clock, limits, world.franking)
    message = await spammer.say(theirs)
    first = about(message)
    for request in (first, about(message)):
        await reports.take(anna.record, request)
    with refused("too_many_reports"):
        await reports.take(anna.record, about(message))
    await reports.take(anna.record, first)
    (one, other) = await open_reports(world)
    await world.database.transact(lambda tx: report.close(tx, one.number, 7))
    assert await open_reports(world) == [other]
    assert await disclosed(world, one.number) == []
    await reports.take(anna.record, about(message))


async def test_every_process_of_a_database_knows_the_stamps(world: World) -> None:
    first, second = await open_franking(world.database), await open_franking(world.database)
    message = bytes(30) + b"\x30" + bytes(range(48))
    stored = (1, 0, f.APPLICATION, 5, "mimi://localhost/d/a/0", message)
    made = first.envelope(bytes(16), stored)
    assert len(made.stamp) == 32
    assert made == second.envelope(bytes(16), stored)
    assert made != world.franking.envelope(bytes(16), stored)


async def test_the_same_stamp_comes_with_the_push_and_with_every_reading(world: World) -> None:
    anna, spammer, mine, theirs = await anna_and_spammer(world)
    request = spammer.message(theirs)
    assert (await spammer.say(theirs)).stamp != b""
    await spammer.send(theirs)
    pushed = [one for _, one in world.told.envelopes]
    read = (await world.delivery.read(anna.record, mine.group_id, 0, 100)).envelopes
    assert read == pushed
    assert [len(one.stamp) for one in read] == [32, 0], "a message without a frank has no stamp"
    await world.delivery.append(spammer.record, request)
