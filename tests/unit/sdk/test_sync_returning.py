"""Who is removed and added again while away is in again, and nobody is by a Welcome alone."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cast import Town, expected, history, message, settled, texts
from crooked import Crooked, alter_envelopes, honest, willing
from plausch.base.errors import PlauschError
from plausch.base.ids import ConversationId
from plausch.mls.group import Group
from plausch.mls.suite import MLS_256_XWING
from plausch.sdk import Client, ConversationBroken, ProblemFound
from plausch.sdk.conversation import Conversation
from plausch.wire import frames as f
from unit.sdk.talks import (
    codes,
    core_of,
    eventually,
    forbidding,
    greetings_over,
    live_of,
    withheld,
)


@dataclass
class Club:
    """Cem's group; Anna, behind the wire, has read its first line and is offline."""

    town: Town
    group: Conversation
    cem: Client

    @property
    def id(self) -> ConversationId:
        return self.group.id

    async def say(self, line: str) -> int:
        return await (await self.group.send_text(line)).accepted()

    async def again(self, line: str) -> None:
        """Anna is removed and added again; there is a line that she may not read."""
        await self.group.remove("anna@localhost")
        await self.say("without Anna")
        await self.group.add("anna@localhost")
        await self.say(line)

    async def anna(self) -> Client:
        return await Client.open(self.town.home("anna"))


async def club_in(town: Town, wire: Crooked) -> Club:
    cem, _ = await town.people("cem", "ben")
    async with await town.register("anna", url=wire.url) as anna:
        await anna.synchronize()
        group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
        await group.send_text("hello")
        await (await message(anna)).conversation.accept()
        await settled(cem, anna)
        await greetings_over(anna)
    wire.sent.clear()
    wire.received.clear()
    return Club(town, group, cem)


@pytest.fixture
async def club(town: Town, wire: Crooked) -> Club:
    return await club_in(town, wire)


async def is_in(club: Club, anna: Client, *lines: str) -> None:
    """Anna has these lines, writes, and is read."""
    mine = anna.conversation(club.id)
    assert await history(mine) == ["hello", *lines]
    assert mine.state == "open"
    await (await mine.send_text("I am back")).accepted()
    assert await texts(club.cem, 1) == ["I am back"]


async def test_who_is_removed_and_added_again_while_away_is_in(club: Club) -> None:
    await club.say("before")
    await club.again("welcome back")
    async with await club.anna() as anna:
        await anna.synchronize()
        await is_in(club, anna, "before", "welcome back")
        assert await anna.problems() == []
    async with await club.anna() as anna:
        await anna.synchronize()
        assert (await history(anna.conversation(club.id)))[-1] == "I am back"
        assert await anna.problems() == []


async def test_who_is_so_twice_reads_what_lies_between(club: Club) -> None:
    await club.again("for the first time")
    await club.again("and for the second")
    async with await club.anna() as anna:
        await anna.synchronize()
        await is_in(club, anna, "for the first time", "and for the second")
        assert await anna.problems() == []


async def test_what_waited_to_be_sent_goes_out_in_the_new_stay(club: Club) -> None:
    anna = await club.anna()
    await anna.conversation(club.id).send_text("said offline")
    await club.again("welcome back")
    async with anna:
        await anna.synchronize()
        assert await texts(club.cem, 1) == ["said offline"]
        assert await anna.problems() == []


