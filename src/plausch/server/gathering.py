"""Questions to the database that come in the same moment are answered by one transaction.

After another server process has died thousands of devices log in at once, and each is looked up,
noted, and told what has moved. Each in a transaction of its own takes four ways to PostgreSQL and
back, and a connection of the pool for as long; together they take four ways for all who have come
meanwhile, and one connection, so that what others write waits behind one transaction and not
behind a queue of them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

AT_ONCE = 32
"""Questions answered by one transaction at most: what follows from the answers is done in one turn
of the loop."""

Question = TypeVar("Question")
Reply = TypeVar("Reply")

Answering = Callable[[Sequence[Question]], Awaitable[Sequence[Reply]]]
"""The replies, in the order of the questions."""


def _nothing(question: object, reply: object) -> None:
    """The reply is all that was wanted."""


class Gathering(Generic[Question, Reply]):
    """Questions of one kind on their way to the database."""

    def __init__(
        self,
        answering: Answering[Question, Reply],
        then: Callable[[Question, Reply], None] = _nothing,
    ) -> None:
        """`then` is called with each question and its reply as soon as these are there, before
        anything that was written after it is told to anybody, unless who asked has gone. What it
        raises is raised for whoever asked that."""
        self._answering, self._then = answering, then
        self._waiting: deque[tuple[Question, asyncio.Future[Reply]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Reply:
        """The reply, by a transaction that begins after this. Raises what the transaction does."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                count = min(AT_ONCE, len(self._waiting))
                await self._answer([self._waiting.popleft() for _ in range(count)])
        finally:
            self._task = None
            for _, future in self._waiting:  # of a task that was cancelled
                future.cancel()
            self._waiting.clear()

    async def _answer(self, asked: list[tuple[Question, "asyncio.Future[Reply]"]]) -> None:
        try:
            replies = await self._answering([question for question, _ in asked])
            told = list(zip(asked, replies, strict=True))
        except Exception as error:  # whatever it is, each of them is told
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, future in asked:
                future.cancel()
            raise
        for (question, future), reply in told:
            if future.done():  # who asked is gone
                continue
            try:
                self._then(question, reply)
            except Exception as error:  # a bug of ours in one of them: the others are answered
                future.set_exception(error)
            else:
                future.set_result(reply)
