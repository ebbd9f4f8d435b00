"""A server that was set back by a restore: devices are ahead of it, and find together with it."""

from pathlib import Path

import pytest

from cast import Town, settled, texts
from plausch.cli.backup import write
from plausch.cli.console import Screen
from plausch.cli.copying import Watched
from plausch.cli.restore import fill_from
from plausch.sdk import ChangeForgotten, Client
from plausch.sdk.conversation import Conversation
from plausch.sdk.vault.problems import Problem
from plausch.server.config import ServerConfig
from unit.sdk.talks import core_of, eventually, live_of


async def talk(anna: Client, cem: Client, *words: str) -> None:
    """Cem says something to Anna, and both have all of it."""
    for word in words:
        await (await cem.conversation(anna_with(cem)).send_text(word)).accepted()
    assert await texts(anna, len(words)) == list(words)
    await settled(anna, cem)


def anna_with(cem: Client) -> bytes:
    (conversation,) = cem.conversations()
    return conversation.id


async def greeted(town: Town) -> tuple[Client, Client, Conversation]:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await (await conversation.send_text("hello")).accepted()
    assert await texts(cem, 1) == ["hello"]
    await talk(anna, cem, "one", "two")
    return anna, cem, conversation


async def backed_up(town: Town) -> Path:
    path = town.folder / "town.tar"
    await write(ServerConfig(town.folder / "server"), path, 1, Watched())
    return path


async def set_back(town: Town, dump: Path) -> None:
    """The server's disk is lost; it comes back from the backup, at the same address."""
    await town.shut()
    (town.folder / "server").rename(town.folder / "lost")
    place = ServerConfig(town.folder / "server")
    with dump.open("rb") as opened:
        await fill_from(opened, dump, place, Screen("en", json=True), anew=False, quiet=True)
    await town.open()


async def test_what_is_said_after_a_restore_is_heard_at_once(town: Town) -> None:
    anna, cem, conversation = await greeted(town)
    dump = await backed_up(town)
    await talk(anna, cem, *(f"lost {number}" for number in range(20)))
    ahead = live_of(anna, conversation).kept.cursor
    await set_back(town, dump)
    await anna.synchronize()
    await cem.synchronize()
    await (await cem.conversation(conversation.id).send_text("after")).accepted()
    assert await texts(anna, 1) == ["after"]
    assert live_of(anna, conversation).kept.cursor < ahead
    await (await conversation.send_text("I hear you")).accepted()
    assert await texts(cem, 1) == ["I hear you"]
    for client in (anna, cem):
        said = [one.code for one in await core_problems(client)]
        assert said == ["log_shortened"], "one sentence, and none for what is known already"
    history = [one.text for one in await conversation.history()]
    lost = [f"lost {number}" for number in range(20)]
    assert history == ["hello", "one", "two", *lost, "after", "I hear you"]


async def test_who_was_away_while_the_log_grew_anew_misses_nothing(town: Town) -> None:
    anna, cem, conversation = await greeted(town)
    dump = await backed_up(town)
    await talk(anna, cem, "lost 1", "lost 2", "lost 3")
    ahead = live_of(anna, conversation).kept.cursor
    await anna.close()
    await set_back(town, dump)
    await cem.synchronize()
    words = [f"anew {number}" for number in range(12)]
    for word in words:
        await (await cem.conversation(conversation.id).send_text(word)).accepted()
    back = await town.back("anna")
    assert await texts(back, len(words)) == words
    live = live_of(back, conversation.id)
    await eventually(lambda: live.kept.cursor == live.head)
    assert live.kept.cursor > ahead
    assert await core_problems(back) == []


async def test_who_has_seen_a_change_that_is_forgotten_is_told_so(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    await town.people("ben")
    group = await anna.create_group("Club", ["cem@localhost"])
    await (await group.send_text("hello")).accepted()
    assert await texts(cem, 1) == ["hello"]
    await settled(anna, cem)
    dump = await backed_up(town)
    await group.add("ben@localhost")
    await (await group.send_text("welcome")).accepted()
    assert await texts(cem, 1) == ["welcome"]
    await settled(anna, cem)
    await set_back(town, dump)
    await anna.synchronize()
    with pytest.raises(ChangeForgotten, match="probably restored from a backup"):
        await (await group.send_text("nobody takes this")).accepted()
    assert group.state == "broken"
    fresh = await anna.create_group("Club again", ["cem@localhost"])
    await (await fresh.send_text("here")).accepted()
    assert await texts(cem, 1) == ["here"]


async def core_problems(client: Client) -> list[Problem]:
    return await core_of(client).problems.all()