async def test_what_was_stuck_goes_out_as_soon_as_one_is_in_again(
    club: Club, wire: Crooked
) -> None:
    """Online all the time: neither the next connection nor another message has to come first."""

    def stale(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if not isinstance(frame, f.Append):
            return [frame]
        wire.push(f.Refused(frame.id, "stale_epoch", "Another epoch.", "local", 0, 9, 1))
        return []

    async with await club.anna() as anna:
        await anna.synchronize()
        await greetings_over(anna)
        wire.to_server = stale
        stuck = await anna.conversation(club.id).send_text("stuck")
        with pytest.raises(ConversationBroken):
            await stuck.accepted()
        wire.to_server = willing
        await club.group.remove("anna@localhost")
        await club.group.add("anna@localhost")
        assert await texts(club.cem, 1) == ["stuck"]


async def test_news_of_a_welcome_that_overtake_the_removal_hide_nothing(
    club: Club, wire: Crooked
) -> None:
    """Anna is online; of the log she hears nothing, of her mailbox she does."""
    async with await club.anna() as anna:
        await anna.synchronize()
        await greetings_over(anna)
        wire.to_device = lambda frame: withheld(frame, f.Delivery)
        live, taken = live_of(anna, club.id), core_of(anna).own.mailbox
        await club.group.remove("anna@localhost")
        await club.group.add("anna@localhost")
        await eventually(lambda: core_of(anna).own.mailbox > taken)
        assert live_of(anna, club.id) is live, "whoever holds it goes on with it"
        wire.to_device = honest
        await club.say("welcome back")
        assert await texts(anna, 1) == ["welcome back"]
        await is_in(club, anna, "welcome back")
        assert await anna.problems() == []


async def test_a_crash_between_reading_and_joining_loses_nothing(club: Club, wire: Crooked) -> None:
    await club.again("welcome back")
    wire.to_server = lambda frame: [] if isinstance(frame, f.ReadMailbox) else [frame]
    async with await club.anna() as anna:
        await eventually(lambda: codes(wire.sent, f.ReadMailbox) == 1)
        wire.to_server = willing
        async with forbidding(anna, "UPDATE ON own"):
            with pytest.raises(PlauschError):
                await anna._device.sync._fetch_some_mail(0)
        kept = await core_of(anna).conversations.get(club.id)
        assert kept is not None
        assert kept.state == "left"
        assert codes(wire.sent, f.AcknowledgeMailbox) == 0
    async with await club.anna() as anna:
        await anna.synchronize()
        await is_in(club, anna, "welcome back")
        assert await anna.problems() == []


async def test_a_log_that_is_not_given_out_keeps_its_welcome_and_no_other(
    club: Club, town: Town, wire: Crooked
) -> None:
    await club.again("welcome back")
    ben = await town.person("olga")
    await (await (await ben.conversation_with("anna@localhost")).send_text("hi")).accepted()

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Read) and frame.conversation == club.id:
            wire.push(f.Refused(frame.id, "internal", "A defect.", "operator"))
            return []
        return [frame]

    wire.to_server = refuse
    async with await club.anna() as anna:
        await anna.synchronize()
        assert await texts(anna, 1) == ["hi"]
        assert set(await anna.problems()) == {"A defect."}
        assert await history(anna.conversation(club.id)) == ["hello"]
    assert codes(wire.sent, f.AcknowledgeMailbox) == 0
    wire.to_server = willing
    async with await club.anna() as anna:
        await anna.synchronize()
        await is_in(club, anna, "welcome back")
        await eventually(lambda: codes(wire.sent, f.AcknowledgeMailbox) > 0)


async def test_a_log_that_breaks_off_keeps_its_welcome(club: Club, wire: Crooked) -> None:
    await club.again("welcome back")

    def cut_at_read(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Read):
            wire.to_server = willing
            wire.cut()
            return []
        return [frame]

    wire.to_server = cut_at_read
    async with await club.anna() as anna:
        assert await texts(anna, 1) == ["welcome back"]
        await is_in(club, anna, "welcome back")
        assert await anna.problems() == []


# --- when the log does not say it ------------------------------------------------------------


def welcomes(wire: Crooked) -> list[f.MailboxItem]:
    return [one for frame in wire.received if isinstance(frame, f.Mailbox) for one in frame.items]


def without_the_beginning(wire: Crooked, *, up_to: Callable[[], int]) -> None:
    """The log has lost its beginning, as after 30 days."""
    wire.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [one for one in envelopes if one.seq > up_to()]
    )


async def test_who_was_away_until_the_log_forgot_the_removal_is_in(
    club: Club, wire: Crooked
) -> None:
    await club.again("welcome back")
    await club.say("and on")
    without_the_beginning(wire, up_to=lambda: max((one.seq for one in welcomes(wire)), default=0))
    async with await club.anna() as anna:
        await anna.synchronize()
        await is_in(club, anna, "welcome back", "and on")
        assert await anna.problems() == []


