"""Devices in the browser, as the test remembers them: what each was asked, what it answered.

Each has an origin of its own, and so a vault of its own, in one browser. Everything is remembered
on this side of the glass: a worker or a page that is killed takes nothing along.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Error, Page

from browser.stage import Fields, pack, unpack

PAGE_KILL_SHARE = 0.12
CRASH_SHARE = 0.3
LONGEST_START_MS = 400.0
LONGEST_STEPS_MS = (4.0, 25.0, 150.0, 150.0, 900.0)
"""How long after an answer a worker is killed: what it does meanwhile goes from a write to a
Commit, a join or an upload."""

ANSWER_PATIENCE_S = 60.0
PAGE = 200
GONE = "worker_gone"


_ROWS = """
async ([store, rows]) => {
  const request = indexedDB.open('plausch vault device');
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
class Asked:
    """A question. `about` is what the test calls that which comes of it."""

    operation: str
    fields: Mapping[str, object] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True)
class Said:
    """A message that was asked for. `id` once it was answered: from then on it must not be lost."""

    conversation: str
    text: str
    id: str = ""


class Refused(Exception):
    """The device answered with an error."""

    def __init__(self, asked: Asked, failure: Fields) -> None:
        super().__init__(f"{asked.operation}: {failure['sentence']}")
        self.code: str = failure["code"]


