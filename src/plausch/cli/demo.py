"""`plausch demo`: a server, a restaurant, hairdresser or shop, and a guest who books there."""

import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from plausch.agent.config import TEMPLATES, example_text
from plausch.agent.profile_file import example_profile
from plausch.base.errors import RemoteError
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.phrases import LANGUAGES
from plausch.cli.records import BookingRecord
from plausch.cli.stage.company import done, running
from plausch.cli.stage.evidence import search, seen_by_server
from plausch.cli.stage.guest import Mind, Person, Script, visit
from plausch.cli.stage.lines import Lines
from plausch.cli.stage.menu import wall_time
from plausch.cli.stage.report import show_evidence, show_search
from plausch.content.cards import BookingCard
from plausch.domain.booking import BookingState
from plausch.domain.business import BusinessKind
from plausch.sdk import Client, Conversation, StoredMessage
from plausch.server.site import is_built

BUSINESSES = {
    BusinessKind.RESTAURANT: ("Zur Linde", "zur-linde"),
    BusinessKind.HAIRDRESSER: ("Haarwerk", "haarwerk"),
    BusinessKind.SHOP: ("Radhaus", "radhaus"),
}
"""Name and account of each example business."""

GUEST_NAME = "anna"
UNDER_NAME = "Anna Berger"
HISTORY = 1000


class NotBlind(RemoteError):
    """A plaintext of the conversation was found in the server's files."""

    code = "not_blind"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo's parts are: the server's folder (and log), the agent's and guest's homes."""

    folder: Path
    url: str
    kind: BusinessKind = BusinessKind.RESTAURANT

    @property
    def account(self) -> str:
        """The name of the business's account."""
        return BUSINESSES[self.kind][1]

    @property
    def link(self) -> str:
        """The business in a browser; under a name for which browsers have cryptography."""
        return f"http://localhost:{self.url.rpartition(':')[2]}/{self.account}"

    @property
    def server(self) -> Path:
        """All that the server keeps, its log included."""
        return self.folder / "server"

    @property
    def agent(self) -> Path:
        """The agent's home."""
        return self.folder / "agent"

    @property
    def profile(self) -> Path:
        """What the business tells everybody of itself."""
        return self.folder / "profile.toml"

    @property
    def guest(self) -> Path:
        """The guest's home."""
        return self.folder / "guest"


@asynccontextmanager
async def built(
    folder: Path, screen: Screen, kind: BusinessKind = BusinessKind.RESTAURANT
) -> AsyncIterator[tuple[Stage, str]]:
    """Server and agent, running; yields the stage and the business's address."""
    server = folder / "server"
    server.mkdir(mode=0o700)
    business = folder / f"{TEMPLATES[kind]}.toml"
    business.write_text(example_text(kind, screen.language), encoding="utf-8")
    screen.say("demo_server")
    serve = ["serve", "--data", str(server), "--port", "0"]
    async with running("server", serve, "ready ", server / "server.log") as line:
        stage = Stage(folder, line.removeprefix("ready "), kind)
        screen.answer("demo_agent", business=BUSINESSES[kind][0])
        home = ["--home", str(stage.agent)]
        made = ["--server", stage.url, "--business", str(business), "--name", stage.account]
        await done("Setting the agent up", ["agent", "init", *home, *made])
        stage.profile.write_text(example_profile(kind), encoding="utf-8")
        await done("Publishing", ["business", "publish", str(stage.profile), *home])
        log = folder / "agent.log"
        async with running("agent", ["agent", "run", *home], "ready ", log) as line:
            yield stage, line.removeprefix("ready ")


def confirmed(history: list[StoredMessage]) -> BookingCard | None:
    """The guest's newest booking, if what the business said last of it is that it stands."""
    cards = [one.card for one in history if isinstance(one.card, BookingCard) and not one.outgoing]
    last = cards[-1] if cards else None
    return last if last is not None and last.state is BookingState.CONFIRMED else None


def same(card: BookingCard, record: BookingRecord) -> bool:
    """Whether the guest's card and the restaurant's book say the same."""
    return (
        (card.uid, card.state, card.party) == (record.uid, record.state, record.party)
        and card.start_s == record.starts_at_s
        and card.under_name == record.under_name
    )


async def agreed(stage: Stage, card: BookingCard | None) -> bool:
    """Whether the booking in the guest's vault is in the agent's book, word for word."""
    if card is None:
        return False
    out = await done("The book", ["agent", "bookings", "--home", str(stage.agent), "--json"])
    book = msgspec.json.decode(out, type=list[BookingRecord])
    return any(same(card, record) for record in book)


def texts_of(history: list[StoredMessage], card: BookingCard | None) -> Iterator[str]:
    """Everything that only the two of them may know, whole and line by line."""
    for message in history:
        yield message.text
        yield from message.text.splitlines()
    if card is not None:
        yield card.under_name
        yield card.uid
        yield card.business
        for language in LANGUAGES:
            yield wall_time(card.start_s, card.zone, language)