async def replayed(club: Club, wire: Crooked, seq: int, head: int) -> ProblemFound:
    """Anna is in again by her last resort; then the same Welcome comes as one for `seq`, in a log
    that the server says ends at `head` and gives out nothing of."""
    await club.again("welcome back")
    async with await club.anna() as anna:
        await anna.synchronize()
        item = welcomes(wire)[0]
        again = f.MailboxItem(
            item.item + 1, item.conversation, seq, item.accepted_at_ms, item.sender, item.welcome
        )
        before = live_of(anna, club.id).kept.epoch

        def lie(frame: f.ServerFrame) -> list[f.ServerFrame]:
            if isinstance(frame, f.Mailbox):
                return [f.Mailbox(frame.id, [again])]
            if isinstance(frame, f.Envelopes) and head:
                return [f.Envelopes(frame.id, frame.conversation, [], head)]
            return [frame]

        wire.to_device = lie
        events = anna.events()
        wire.push(f.MailboxMoved(again.item))
        problem = await expected(events, ProblemFound)
        wire.to_device = honest
        assert live_of(anna, club.id).kept.epoch == before
        await is_in(club, anna, "welcome back")
    return problem


@pytest.mark.parametrize(
    ("seq", "head", "code"),
    [(1, 0, "welcome_repeated"), (99, 0, "welcome_repeated"), (99, 99, "welcome_outdated")],
)
async def test_a_welcome_that_comes_again_changes_nothing(
    town: Town, wire: Crooked, seq: int, head: int, code: str
) -> None:
    def last_resorts_only(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.UploadKeyPackages) and frame.key_packages:
            wire.push(f.Done(frame.id))
            return []
        return [frame]

    wire.to_server = last_resorts_only
    club = await club_in(town, wire)
    assert (await replayed(club, wire, seq, head)).code == code


async def test_the_server_cannot_hand_a_conversation_to_a_stranger(
    club: Club, town: Town, wire: Crooked
) -> None:
    """Mallory makes a group of the same id, in a later epoch, and the server says that it is so."""
    mallory = await town.person("mallory")
    async with await club.anna() as anna:
        await anna.synchronize()
        await greetings_over(anna)
        live = live_of(anna, club.id)
        before = (live.kept.epoch, live.kept.members)
        welcome = await _forged(mallory, anna, club.id, live.kept.epoch + 3)
        forged = f.MailboxItem(99, club.id, 99, 0, mallory.device.uri, welcome)

        def lie(frame: f.ServerFrame) -> list[f.ServerFrame]:
            if isinstance(frame, f.Mailbox):
                return [f.Mailbox(frame.id, [forged])]
            if isinstance(frame, f.Envelopes):
                return [f.Envelopes(frame.id, frame.conversation, [], 99)]
            return [frame]

        wire.to_device = lie
        events = anna.events()
        wire.push(f.MailboxMoved(99))
        assert (await expected(events, ProblemFound)).code == "welcome_stranger"
        assert (live.kept.epoch, live.kept.members) == before
        wire.to_device = honest
        await is_in(club, anna)


async def _forged(mallory: Client, anna: Client, group_id: bytes, epoch: int) -> bytes:
    core = core_of(mallory)
    await core.trust.refresh(anna.address)
    judge = core.trust.judge({anna.address, mallory.address})
    claimed = await core.transport.ask(
        lambda request_id: f.ClaimKeyPackages(request_id, "anna", MLS_256_XWING, []), f.KeyPackages
    )
    ((_, raw),) = claimed.key_packages
    signer = core.own.device_key.to_bytes()
    group = Group.create(
        MLS_256_XWING, group_id, core.credential, signer, judge, now_s=core.now_s()
    )
    while group.epoch < epoch:
        group.commit(judge, core.now_s()).accept()
    return group.commit(judge, core.now_s(), adds=[raw]).welcome


# --- the second reading ----------------------------------------------------------------------


@pytest.mark.parametrize("lost", [0, 2])
async def test_what_was_read_before_is_not_called_left_out(
    club: Club, wire: Crooked, lost: int
) -> None:
    """Acknowledgements were lost, and meanwhile the log has lost what they were for."""
    wire.to_server = lambda frame: [] if isinstance(frame, f.Acknowledge) else [frame]
    for line in ("one", "two"):
        read = await club.say(line)
    async with await club.anna() as anna:
        await anna.synchronize()
        assert live_of(anna, club.id).kept.cursor == read
        await greetings_over(anna)
    wire.to_server = willing
    for line in ("three", "four", "five"):
        await club.say(line)
    without_the_beginning(wire, up_to=lambda: read + lost)
    async with await club.anna() as anna:
        await anna.synchronize()
        rest = ["three", "four", "five"][lost:]
        assert await history(anna.conversation(club.id)) == ["hello", "one", "two", *rest]
        named = [f"{read + 1} to {read + lost} " in one for one in await anna.problems()]
        assert named == ([True] if lost else [])
