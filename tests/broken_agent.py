"""The command line with a bug in the agent: it breaks on a word, or dies of it.

python broken_agent.py MOMENT ARGUMENTS: killed in the middle of the turn ("turn"), before the
message is put aside ("before"), behind that ("behind"), or not at all ("never").
"""

import os
import signal
import sys

from plausch.agent import receptionist
from plausch.agent.book import Book, Place
from plausch.agent.turn import Turn
from plausch.base.ids import ConversationId
from plausch.cli.main import main
from plausch.domain.business import Business

WORD = "Quitte"


def break_it(moment: str) -> None:
    """Put the bug in."""
    hear, put_aside = receptionist._hear, Book.put_aside

    def dies() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def broken(turn: Turn) -> None:
        if WORD not in turn.heard.text:
            await hear(turn)
            return
        await turn.desk.save_talk(turn.heard.conversation, turn.talk)
        if moment == "turn":
            dies()
        raise KeyError(turn.heard.text)

    async def dying(
        book: Book, business: Business, room: ConversationId, place: Place, now_s: int
    ) -> None:
        if moment == "before":
            dies()
        await put_aside(book, business, room, place, now_s)
        if moment == "behind":
            dies()

    receptionist._hear = broken
    Book.put_aside = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    break_it(sys.argv.pop(1))
    main()
