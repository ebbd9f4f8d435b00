"""The world of the kill test: two devices in the browser, a witness, and a server's log.

Everything is remembered on this side of the glass: what the page has asked for, what it was
answered, in which order. A device that was killed is asked again for all that it has not answered;
what it then says is compared with what it said before.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page

from browser.stage import Fields, all_of, ask, kill, open_vault, pack, pinned, tab, unpack, value_of
from browser.witness import Seat, Witness
from plausch.mls.suite import MLS_256_XWING

GROUP = b"sixteen byte grp"
DAY_S = 86_400
PAGE_KILL_SHARE = 0.12
CRASH_SHARE = 0.3
COMMIT_EVERY = 12
LONGEST_START_MS = 60.0
LONGEST_STEPS_MS = (4.0, 4.0, 4.0, 25.0)
"""What a message takes, three times out of four; else what a Commit or a join takes."""

_ROWS = """
async ([vault, store, rows]) => {
  const request = indexedDB.open(`plausch vault ${vault}`);
  await new Promise((resolve) => { request.onsuccess = resolve; });
  const transaction = request.result.transaction([store], 'readwrite');
  const done = new Promise((resolve) => { transaction.oncomplete = resolve; });
  const place = transaction.objectStore(store);
  const read = place.getAll();
  for (const { group, sealed } of rows) {
    place.put({ group: Uint8Array.from(group), sealed: Uint8Array.from(sealed) });
  }
  await done;
  request.result.close();
  return read.result.map(({ group, sealed }) => ({ group: [...group], sealed: [...sealed] }));
}
"""


@dataclass(frozen=True)
class Envelope:
    """One place of the log; `text` is empty in a Commit."""

    sender: str
    id: bytes
    raw: bytes
    text: bytes


@dataclass
class Actor:
    """A device in the browser, as its application remembers it."""

    name: str
    identity: Fields = field(default_factory=dict)
    is_open: bool = False
    wanted: dict[bytes, bytes] = field(default_factory=dict)
    """Messages without a ciphertext yet: id and text."""
    commit: bytes | None = None
    """The id of a Commit that is wanted."""
    left: dict[bytes, bytes] = field(default_factory=dict)
    """The ciphertexts that came out of the worker, by id."""
    cursor: int = 0
    """So much of the log was answered."""
    outcomes: dict[int, Fields] = field(default_factory=dict)
    """By place in the log."""
    shown: dict[int, Fields] = field(default_factory=dict)
    """By position in the vault."""


@dataclass(frozen=True)
class Asked:
    """A question, and what it was about: places of the log, or an id."""

    actor: Actor
    operation: str
    fields: Mapping[str, object]
    start: int = 0
    id: bytes = b""


class World:
    """One browser, two devices, one witness."""

    def __init__(self, context: BrowserContext, site: str, dice: random.Random) -> None:
        self.kills = self.page_kills = self.crashes = self.kills_in_the_midst = self.rounds = 0
        self.log: list[Envelope] = []
        self.witness = Witness(b"witness")
        self._context = context
        self._site = site
        self._dice = dice
        self._actors = {name: Actor(name) for name in ("anna", "ben")}
        self._asked: list[Asked] = []
        self._gone = 0
        self._answered: Counter[str] = Counter()
        self._problems: list[str] = []
        self._said = 0
        self._commit_due = False
        context.expose_function("report", self._report)
        self._page = tab(context, site)

    # --- before and after ------------------------------------------------------------------

    def begin(self) -> None:
        """Anna makes the group, Ben and the witness join it."""
        page, anna, ben = self._page, self._actors["anna"], self._actors["ben"]
        for actor in (anna, ben):
            open_vault(page, actor.name)
            actor.is_open = True
            actor.identity = ask(
                page,
                actor.name,
                "makeIdentity",
                suite=MLS_256_XWING,
                credentialType=1,
                credential=actor.name.encode(),
            )
        self.witness.meet(anna.identity, ben.identity)
        for actor in (anna, ben):
            ask(page, actor.name, "judgeBy", policy=self._policy)
        ask(page, "anna", "createGroup", group=GROUP)
        (package,) = ask(page, "ben", "makeKeyPackages", count=1, lifetimeS=30 * DAY_S)
        bundle = self.witness.key_package()
        adds = [package["message"], bundle.message]
        entry = ask(page, "anna", "commit", group=GROUP, id=b"begin", adds=adds)
        ask(page, "anna", "acceptCommit", group=GROUP, id=b"begin")
        ask(page, "ben", "join", welcome=entry["welcome"])
        self.seat: Seat = self.witness.join(entry["welcome"], bundle)

    def finish(self) -> None:
        """Without kills, until everybody has everything."""
        for _ in range(20):
            if all(actor.is_open and self._is_idle(actor) for actor in self._all()):
                return
            self._run([self._errand(actor) for actor in self._all()], [])
        raise AssertionError("the devices do not come to an end")

    def check(self) -> None:
        """Compare every promise with what was seen."""
        assert self.seat.gaps() == []
        for actor in self._all():
            others = [
                (place.sender, place.text)
                for place in self.log
                if place.sender != actor.name and place.text
            ]
            rows = all_of(self._page, actor.name, GROUP)
            assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
            taken = [row["taken"] for row in rows if row["taken"]["kind"] == "message"]
            said = [(one["sender"]["credential"].decode(), one["plaintext"]) for one in taken]
            assert Counter(said) == Counter(others)
            assert max(Counter(said).values()) == 1
            assert {position: actor.shown[position] for position in actor.shown} == {
                row["position"]: row["taken"] for row in rows if row["position"] in actor.shown
            }
            kept = ask(self._page, actor.name, "outbox", group=GROUP)
            messages = {one["id"]: one["payload"] for one in kept if one["kind"] == "message"}
            in_log = {one.id: one.raw for one in self.log if one.sender == actor.name and one.text}
            assert messages == actor.left == in_log
        secrets = [
            ask(
                self._page,
                name,
                "exportSecret",
                group=GROUP,
                label="end",
                context=b"",
                length=32,
            )
            for name in self._actors
        ]
        assert secrets == [self.seat.group.export_secret("end", b"", 32)] * 2

    def summary(self) -> str:
        """What was done, for the test's output."""
        answered = ", ".join(f"{count} {name}" for name, count in sorted(self._answered.items()))
        return (
            f"{self.kills} kills ({self.page_kills} of the page, {self.crashes} of them crashes; "
            f"{self.kills_in_the_midst} between two answers) in {self.rounds} rounds; "
            f"{len(self.log)} envelopes, epoch {self.seat.group.epoch}, {len(self.seat.uses)} keys "
            f"used; answered: {answered}"
        )

    # --- rounds ----------------------------------------------------------------------------

    def round(self) -> None:
        """Everybody writes and reads, and somebody is killed meanwhile."""
        self._wish()
        errands = [self._errand(actor) for actor in self._all()]
        if self._dice.random() < PAGE_KILL_SHARE:
            self._run(errands, [], page_dies=True)
        else:
            self._run(errands, self._dice.sample(self._all(), self._dice.choice((1, 1, 1, 2))))

    def join_round(self) -> None:
        """The witness invites Ben into a new group, and Ben is killed until he has answered."""
        ben, dice = self._actors["ben"], self._dice
        group = dice.randbytes(16)
        self._run([[self._open(ben)] if not ben.is_open else []], [])
        (package, *_) = ask(self._page, "ben", "keyPackages") or ask(
            self._page, "ben", "makeKeyPackages", count=1, lifetimeS=30 * DAY_S
        )
        seat = self.witness.create(group)
        pending = seat.commit(package["message"])
        welcome = pending.welcome
        pending.accept()
        text = dice.randbytes(8)
        raw = seat.group.encrypt(text)
        for _ in range(1 + dice.randrange(3)):
            errand = [] if ben.is_open else [self._open(ben)]
            errand.append(Asked(ben, "join", {"welcome": welcome}))
            self._run([errand], [ben])
            self._run([[] if ben.is_open else [self._open(ben)]], [])
            joined = group in [view["group"] for view in ask(self._page, "ben", "groups")]
            refs = [kept["ref"] for kept in ask(self._page, "ben", "keyPackages")]
            assert joined == (package["ref"] not in refs)
        view = ask(self._page, "ben", "join", welcome=welcome)
        assert (view["group"], view["epoch"]) == (group, 1)
        (outcome,) = ask(self._page, "ben", "process", group=group, envelopes=[raw])
        assert outcome["taken"]["plaintext"] == text

    def _wish(self) -> None:
        dice = self._dice
        actors = self._all()
        if not self._commit_due and dice.randrange(COMMIT_EVERY) == 0:
            self._commit_due = True
        if not self._commit_due:
            for actor in actors:
                for _ in range(dice.randrange(4)):
                    self._want(actor)
            if dice.randrange(3) == 0:
                self._witness_speaks()
        elif all(self._is_idle(actor) for actor in actors):
            for actor in dice.sample(actors, dice.choice((1, 1, 2))):
                actor.commit = dice.randbytes(8)

    def _want(self, actor: Actor) -> None:
        self._said += 1
        actor.wanted[self._dice.randbytes(8)] = b"%d by %s" % (self._said, actor.name.encode())

    def _witness_speaks(self) -> None:
        self._said += 1
        text = b"%d by witness" % self._said
        raw = self.seat.group.encrypt(text)
        self.log.append(Envelope("witness", b"", raw, text))

    def _errand(self, actor: Actor) -> list[Asked]:
        """All that this device still owes, in some order."""
        dice = self._dice
        reading: list[Asked] = []
        start = max(0, actor.cursor - dice.randrange(3))
        while start < len(self.log):
            end = min(len(self.log), start + 1 + dice.randrange(4))
            envelopes = [place.raw for place in self.log[start:end]]
            fields = {"group": GROUP, "envelopes": envelopes}
            reading.append(Asked(actor, "process", fields, start=start))
            start = end
        writing = [
            Asked(actor, "encrypt", {"group": GROUP, "id": id_, "plaintext": text}, id=id_)
            for id_, text in actor.wanted.items()
        ]
        if actor.commit is not None:
            fields = {"group": GROUP, "id": actor.commit}
            writing.append(Asked(actor, "commit", fields, id=actor.commit))
        mixed: list[Asked] = []
        while reading or writing:
            queue = dice.choice([queue for queue in (reading, writing) if queue])
            mixed.append(queue.pop(0))
        after = max(0, max(actor.shown, default=0) - dice.randrange(4))
        look = Asked(actor, "received", {"after": after, "limit": 1_000, "group": GROUP})
        mixed.insert(dice.randrange(len(mixed) + 1), look)
        return mixed if actor.is_open else [self._open(actor), *mixed]

    def _open(self, actor: Actor) -> Asked:
        fields = {"vault": actor.name, "wait": True, "policy": self._policy}
        return Asked(actor, "open", fields)

    @property
    def _policy(self) -> Fields:
        identities = [actor.identity for actor in self._all()]
        return pinned(self.witness.view, *identities)

    # --- killing ---------------------------------------------------------------------------

    def _run(
        self, errands: Sequence[list[Asked]], victims: Sequence[Actor], *, page_dies: bool = False
    ) -> None:
        """Ask, and meanwhile kill the victims, or the page with all its workers."""
        self.rounds += 1
        self._gone, answered = 0, self._answered.total()
        plan = [self._plan(errand, victims) for errand in errands if errand]
        if page_dies:
            self._kill_page(plan)
            victims = self._all()
        else:
            self._page.evaluate("plan => stage.run(plan)", plan)
            self.kills += len(victims)
        for actor in victims:
            actor.is_open = False
        if page_dies or self._gone:
            self.kills_in_the_midst += self._answered.total() > answered
        assert not self._problems, self._problems

    def _plan(self, errand: Sequence[Asked], victims: Sequence[Actor]) -> Fields:
        """As `stage.run` wants it, with a moment for the kill: near an answer, or at the start."""
        dice = self._dice
        actor = errand[0].actor
        first = len(self._asked)
        self._asked += errand
        plan: dict[str, object] = {
            "name": actor.name,
            "first": first,
            "questions": [
                {"operation": one.operation, "asked": pack(one.fields)} for one in errand
            ],
            "killAfterMs": dice.uniform(0, dice.choice(LONGEST_STEPS_MS)),
        }
        if actor in victims:
            plan["killAt"] = dice.randrange(len(errand) + 1)
            if errand[-1].operation == "join":
                plan["killAt"] = len(errand) - 1
                plan["killAfterMs"] = dice.uniform(0, LONGEST_STEPS_MS[-1])
            elif plan["killAt"] == 0:
                plan["killAfterMs"] = dice.uniform(0, LONGEST_START_MS)
        return plan

    def _kill_page(self, plan: Sequence[Fields]) -> None:
        self._page.evaluate("plan => { void stage.run(plan); }", plan)
        self._page.wait_for_timeout(self._dice.uniform(0, 2 * LONGEST_START_MS))
        if self._dice.random() < CRASH_SHARE:
            crash(self._page)
            self.crashes += 1
        self._page.close()
        self._page = tab(self._context, self._site)
        self.page_kills += 1
        self.kills += 1

    # --- answers ---------------------------------------------------------------------------

    def _report(self, index: int, packed: Any) -> None:
        """Called from the page. What is wrong is kept for `_run`, which can raise it."""
        answer = unpack(packed)
        asked = self._asked[index]
        if answer.get("failure", {}).get("code") == "worker_gone":
            self._gone += 1
            return
        self._answered[asked.operation] += 1
        try:
            getattr(self, f"_took_{asked.operation}")(asked, value_of(answer))
        except Exception as error:
            self._problems.append(f"{asked.actor.name} {asked.operation}: {error!r}")

    def _took_open(self, asked: Asked, value: Fields) -> None:
        assert value["identity"] == asked.actor.identity
        asked.actor.is_open = True

    def _took_encrypt(self, asked: Asked, entry: Fields) -> None:
        actor, raw = asked.actor, entry["payload"]
        if asked.id in actor.left:
            assert actor.left[asked.id] == raw, "another ciphertext under the same id"
            return
        actor.left[asked.id] = raw
        text = actor.wanted.pop(asked.id)
        received = self.seat.take(raw)
        assert received is not None and received.plaintext == text
        self.log.append(Envelope(actor.name, asked.id, raw, text))

    def _took_commit(self, asked: Asked, entry: Fields) -> None:
        """The server takes the first Commit of an epoch; the other is dropped by whoever made it,
        when it reads the first."""
        asked.actor.commit = None
        self._commit_due = False
        if entry["epoch"] == self.seat.group.epoch:
            self.seat.take(entry["payload"])
            self.log.append(Envelope(asked.actor.name, asked.id, entry["payload"], b""))

    def _took_process(self, asked: Asked, outcomes: Sequence[Fields]) -> None:
        actor = asked.actor
        for at, outcome in enumerate(outcomes, asked.start):
            place = self.log[at]
            assert actor.outcomes.setdefault(at, outcome) == outcome, "another answer than before"
            if place.sender == actor.name and place.text:
                assert outcome == {"kind": "own", "id": place.id}
                continue
            assert outcome["kind"] == "received", outcome
            taken = outcome["taken"]
            assert taken["kind"] == ("message" if place.text else "commit")
            assert taken.get("plaintext", b"") == place.text
            self._show(actor, outcome["position"], taken)
        actor.cursor = max(actor.cursor, asked.start + len(outcomes))

    def _took_received(self, asked: Asked, rows: Sequence[Fields]) -> None:
        for row in rows:
            self._show(asked.actor, row["position"], row["taken"])

    def _took_join(self, asked: Asked, view: Fields) -> None:
        assert view["epoch"] == 1

    def _show(self, actor: Actor, position: int, taken: Fields) -> None:
        assert actor.shown.setdefault(position, taken) == taken, "a position has changed"

    def _is_idle(self, actor: Actor) -> bool:
        """It has said and read everything, so that no Commit of its own is pending."""
        return not actor.wanted and not actor.commit and actor.cursor == len(self.log)

    # --- for the test of the test ----------------------------------------------------------

    def say(self, name: str, text: bytes) -> bytes:
        """A message past all bookkeeping."""
        id_ = self._dice.randbytes(8)
        raw: bytes = ask(self._page, name, "encrypt", group=GROUP, id=id_, plaintext=text)[
            "payload"
        ]
        return raw

    def rows(self, name: str, store: str) -> Any:
        """The rows of one of the stores of groups."""
        return self._page.evaluate(_ROWS, [name, store, []])

    def put_back(self, name: str, store: str, rows: Any) -> None:
        """Set a vault's store back to old rows, while its device is not running."""
        kill(self._page, name)
        self._page.evaluate(_ROWS, [name, store, rows])
        open_vault(self._page, name, self.witness.view, *(a.identity for a in self._all()))

    def _all(self) -> list[Actor]:
        return list(self._actors.values())


def crash(page: Page) -> None:
    """End the page's process, as a browser that runs out of memory does."""
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash")
