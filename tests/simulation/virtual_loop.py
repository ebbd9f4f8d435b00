"""An event loop whose time is a number: nothing waits, nothing runs beside it, every run is alike.

What is due runs in the order in which it was asked for; when nothing is due, time jumps to the next
timer. Work for a thread runs on the loop a moment later. A process that has died runs nothing any
more: each callback belongs to the process in whose context it was asked for, and tasks inherit it.
"""

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any

THREAD_WORK_S = 0.004


class Process:
    """What can die. Its callbacks are dropped then, so that its tasks stand still for ever."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.held: deque[Cue] | None = None
        """What is due while it stands still."""

        self.context = contextvars.copy_context()
        self.context.run(_process.set, self)


_process: ContextVar[Process | None] = ContextVar("process", default=None)
NOBODY = Context()
"""The context of what belongs to no process: devices, networks, the weather."""


class Cue:
    """A callback that is due at some time; as asyncio's handles."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "when_s")

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context,
        when_s: float,
    ) -> None:
        self.callback, self.args, self.context, self.when_s = callback, args, context, when_s
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self.when_s


class Violation(Exception):
    """A promise was broken. The run ends there."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """As much of an event loop as the server uses."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.steps = 0
        self.defects: list[dict[str, Any]] = []
        """What callbacks and tasks raised that nobody took."""
        self._ready: deque[Cue] = deque()
        self._timers: list[tuple[float, int, Cue]] = []
        self._count = 0
        self._tasks: list[asyncio.Task[Any]] = []
        """Also those of the dead: collected earlier, they would come to an end at any moment."""

        self._is_over = False

    # --- asking ----------------------------------------------------------------------------

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Cue:
        cue = Cue(callback, args, _of(context), self.now_s)
        if not self._is_over:
            self._ready.append(cue)
        return cue

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Cue:
        cue = Cue(callback, args, _of(context), when)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, cue))
        return cue

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Cue:
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def time(self) -> float:
        return self.now_s

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> "asyncio.Task[Any]":
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def run_in_executor(  # type: ignore[override]
        self, executor: None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        future = self.create_future()

        def work() -> None:
            if future.done():
                return
            try:
                result = func(*args)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.call_later(THREAD_WORK_S, work)
        return future

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._is_over

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._is_over:
            self.defects.append(context)

    # --- running ---------------------------------------------------------------------------

    def run_until(self, end_s: float) -> None:
        """Let time pass until then. Raises Violation."""
        asyncio._set_running_loop(self)
        try:
            while True:
                while self._ready:
                    self._run(self._ready.popleft())
                if not self._timers or self._timers[0][0] > end_s:
                    break
                when_s, _, cue = heapq.heappop(self._timers)
                self.now_s = max(self.now_s, when_s)
                self._run(cue)
        finally:
            asyncio._set_running_loop(None)
        self.now_s = end_s

    def finish(self, work: Coroutine[Any, Any, Any], within_s: float) -> Any:
        """Run until the coroutine has returned; its result. Raises what it raises."""
        asyncio._set_running_loop(self)
        task = self.create_task(work)
        asyncio._set_running_loop(None)
        end_s = self.now_s + within_s
        while not task.done() and self.now_s < end_s:
            self.run_until(min(end_s, self.now_s + 0.01))
        if not task.done():
            raise Violation(f"{work} has not come to its end within {within_s} s")
        return task.result()

    def stand_still(self, process: Process, for_s: float) -> None:
        """Nothing of it runs for so long; then all that was due does, in order."""
        if process.held is None:
            process.held = deque()
            self.call_later(for_s, self.go_on, process, context=NOBODY)

    def go_on(self, process: Process) -> None:
        """It stands still no longer."""
        if process.held is not None:
            held, process.held = process.held, None
            self._ready.extend(held)

    def close(self) -> None:
        """Everything stands still for ever."""
        self._is_over = True
        self._ready.clear()
        self._timers.clear()
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]

    def _run(self, cue: Cue) -> None:
        if cue.is_cancelled:
            return
        owner = cue.context.get(_process)
        if owner is not None:
            if owner.is_dead:
                return
            if owner.held is not None:
                owner.held.append(cue)
                return
        self.steps += 1
        try:
            cue.context.run(cue.callback, *cue.args)
        except Violation:
            raise
        except Exception as error:
            self.call_exception_handler({"message": repr(cue.callback), "exception": error})


def _of(context: Context | None) -> Context:
    """The given one, also an empty one, which is false."""
    return contextvars.copy_context() if context is None else context
