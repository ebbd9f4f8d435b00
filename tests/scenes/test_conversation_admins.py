"""A club from its link to its end: Anna makes it, Olga asks to join, Ben takes over."""

import pytest

from cast import Town, expected, history, message, settled, until
from plausch.sdk import (
    AdminsChanged,
    ConversationJoined,
    ConversationLeft,
    NotAdmin,
    ParticipantsChanged,
    SdkError,
)
from unit.content.pictures import PNG


async def test_a_club_from_its_link_to_its_end(town: Town) -> None:
    anna, ben, cem, olga = await town.people("anna", "ben", "cem", "olga")
    group = await anna.create_group("Chess club", ["ben@localhost", "cem@localhost"])
    await group.set_picture(PNG)
    await (await group.set_join_link(True)).accepted()
    await settled(anna, ben, cem)

    joined = olga.events()
    await (await olga.ask_to_join(group.join_link)).accepted()
    asked = await message(anna)
    assert asked.text.startswith("I would like to join")
    (asking,) = await anna.asking()
    assert (asking.sender, asking.title) == (olga.address, "Chess club")
    assert olga.address not in group.participants
    await asked.conversation.admit(asking.message_id)
    assert (await expected(joined, ConversationJoined)).by == anna.address
    await settled(anna, olga)
    olgas = olga.conversation(group.id)
    assert (olgas.title, olgas.picture, olgas.admins) == ("Chess club", PNG, (anna.address,))

    bens, cems = ben.conversation(group.id), cem.conversation(group.id)
    for refused in (cems.remove(olga.address), cems.make_admin(cem.address)):
        with pytest.raises(NotAdmin):
            await refused
    news = cem.events()
    await group.make_admin(ben.address)
    told = await expected(news, AdminsChanged)
    assert (told.made, told.by) == ((ben.address,), anna.address)
    await settled(ben)
    gone = cem.events()
    await bens.remove(cem.address)
    assert (await expected(gone, ConversationLeft)).by == ben.address
    with pytest.raises(SdkError):
        await cems.send_text("am I still here?")

    await settled(anna, ben, olga)
    change = olga.events()
    await group.leave()
    assert (await expected(change, ParticipantsChanged)).left == (anna.address,)
    await settled(ben, olga)
    assert olgas.admins == (ben.address,)
    await bens.leave()
    await until(lambda: olgas.participants == (olga.address,), olga)
    assert olgas.admins == (olga.address,), "the last admin made the last member one"
    await (await olgas.send_text("checkmate")).accepted()
    assert await history(olgas) == ["checkmate"]
