"""`make cluster`: the whole cluster until Ctrl-C, with who is who and how each is killed."""

import argparse
import asyncio
import signal
import sys

from cluster.pair import FAILURES
from cluster.whole import Cluster, running
from plausch.base.errors import PlauschError
from plausch.cli.phrases import language_of
from plausch.server.config import DEFAULT_PORT

PHRASES = {
    "starting": ("Starting {name} ...", "{name} wird gestartet ..."),
    "died": ("{name} has died.", "{name} ist gestorben."),
    "back": (
        "{name} is back, as process {pid}.",
        "{name} ist wieder da, als Prozess {pid}.",
    ),
    "promoted": (
        "{name} has taken over as the primary; {old} is made its standby anew.",
        "{name} hat als Primärserver übernommen; {old} wird neu zu dessen Standby gemacht.",
    ),
    "in_step": (
        "{name} has everything that {primary} has, and is waited for at each commit.",
        "{name} hat alles, was {primary} hat, und auf ihn wird bei jedem Commit gewartet.",
    ),
    "mending": ("Not yet mended, trying again: {reason}", "Noch nicht behoben, weiter: {reason}"),
    "address": ("The web app is at {url}", "Die Web-App ist unter {url}"),
    "who": (
        "Kill what you like; it comes back. Ctrl-C ends everything, and nothing stays.",
        "Töten Sie, was Sie wollen; es kommt wieder. Strg-C beendet alles, und nichts bleibt.",
    ),
    "primary": ("{name}, primary", "{name}, Primärserver"),
    "standby": ("{name}, standby", "{name}, Standby"),
    "stopping": ("Stopping ...", "Wird beendet ..."),
    "failed": ("The cluster did not start: {reason}", "Der Cluster ist nicht gestartet: {reason}"),
}


def say(key: str, **values: object) -> None:
    """A phrase in the reader's language, at once."""
    print(phrase(key, **values), flush=True)


def phrase(key: str, **values: object) -> str:
    """A phrase in the reader's language."""
    english, german = PHRASES[key]
    return (german if language_of() == "de" else english).format(**values)


def show(cluster: Cluster) -> None:
    """Who is who."""
    rows = []
    for part in cluster.parts:
        name = part.name
        if part is cluster.pair.primary.part:
            name = phrase("primary", name=name)
        elif part is cluster.pair.standby.part:
            name = phrase("standby", name=name)
        # A killed parent of PostgreSQL takes its children along, which notice it.
        rows.append((name, f"127.0.0.1:{part.port}", f"kill -9 {part.pid}"))
    width = max(len(name) for name, _, _ in rows)
    for name, address, how in rows:
        print(f"  {name:<{width}}  {address:<16} {how}")
    print(flush=True)


async def play(port: int) -> None:
    """Until SIGINT or SIGTERM. Raises PartFailed, ProgramMissing."""
    ending = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    started = False

    def end() -> None:
        ending.set()
        if not started:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    changed = asyncio.Event()

    def told(key: str, **values: object) -> None:
        say(key, **values)
        if started and key in ("back", "in_step"):
            changed.set()

    async with running(port, told) as cluster:
        started = True
        print()
        say("address", url=cluster.url)
        say("who")
        show(cluster)
        while not ending.is_set():
            waits = [asyncio.ensure_future(one.wait()) for one in (ending, changed)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
            if changed.is_set() and not ending.is_set():
                changed.clear()
                show(cluster)
        say("stopping")


def port_of(text: str) -> int:
    """A port. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--port", type=port_of, default=DEFAULT_PORT, help="where the web app is")
    try:
        asyncio.run(play(parser.parse_args().port))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 130
    except (PlauschError, *FAILURES) as error:
        reason = str(error) or type(error).__name__
        print(phrase("failed", reason=reason), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