async def prove(stage: Stage, conversation: Conversation, screen: Screen) -> BookingCard | None:
    """Show what the server saw; the booking if both ends agree on one. Raises NotBlind."""
    history = await conversation.history(limit=HISTORY)
    card = confirmed(history)
    database = str(stage.server / "plausch.db")
    show_evidence(screen, await seen_by_server(database, conversation.id), history)
    public = stage.profile.read_text(encoding="utf-8")
    secret = [text for text in texts_of(history, card) if text not in public]
    result = search(stage.server, secret)
    if result.found:
        file, text = result.found[0]
        raise NotBlind(f"The server's file {file} contains {text!r} of this conversation.")
    show_search(screen, result)
    return card if await agreed(stage, card) else None


def show_link(stage: Stage, screen: Screen) -> None:
    """Where a browser finds the restaurant; or why it does not."""
    if is_built():
        screen.line(screen.phrase("demo_link", link=stage.link), style="bold")
    else:
        screen.say("demo_no_link")


async def scene(
    folder: Path, screen: Screen, script: bool, kind: BusinessKind = BusinessKind.RESTAURANT
) -> BookingCard | None:
    """The whole demo; the booking on which both ends agree, or None."""
    name = BUSINESSES[kind][0]
    async with built(folder, screen, kind) as (stage, address):
        screen.say("demo_guest")
        client = await Client.register(stage.guest, stage.url, GUEST_NAME)
        async with client:
            conversation = await client.conversation_with(address)
            await conversation.ready()
            screen.answer("demo_begin", guest=client.address, business=name)
            show_link(stage, screen)
            mind: Mind = (
                Script(screen, name, UNDER_NAME)
                if script
                else Person(
                    screen,
                    name,
                    Lines(sys.stdin.fileno()),
                    from_file=not sys.stdin.isatty(),
                )
            )
            await visit(client, conversation, mind, screen)
            return await prove(stage, conversation, screen)


@contextlib.contextmanager
def folder_for(keep: Path | None) -> Iterator[Path]:
    """A new folder that is gone afterwards, or one that is kept. Raises click.UsageError."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="plausch-demo-") as name:
            yield Path(name)
        return
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise click.UsageError(f"The folder {keep} is not empty; name one that is new.")
    yield keep


def guest_screen(screen: Screen, language: str | None, script: bool) -> Screen:
    """In the language that the guest asks for: by option, else by answer, else from LANG."""
    if language or script or not sys.stdin.isatty():
        return screen
    asked = click.prompt(
        "Deutsch oder English?", type=click.Choice(LANGUAGES), default=screen.language, err=True
    )
    return Screen("de" if asked == "de" else "en")


def chosen_kind(kind: str | None, screen: Screen, script: bool) -> BusinessKind:
    """Which business it is: by option, else by answer at a terminal, else the restaurant."""
    if kind is not None:
        return BusinessKind(kind)
    kinds = tuple(BusinessKind)
    if script or not sys.stdin.isatty():
        return kinds[0]
    for number, one in enumerate(kinds, 1):
        screen.line(f"{number}. {screen.phrase(f'kind_{one}')}")
    most = len(kinds)
    question = screen.phrase("demo_which")
    return kinds[click.prompt(question, type=click.IntRange(1, most), default=1, err=True) - 1]


@click.command(
    epilog="""\b
Examples:
  plausch demo
  plausch demo --business hairdresser
  plausch --language de demo
  plausch demo --script               unattended; exit code 1 unless the table is booked
  plausch demo --script --keep DIR    look at the server's files afterwards"""
)
@click.option("--script", is_flag=True, help="A guest who needs nobody: for tests.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Put everything into this new folder and leave it there.",
)
@click.option(
    "--business",
    type=click.Choice([one.value for one in BusinessKind]),
    help="Where to book; without it you are asked, or it is the restaurant.",
)
@click.pass_context
def demo(context: click.Context, script: bool, keep: Path | None, business: str | None) -> int:
    """Reserve a table or an appointment, end-to-end encrypted.

    Starts a server and a business's agent on this machine, makes you their guest, and in the
    end shows what the server saw of your conversation. Nothing of it stays.
    """
    language = context.find_root().params.get("language")
    screen = guest_screen(screen_of(), language, script)
    kind = chosen_kind(business, screen, script)
    with folder_for(keep) as folder:
        card = run(scene(folder, screen, script, kind))
    if card is None:
        screen.line("\n" + screen.phrase("demo_not_booked"), style="yellow")
        return 1 if script else 0
    when = wall_time(card.start_s, card.zone, screen.language)
    screen.line(
        "\n"
        + screen.phrase(
            "demo_booked", uid=card.uid, when=when, party=card.party, name=card.under_name
        ),
        style="bold green",
        between_words=True,
    )
    return 0
