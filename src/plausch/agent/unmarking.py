"""The labels by which the agent asks for a person go once a person has written there.

Heard while the agent runs, in the order in which things are said, so that no clock is asked: a
label that is given after a person wrote stays. Notes stay as well.
"""

import logging
from collections.abc import Callable

from plausch.agent.mishap import Mishap, attempt
from plausch.agent.mishaps import labels
from plausch.agent.team_facts import Colleagues
from plausch.domain.business import Business
from plausch.sdk import Client, MessageReceived, StoredMessage

_LOG = logging.getLogger("plausch.agent")


async def unmark_for_ever(
    client: Client, colleagues: Colleagues, business: Callable[[], Business]
) -> None:
    """Until cancelled. Raises OperatorError."""
    async for event in client.events():
        if isinstance(event, MessageReceived) and event.message.outgoing:
            outcome = await attempt(_unmark(client, colleagues, business(), event.message))
            if isinstance(outcome, Mishap):
                _LOG.error("a label was not taken away: %s", outcome)


async def _unmark(
    client: Client, colleagues: Colleagues, business: Business, said: StoredMessage
) -> None:
    """Another device of the business has said something to somebody."""
    room = said.conversation_id
    shown = client.conversation(room).id
    await colleagues.unmark({room, shown}, labels(business))
