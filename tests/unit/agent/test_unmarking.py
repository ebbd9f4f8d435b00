"""A person who writes to a guest has done what the agent asked for."""

from cast import Town, message, settled
from service import Caller, House
from unit.sdk.talks import greetings_over, second_device


async def test_who_writes_to_a_guest_takes_the_agents_labels_away(town: Town, house: House) -> None:
    """The agent itself, the guest, and who writes elsewhere do not."""
    kim = await town.connect(await second_device(town, house.client, "kim"))
    await greetings_over(kim)
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Kann ich einen Menschen sprechen?")
        await settled(anna.client, kim, house.client)
        assert house.people.unmarked == []
        by_hand = kim.conversation(anna.conversation.id)
        await (await by_hand.send_text("Ja, gern.")).accepted()
        assert (await message(anna.client)).text == "Ja, gern."
        await settled(kim, house.client)
    ((rooms, labels),) = house.people.unmarked
    assert rooms == {anna.conversation.id}
    assert labels == {"Mensch gewünscht", "Wants a person", "Von Hand antworten", "Answer by hand"}
