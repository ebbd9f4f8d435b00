"""Whether this process lives and may be sent work, for load balancers and supervisors.

`/healthz` is answered by the event loop alone: it lives. `/readyz` asks the database as well, and
says no while the server is stopping: then new connections belong elsewhere.
"""

import asyncio
from http import HTTPStatus

from plausch.base.errors import PlauschError
from plausch.base.http import Answer, Request
from plausch.db.interface import Database, Transaction
from plausch.server.routes import page

PATH = "/readyz"
PATIENCE_S = 2.0
KEPT_S = 1.0
"""So long an answer of the database counts: nobody makes it work by asking."""


class Health:
    """What is answered at `/readyz`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at_s = 0.0

    def wants(self, request: Request) -> bool:
        """Whether the request is for this."""
        return request.path == PATH and request.method in ("GET", "HEAD") and not request.has_body

    async def answer(self, draining: bool) -> Answer:
        """Ready, or 503 and why not."""
        if draining:
            return page(HTTPStatus.SERVICE_UNAVAILABLE, "stopping\n")
        if not await self._database_answers():
            return page(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer\n")
        return page(HTTPStatus.OK, "ready\n")

    async def _database_answers(self) -> bool:
        loop = asyncio.get_running_loop()
        task = self._asking
        if task is None or (task.done() and loop.time() > self._asked_at_s + KEPT_S):
            self._asked_at_s = loop.time()
            task = self._asking = loop.create_task(self._ask())
        return await asyncio.shield(task)

    async def _ask(self) -> bool:
        async def body(tx: Transaction) -> None:
            await tx.fetch("SELECT 1")

        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._database.read(body)
        except (PlauschError, TimeoutError):
            return False
        return True
