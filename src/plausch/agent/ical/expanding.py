"""A stranger's calendar is worked out in a process of its own, with bounds on time and memory.

python -m plausch.agent.ical.expanding reads a request from standard input and writes the answer, or
a refusal, to standard output, both as MessagePack.
"""

import asyncio
import resource
import sys

import msgspec

from plausch.agent.ical.blocked_times import Blocked, Wish, blocked_times
from plausch.agent.ical.scan import MAX_CALENDAR_BYTES, CalendarRefused
from plausch.base.errors import OperatorError

TIMEOUT_S = 60.0
CPU_S = 45
MEMORY_BYTES = 2 * 1024**3


class Request(msgspec.Struct, frozen=True):
    """The calendars' texts and what is wanted of them."""

    texts: list[str]
    wish: Wish


class Answer(msgspec.Struct, frozen=True):
    """What they block, or the sentence of a refusal."""

    blocked: Blocked | None = None
    refusal: str = ""


async def expand(texts: list[str], wish: Wish, timeout_s: float = TIMEOUT_S) -> Blocked:
    """As `blocked_times`. Raises CalendarRefused, and OperatorError when no process can start."""
    if sum(map(len, texts)) > MAX_CALENDAR_BYTES:
        raise CalendarRefused(
            f"The calendar is larger than {MAX_CALENDAR_BYTES // 1024 // 1024} MiB: export a "
            "shorter stretch of time."
        )
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "plausch.agent.ical.expanding",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise OperatorError(
            f"No process can be started to read the calendar: {error.strerror}."
        ) from error
    try:
        asked = msgspec.msgpack.encode(Request(texts, wish))
        async with asyncio.timeout(timeout_s):
            written, _ = await process.communicate(asked)
        answer = msgspec.msgpack.decode(written, type=Answer)
    except (TimeoutError, msgspec.DecodeError) as error:
        raise CalendarRefused(
            "The calendar takes more time or memory than it may: remove events that repeat without "
            "end, or export a shorter stretch of time."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if answer.blocked is None:
        raise CalendarRefused(answer.refusal)
    return answer.blocked


def answer_to(asked: bytes) -> bytes:
    """What the process answers."""
    request = msgspec.msgpack.decode(asked, type=Request)
    try:
        answer = Answer(blocked_times(request.texts, request.wish))
    except CalendarRefused as error:
        answer = Answer(refusal=str(error))
    return msgspec.msgpack.encode(answer)


def main() -> None:
    """The process."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.stdout.buffer.write(answer_to(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
