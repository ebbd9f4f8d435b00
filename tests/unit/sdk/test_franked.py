"""What a device commits to, and what it does not show because nobody could report it."""

import pytest

from cast import Town, event, history
from crooked import Crooked, alter_envelopes
from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.content.errors import ContentError
from plausch.content.fork import EpochMark
from plausch.content.text import text_message
from plausch.sdk import ProblemFound
from plausch.sdk.composing import new_salt
from plausch.sdk.franked import (
    Stamped,
    authenticated_with,
    check_frank,
    check_sender,
    mark_in,
    stamped_by,
    unstamped,
)
from plausch.wire import frames as f
from plausch.wire.franking import frank, frank_of
from unit.sdk.talks import anna_and_cem, append, core_of, live_of

CEM = AccountAddress("cem", "localhost")
CONTENT = text_message("hello", salt=bytes(range(16))).encode()
MARK = EpochMark(3, bytes(range(16, 32)))


def envelope(sender: str, stamp: bytes = bytes(32)) -> f.Envelope:
    return f.Envelope(1, 1, f.APPLICATION, 77, sender, b"", stamp)


def test_mark_and_frank_travel_beside_the_message() -> None:
    beside = authenticated_with(MARK, CONTENT)
    assert beside == MARK.digest + frank(bytes(range(16)), CONTENT)
    assert mark_in(beside) == MARK.digest
    check_frank(beside, CONTENT)


@pytest.mark.parametrize(
    "beside",
    [
        b"",
        MARK.digest,
        MARK.digest + bytes(32),
        authenticated_with(MARK, CONTENT)[:-1],
        authenticated_with(MARK, CONTENT) + b"\0",
        authenticated_with(MARK, text_message("hallo", salt=bytes(range(16))).encode()),
    ],
)
def test_what_its_sender_has_not_committed_to_is_refused(beside: bytes) -> None:
    with pytest.raises(RemoteError, match="not shown") as caught:
        check_frank(beside, CONTENT)
    assert caught.value.code == "not_franked"


def test_what_has_no_salt_is_no_content() -> None:
    with pytest.raises(ContentError):
        check_frank(authenticated_with(MARK, CONTENT), b"\x87\x50short")


def test_who_handed_it_in_is_who_wrote_it() -> None:
    check_sender(envelope(DeviceAddress(CEM, "0" * 16).uri), CEM)
    check_sender(envelope(DeviceAddress(CEM, "1" * 16).uri), CEM)
    for other in (
        "mimi://localhost/d/anna/" + "0" * 16,
        "mimi://example.org/d/cem/" + "0" * 16,
        "nonsense",
    ):
        with pytest.raises(RemoteError) as caught:
            check_sender(envelope(other), CEM)
        assert caught.value.code == "false_sender"


def test_a_stamp_has_its_length_or_is_none() -> None:
    assert stamped_by(envelope("uri", b"S" * 32)) == Stamped("uri", 77, b"S" * 32)
    assert stamped_by(envelope("uri", b"S" * 31)) is None
    assert stamped_by(envelope("uri", b"")) is None
    assert unstamped().code == "no_stamp"


async def test_every_message_leaves_with_a_frank(town: Town, wire: Crooked) -> None:
    _, cem, conversation = await anna_and_cem(town, wire)
    await (await conversation.send_text("one")).accepted()
    sent = [one for one in wire.appends() if one.kind == f.APPLICATION]
    rows = [
        await core_of(cem).messages.get(one.message_id)
        for one in await cem.conversation(conversation.id.hex()).history()
    ]
    franks = {frank(row.content[2:18], row.content) for row in rows if row is not None}
    assert {frank_of(one.message) for one in sent} == franks


@pytest.mark.parametrize("beside", ["nothing", "mark", "another"])
async def test_what_could_not_be_reported_is_not_shown(
    town: Town, wire: Crooked, beside: str
) -> None:
    """A member whose program franks nothing, or something else than it says."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    before = await history(conversation)
    content = text_message("a threat", salt=new_salt()).encode()
    live = live_of(cem, conversation)
    async with core_of(cem).changing(live):
        group = await core_of(cem).group(live)
        mark = core_of(cem).mark(group)
        raw = group.encrypt(
            content,
            {
                "nothing": b"",
                "mark": mark.digest,
                "another": authenticated_with(mark, text_message("x", salt=new_salt()).encode()),
            }[beside],
        )
        await core_of(cem).vault.write(core_of(cem).save_group(live, epoch_moved=False))
    events = anna.events()
    await append(cem, conversation.id, f.APPLICATION, raw, group.epoch)
    async for one in events:
        if isinstance(one, ProblemFound):
            break
    assert one.code == "not_franked"
    assert await history(conversation) == before


async def test_a_stamp_that_is_left_out_is_noticed(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)

    def without(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [
            f.Envelope(
                one.seq, one.epoch, one.kind, one.accepted_at_ms, one.sender, one.message, b""
            )
            for one in envelopes
        ]

    wire.to_device = lambda frame: alter_envelopes(frame, without)
    theirs = cem.conversation(conversation.id.hex())
    await theirs.send_text("shown all the same")
    assert (await event(anna, ProblemFound)).code == "no_stamp"
    assert (await history(conversation))[-1] == "shown all the same"
