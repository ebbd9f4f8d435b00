"""Asking to join by a link, and letting in: nobody comes in without an admin's word."""

from dataclasses import replace

import pytest

from cast import Town, expected, settled
from plausch.base.ids import ConversationId
from plausch.content.conversation import Facts
from plausch.content.join_request import JoinRequest, join_request_message
from plausch.sdk import Client, Conversation, LinkChanged, NotAdmin, ProblemFound, SdkError
from plausch.sdk.admission import is_valid
from plausch.sdk.composing import new_salt
from plausch.sdk.join_link import parse_join_link
from unit.content.pictures import PNG
from unit.sdk.talks import core_of, live_of


async def club(town: Town) -> tuple[Client, Client, Client, Conversation]:
    """Anna's group with Cem, and Olga who is not in it."""
    anna, cem, olga = await town.people("anna", "cem", "olga")
    group = await anna.create_group("Club", ["cem@localhost"])
    await settled(anna, cem)
    return anna, cem, olga, group


async def test_who_asks_by_the_link_is_let_in_by_the_admin(town: Town) -> None:
    anna, cem, olga, group = await club(town)
    assert group.join_link == ""
    await group.set_picture(PNG)
    await (await group.set_join_link(True)).accepted()
    link = group.join_link
    assert link.startswith(f"{town.url}/#/join/anna/")
    await (await olga.ask_to_join(link)).accepted()
    await settled(anna, olga)
    assert olga.address not in group.participants, "nobody gets in by a link alone"
    (one,) = await anna.asking()
    assert (one.group, one.title, one.sender) == (group.id, "Club", olga.address)
    direct = await anna.conversation_with(olga.address)
    assert [entry.text for entry in await direct.history()] == [
        "I would like to join your group; I was given its link."
    ]
    assert await direct.admit(one.message_id) == group
    await settled(anna, cem, olga)
    theirs = olga.conversation(group.id)
    assert (theirs.title, theirs.picture) == ("Club", PNG)
    assert await anna.asking() == []
    assert await direct.admit(one.message_id) == group, "a replayed request does nothing"
    await group.remove(olga.address)
    await settled(anna, olga)
    assert len(await anna.asking()) == 1, "who was removed may be let in again, by an admin only"


async def test_a_link_ends_when_it_is_made_anew_or_turned_off(town: Town) -> None:
    anna, cem, olga, group = await club(town)
    news = cem.events()
    await (await group.set_join_link(True)).accepted()
    assert (await expected(news, LinkChanged)).by == anna.address
    old = group.join_link
    await (await group.set_join_link(True)).accepted()
    assert group.join_link != old
    await (await olga.ask_to_join(old)).accepted()
    await settled(anna, olga)
    assert await anna.asking() == []
    direct = await anna.conversation_with(olga.address)
    (asked,) = await direct.history()
    with pytest.raises(SdkError, match="no longer valid") as caught:
        await direct.admit(asked.message_id)
    assert caught.value.code == "link_over"
    await (await group.set_join_link(False)).accepted()
    assert group.join_link == ""
    with pytest.raises(SdkError):
        await direct.admit(asked.message_id)
    assert olga.address not in group.participants


async def test_only_an_admin_has_a_word_about_it(town: Town) -> None:
    anna, cem, olga, group = await club(town)
    theirs = cem.conversation(group.id)
    with pytest.raises(NotAdmin):
        await theirs.set_join_link(True)
    problems = anna.events()
    await theirs._say(Facts(link=bytes(16)))  # a modified client
    assert (await expected(problems, ProblemFound)).code == "not_admin"
    assert live_of(anna, group).kept.link == b""
    await (await group.set_join_link(True)).accepted()
    await settled(anna, cem)
    asked = parse_join_link(group.join_link)
    await (await olga.ask_to_join(str(replace(asked, admin="cem")))).accepted()
    await settled(cem, olga)
    assert await cem.asking() == [], "Cem knows the link, but is no admin"
    assert is_valid(core_of(anna), asked.request)
    assert not is_valid(core_of(cem), asked.request)


async def test_guessed_requests_do_nothing(town: Town) -> None:
    anna, _, olga, group = await club(town)
    core = core_of(anna)
    direct = await olga.conversation_with("anna@localhost")
    for request in (
        JoinRequest(group.id, bytes(16)),
        JoinRequest(ConversationId(bytes(16)), bytes(16)),
    ):
        assert not is_valid(core, request), "there is no link yet, not one of zeros"
        content = join_request_message(request, "May I?", salt=new_salt())
        await (await direct.send(content)).accepted()
    await (await direct.send_text("let me in")).accepted()
    await settled(anna, olga)
    assert await anna.asking() == []
    theirs = await anna.conversation_with(olga.address)
    for entry in await theirs.history():
        with pytest.raises(SdkError):
            await theirs.admit(entry.message_id)
    sent = await theirs.send_text("no")
    with pytest.raises(SdkError, match="Nobody asks"):
        await theirs.admit(sent.message_id)
    assert olga.address not in group.participants
