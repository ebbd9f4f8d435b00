"""What must be true after all the killing: every promise is compared with what was seen."""

from collections import Counter
from collections.abc import Sequence

from browser.killing import FILE_NAME, World
from browser.stage import Fields
from browser.witness import Epochs, gaps, history, in_all
from plausch.sdk import StoredMessage

Line = tuple[str, str]
"""A message as everybody must see it: id and sender."""

MAY_BE_REFUSED = {
    "not_admin",
    "not_participant",
    "unknown_conversation",
    "unknown_message",
    "not_ours",
    "still_in",
    "not_in_it",
    "message_deleted",
    "sdk",
}
"""What may be refused while others change the same groups."""


def check_keys(world: World, epochs: Epochs) -> str:
    """No key was used twice or left out, in whatever left a device."""
    raws = [frame.message for frame in world.tap.appended]
    uses = epochs.uses(raws)
    twice = {use: len(raws) for use, raws in uses.items() if len(raws) > 1}
    assert twice == {}, f"used twice: {twice}"
    assert gaps(uses) == []
    return f"{len(set(raws))} things sent, {len(uses)} keys used in {len(epochs.secrets)} epochs"


def check_refusals(world: World) -> None:
    """Nothing was refused that had no reason, and nothing failed inside."""
    for device in world.devices:
        codes = {refusal.split()[1] for refusal in device.refused}
        assert codes <= MAY_BE_REFUSED, (device.refused, device.sentences)


async def check_histories(world: World) -> None:
    """Everybody has everything once and in order, and what a device has answered is not lost."""
    seen = {id_: await history(one) for id_, one in in_all(world.client).items()}
    for device in world.devices:
        rows = {row["id"]: row for row in await device.ask("conversations")}
        for id_, row in rows.items():
            views = await device.history(id_)
            _check_forks(views)
            lines = [_line(view) for view in views if view["state"] not in ("failed", "waiting")]
            assert max(Counter(lines).values(), default=1) == 1
            witnessed = [_witnessed(one) for one in seen[id_]]
            extra = _beyond(lines, witnessed)
            assert extra == [], f"{device.name} in {id_}: {extra} of {lines}, not {witnessed}"
            if id_ == world.everybody:
                assert lines == witnessed
                pairs = [
                    (_folded(v), _folded_there(o)) for v, o in zip(views, seen[id_], strict=True)
                ]
                different = [(ours, theirs) for ours, theirs in pairs if ours != theirs]
                assert different == [], f"{device.name} sees others: {different}"
            if row["state"] == "open":
                participants = in_all(world.client)[id_].participants
                assert row["participants"] == [str(one) for one in participants]
            failed = {view["id"] for view in views if view["state"] == "failed"}
            assert failed == set() or id_ != world.everybody
            promised = [one for one in device.said.values() if one.id and one.conversation == id_]
            there = {message for message, _ in witnessed} | failed
            lost = [one for one in promised if one.id not in there]
            assert lost == [], f"{device.name} in {row}: {lost} of {views}"


async def check_files(world: World) -> str:
    """Every file can be fetched by everybody, whatever died while it was sealed and uploaded."""
    fetched = 0
    texts = {one.id: one.text for device in world.devices for one in device.said.values()}
    for device in world.devices:
        for view in await device.history(world.everybody):
            if view["kind"] == "file" and not view["isDeleted"]:
                file = await device.ask(
                    "fetchFile",
                    conversation=world.everybody,
                    message=view["id"],
                    transfer=view["id"],
                )
                assert file == world.files[texts.get(view["id"], view["text"])]
                fetched += 1
    return f"{fetched} files fetched"


def _check_forks(views: Sequence[Fields]) -> None:
    """The mark in each message shows the sender's epoch authenticator: it is ours too."""
    assert [view["text"] for view in views if view["isForkSuspected"]] == []


def _beyond(lines: Sequence[Line], all_lines: Sequence[Line]) -> Sequence[Line]:
    """The lines that are not among all of them, or not in the same order."""
    rest = iter(all_lines)
    return [line for line in lines if line not in rest]


def _line(view: Fields) -> Line:
    return view["id"], view["sender"]


def _witnessed(one: StoredMessage) -> Line:
    return one.message_id.hex(), str(one.sender)


def _folded(view: Fields) -> tuple[object, ...]:
    signs = {one["sign"]: sorted(one["by"]) for one in view["reactions"]}
    text = "" if view["isDeleted"] else view["text"]
    return view["id"], text, view["isEdited"], view["isDeleted"], signs


def _folded_there(one: StoredMessage) -> tuple[object, ...]:
    signs = {sign: sorted(map(str, by)) for sign, by in one.reactions.items()}
    text = one.text.removeprefix(f"[{FILE_NAME}]\n")  # here the name is a part of the text
    return one.message_id.hex(), text, one.edited, one.deleted, signs
