"""Steps that are done whole: a caller that is cancelled waits for their end.

Between a write to the vault and the change in memory that goes with it nothing may stop: the
disk cannot be cancelled, so memory must not be either.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def whole(
    step: Callable[P, Coroutine[object, object, R]],
) -> Callable[P, Coroutine[object, object, R]]:
    """Run the step to its end even when its caller is cancelled; then the caller is."""

    @wraps(step)
    async def run(*arguments: P.args, **keywords: P.kwargs) -> R:
        task = asyncio.ensure_future(step(*arguments, **keywords))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # retrieved: the caller is told that it was cancelled
            raise

    return run