class Device:
    """One browser device."""

    def __init__(self, name: str, url: str, context: BrowserContext, dice: random.Random) -> None:
        self.name = name
        self.address = f"{name}@localhost"
        self.url = url
        self.kills = self.page_kills = self.crashes = self.kills_in_the_midst = 0
        self.rows: dict[str, Fields] = {}
        """The conversations, as last answered."""
        self.said: dict[str, Said] = {}
        """By text."""
        self.drafts: dict[str, set[str]] = {}
        """What a conversation's draft may be, by conversation."""
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.sentences: list[str] = []
        """What was said of each refusal."""
        self.problems: list[str] = []
        self._context = context
        self._dice = dice
        self._errand: Sequence[Asked] = ()
        self._answers: dict[int, Fields] = {}
        self._page: Page | None = None

    # --- asking ------------------------------------------------------------------------------

    async def ask(self, operation: str, **fields: object) -> Any:
        """One answer, without a kill. Raises Refused."""
        asked = Asked(operation, fields)
        page = await self.page()
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            answer = unpack(
                await page.evaluate("([a, b]) => stage.ask(a, b)", [operation, pack(fields)])
            )
        if "failure" in answer:
            raise Refused(asked, answer["failure"])
        return answer["value"]

    async def history(self, conversation: str) -> Sequence[Fields]:
        """All that was said, oldest first; lines of the log left out."""
        found: list[Fields] = []
        while True:
            stretch = {"before": found[0]["place"]} if found else {"from": "end"}
            answer = await self.ask(
                "messages", conversation=conversation, stretch=stretch, limit=PAGE
            )
            found[:0] = answer["messages"]
            if not answer["hasEarlier"]:
                return [one for one in found if one["kind"] in ("text", "file")]

    async def heard(self) -> Sequence[Fields]:
        """What was told about its connection and of problems since the page was opened."""
        told = unpack(await (await self.page()).evaluate("stage.heard()"))
        return [one for one in told if one["what"] in ("connection", "problem")]

    async def run(self, errand: Sequence[Asked], *, dies: bool = True) -> Mapping[int, Fields]:
        """Ask everything at once and, if it `dies`, kill the worker or the page meanwhile; the
        answers that came, by place."""
        page = await self.page()
        self._errand, self._answers = errand, {}
        for asked in errand:
            self._note(asked)
        plan: dict[str, object] = {
            "first": 0,
            "questions": [
                {"operation": one.operation, "asked": pack(one.fields)} for one in errand
            ],
            "killAfterMs": 0,
        }
        if dies and self._dice.random() < PAGE_KILL_SHARE:
            await self._kill_page(page, plan)
        else:
            if dies:
                plan |= self._moment(len(errand))
                self.kills += 1
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                await page.evaluate("plan => stage.run(plan)", plan)
        if dies:
            self.kills_in_the_midst += 0 < len(self._answers) < len(errand)
        assert not self.problems, self.problems
        return self._answers

    def report(self, index: int, packed: Any) -> None:
        """Called from the page, at the moment of an answer."""
        answer = unpack(packed)
        asked = self._errand[index]
        code = answer.get("failure", {}).get("code")
        if code == GONE:
            return
        self._answers[index] = answer
        if code is not None:
            self.refused[f"{asked.operation} {code}"] += 1
            self.sentences.append(f"{code}: {answer['failure'].get('sentence')}")
            return
        self.answered[asked.operation] += 1
        try:
            self._took(asked, answer["value"])
        except Exception as error:
            self.problems.append(f"{self.name} {asked.operation}: {error!r}")

    def _note(self, asked: Asked) -> None:
        """It may be done from now on, answered or not."""
        if asked.operation in ("sendText", "sendFile"):
            conversation = str(asked.fields["conversation"])
            self.said[asked.about] = Said(conversation, asked.about)
        elif asked.operation == "setDraft":
            drafts = self.drafts.setdefault(str(asked.fields["conversation"]), {""})
            drafts.add(str(asked.fields["draft"]))
        elif asked.operation == "forget":  # what was said there is promised no more
            gone = asked.fields["conversation"]
            self.said = {text: one for text, one in self.said.items() if one.conversation != gone}

    def _took(self, asked: Asked, value: Any) -> None:
        if asked.operation in ("sendText", "sendFile"):
            assert value["text"] == asked.about
            self.said[asked.about] = Said(value["conversation"], asked.about, value["id"])
        elif asked.operation == "conversations":
            self.rows = {row["id"]: row for row in value}
            for row in value:
                assert row["draft"] in self.drafts.get(row["id"], {""}), "a draft of nobody"
        elif asked.operation == "setDraft":
            self.drafts[str(asked.fields["conversation"])] = {str(asked.fields["draft"])}
        elif asked.operation == "forget":
            self.rows.pop(str(asked.fields["conversation"]), None)
            self.drafts.pop(str(asked.fields["conversation"]), None)

    # --- killing -----------------------------------------------------------------------------

    async def page(self) -> Page:
        """The page, a fresh one after its end."""
        if self._page is None:
            page = await self._context.new_page()
            page.on("pageerror", lambda error: self.problems.append(f"{self.name}: {error}"))
            await page.goto(self.url)
            assert await page.evaluate("'stage' in window")
            self._page = page
        return self._page

    async def kill(self) -> None:
        """End the worker at once."""
        await (await self.page()).evaluate("stage.kill()")

    # --- behind its back ---------------------------------------------------------------------

    async def rows_of(self, store: str) -> Any:
        """The rows of one of the stores of groups; the worker ends for it."""
        return await self._behind(store, [])

    async def put_back(self, store: str, rows: Any) -> None:
        """Set a store of groups back to old rows; the worker ends for it."""
        await self._behind(store, rows)

    async def _behind(self, store: str, rows: Any) -> Any:
        await self.kill()
        return await (await self.page()).evaluate(_ROWS, [store, rows])

    # --- killing, inside ---------------------------------------------------------------------

    def _moment(self, questions: int) -> dict[str, object]:
        """When to kill: near an answer, or at the start."""
        dice = self._dice
        kill_at = dice.randrange(questions + 1)
        longest = dice.choice(LONGEST_STEPS_MS) if kill_at else LONGEST_START_MS
        return {"killAt": kill_at, "killAfterMs": dice.uniform(0, longest)}

    async def _kill_page(self, page: Page, plan: Fields) -> None:
        await page.evaluate("plan => { void stage.run(plan); }", plan)
        await page.wait_for_timeout(self._dice.uniform(0, 2 * LONGEST_START_MS))
        if self._dice.random() < CRASH_SHARE:
            await crash(page)
            self.crashes += 1
        await page.close()
        self._page = None
        self.page_kills += 1
        self.kills += 1


async def crash(page: Page) -> None:
    """End the page's process, as a browser that runs out of memory does."""
    async with page.expect_event("crash"):
        with contextlib.suppress(Error):
            await page.goto("chrome://crash")
