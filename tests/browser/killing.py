"""The world of the kill test: devices in the browser that die, and two in Python that do not.

What is asked for is drawn by lot. One group is for all: no browser device is ever taken out of it,
but a guest comes and goes, so that its epochs change. Other groups come and go. The witness is in
all of them.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import async_playwright

from browser.devices import Asked, Device
from browser.stage import CHROMIUM, Fields, arguments
from browser.tap import Tap, tapping
from browser.witness import Epochs, history, in_all
from plausch.base.errors import PlauschError
from plausch.sdk import Client
from server_process import OPEN_LIMITS, ServerProcess

NAMES = ("anna", "ben", "cleo")
WITNESS, GUEST = "wanda", "gus"
TITLE = "All of us"
GROUPS = 6
"""Groups beside the one for all."""

SIGNS = ("👍", "❤️", "🎉")
FILE_BYTES = 300_000
FILE_NAME = "file.bin"
MOST_WISHES = 8
SETTLING_S = 120.0
LOOK_AGAIN_S = 0.5
CALM_LOOKS = 3
"""Looks in a row at which nothing has changed: everybody has everything."""

WEIGHTS = {
    "sendText": 12,
    "react": 3,
    "edit": 2,
    "remove": 1,
    "markRead": 3,
    "setDraft": 2,
    "rename": 1,
    "messages": 2,
    "createGroup": 1,
    "add": 5,
    "expel": 4,
    "leave": 1,
    "forget": 2,
    "sendFile": 2,
    "change": 1,
}


class World:
    """One server, one browser, its devices and the witness."""

    def __init__(self, devices: Sequence[Device], client: Client, tap: Tap, seed: int) -> None:
        self.devices = devices
        self.client = client
        self.tap = tap
        self.everybody = ""
        self.guest = f"{GUEST}@localhost"
        self.dice = random.Random(seed)
        self.files: dict[str, bytes] = {}
        """By the text beside them."""
        self._number = 0

    @property
    def kills(self) -> int:
        return sum(device.kills for device in self.devices)

    # --- the beginning -----------------------------------------------------------------------

    async def register(self, kills: int) -> None:
        """Everybody gets an account, killed so many times meanwhile, and while the first key
        packages are made."""
        await asyncio.gather(*(self._register(device, kills) for device in self.devices))

    async def _register(self, device: Device, kills: int) -> None:
        register = Asked("register", {"name": device.name})
        own = None
        while own is None:
            answers = await device.run([Asked("open"), register], dies=device.kills < kills)
            opened, registered = answers.get(0, {}), answers.get(1, {})
            own = opened.get("value", {}).get("own") or registered.get("value")
            assert registered.get("failure", {}).get("code") in (None, "vault_exists")
        assert own["address"] == device.address
        identity = own["device"]
        for _ in range(kills):
            answers = await device.run([Asked("open")])
            if 0 in answers:
                assert answers[0]["value"]["own"]["device"] == identity
        device.refused.clear()  # whoever asks again may be told that it is done already

    async def gather(self) -> None:
        """The group for all."""
        first, *others = self.devices
        for device in self.devices:
            await device.ask("open")
        addresses = [*(other.address for other in others), str(self.client.address)]
        made = await first.ask("createGroup", title=TITLE, addresses=addresses)
        self.everybody = made["id"]
        for address in addresses:  # whoever may change the group
            here = {"conversation": self.everybody, "address": address}
            await first.ask("appoint", **here, isAdmin=True)
        await self.settled()

    # --- living ------------------------------------------------------------------------------

    async def live(self, kills: int) -> None:
        """Everybody talks, and dies again and again, until there were so many kills."""
        witness = asyncio.create_task(self._bear_witness())
        try:
            await asyncio.gather(*(self._lives(device, kills) for device in self.devices))
        finally:
            witness.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await witness

    async def _lives(self, device: Device, kills: int) -> None:
        while self.kills < kills:
            wishes = [self._wish(device) for _ in range(self.dice.randrange(1, MOST_WISHES))]
            errand = [Asked("open"), Asked("conversations")]
            await device.run([*errand, *(wish for wish in wishes if wish is not None)])

    async def _bear_witness(self) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(0.1, 0.5))
            known = self.client.conversations()
            if not known:
                continue
            conversation = self.dice.choice(known)
            with contextlib.suppress(PlauschError):
                if conversation.request:
                    await conversation.accept()
                await conversation.send_text(self._text(WITNESS))
                await conversation.mark_read()

    def _wish(self, device: Device) -> Asked | None:
        """Something that a person could want now."""
        dice = self.dice
        (operation,) = dice.choices([*WEIGHTS], [*WEIGHTS.values()])
        open_rows = {id_: row for id_, row in device.rows.items() if row["state"] == "open"}
        stranger = next((id_ for id_, row in open_rows.items() if row["isRequest"]), "")
        if stranger:
            return Asked("accept", {"conversation": stranger})
        if operation == "createGroup":
            return self._new_group(device)
        if operation == "forget":
            left = [id_ for id_, row in device.rows.items() if row["state"] == "left"]
            return Asked(operation, {"conversation": left[0]}) if left else None
        ids = [id_ for id_ in open_rows if operation != "leave" or id_ != self.everybody]
        return self._wish_in(device, operation, dice.choice(ids)) if ids else None

    def _wish_in(self, device: Device, operation: str, id_: str) -> Asked | None:
        dice = self.dice
        here = {"conversation": id_}
        text = self._text(device.name)
        mine = [one.id for one in device.said.values() if one.id and one.conversation == id_]
        others = [one.address for one in self.devices if one is not device]
        other = self.guest if id_ == self.everybody else dice.choice([*others, self.guest])
        match operation:
            case "sendText":
                return Asked(operation, {**here, "text": text}, text)
            case "sendFile":
                return self._file(here, text)
            case "react" | "edit" | "remove":
                return self._change(operation, here, mine)
            case "setDraft":
                return Asked(operation, {**here, "draft": text})
            case "rename":
                return Asked(operation, {**here, "title": TITLE if id_ == self.everybody else text})
            case "messages":
                fields = {"stretch": {"from": "end"}, "limit": dice.randrange(1, 50)}
                return Asked(operation, {**here, **fields})
            case "add" | "expel":
                return Asked(operation, {**here, "address": other})
            case "change":
                return Asked(operation, {**here, "isPinned": dice.random() < 0.5})
            case _:
                return Asked(operation, here)

    def _change(self, operation: str, here: Fields, mine: Sequence[str]) -> Asked | None:
        if not mine:
            return None
        fields = {**here, "message": self.dice.choice(mine)}
        if operation == "react":
            fields["sign"] = self.dice.choice(SIGNS)
        elif operation == "edit":
            fields["text"] = f"another {self._text('text')}"
        elif self.dice.random() < 0.5:
            return None
        return Asked(operation, fields)

    def _file(self, here: Fields, text: str) -> Asked:
        raw = self.files[text] = self.dice.randbytes(self.dice.randrange(1, FILE_BYTES))
        fields = {
            "file": {"file": raw.hex()},
            "name": FILE_NAME,
            "mediaType": "application/octet-stream",
            "transfer": text,
            "text": text,
        }
        return Asked("sendFile", {**here, **fields}, text)

    def _new_group(self, device: Device) -> Asked | None:
        if len(self.client.conversations()) > GROUPS:
            return None
        others = [one.address for one in self.devices if one is not device]
        chosen = self.dice.sample(others, self.dice.randrange(len(others) + 1))
        addresses = [*chosen, str(self.client.address)]
        return Asked("createGroup", {"title": self._text("group"), "addresses": addresses})

    def _text(self, by: str) -> str:
        self._number += 1
        return f"{self._number} by {by}"

    # --- the end -----------------------------------------------------------------------------

    async def settled(self) -> None:
        """Nobody dies, until everybody has everything and nothing waits. Raises TimeoutError."""
        before: object = None
        calm = 0
        try:
            async with asyncio.timeout(SETTLING_S):
                while calm < CALM_LOOKS:
                    await asyncio.sleep(LOOK_AGAIN_S)
                    now = [await self._look(device) for device in self.devices]
                    witness = {
                        id_: (one.participants, len(await history(one)))
                        for id_, one in in_all(self.client).items()
                    }
                    waits = any(waits for _, waits in now)
                    calm = calm + 1 if (now, witness) == before and not waits else 0
                    before = now, witness
        except TimeoutError as error:
            heard = {device.name: await device.heard() for device in self.devices}
            raise AssertionError(f"something waits for ever: {before}; told: {heard}") from error

    async def _look(self, device: Device) -> tuple[Mapping[str, object], bool]:
        """What a device has, and whether something of it waits."""
        found: dict[str, object] = {}
        waits = False
        for row in await device.ask("conversations"):
            said = await device.history(row["id"])
            waiting = [one["text"] for one in said if one["state"] == "waiting"]
            waits |= row["state"] == "opening" or (row["state"] == "open" and bool(waiting))
            found[row["id"]] = (row["state"], row["participants"], len(said), waiting)
        return found, waits

    async def farewell(self) -> None:
        """Everybody says something in every group: whoever reads it is in the same state."""
        for device in self.devices:
            await device.run([Asked("open"), Asked("conversations")], dies=False)
            errand = [
                wish
                for id_, row in device.rows.items()
                if row["state"] == "open"
                and (wish := self._wish_in(device, "sendText", id_)) is not None
            ]
            await device.run(errand, dies=False)
        for conversation in self.client.conversations():
            await conversation.send_text(self._text(WITNESS))
        await self.settled()


@asynccontextmanager
async def world(folder: Path, built_page: Path, epochs: Epochs, seed: int) -> AsyncIterator[World]:
    """A server with the page, a browser whose storage is on disk, and everybody in it."""
    async with tapping() as tap, contextlib.AsyncExitStack() as stack:
        origins = [f"http://{name}.localhost:{tap.port}" for name in NAMES]
        config = f'web_dir = "{built_page}"\norigins = {origins}\n{OPEN_LIMITS}'
        server = stack.enter_context(ServerProcess(folder / "server", config=config))
        tap.server_port = server.port
        playwright = await stack.enter_async_context(async_playwright())
        context = await playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=CHROMIUM, args=arguments()
        )
        stack.push_async_callback(context.close)
        devices = [
            Device(name, f"{origin}/", context, random.Random(f"{seed} {name}"))
            for name, origin in zip(NAMES, origins, strict=True)
        ]
        by_origin = dict(zip(origins, devices, strict=True))
        await context.expose_binding(
            "report",
            lambda source, index, answer: by_origin[source["page"].url.rstrip("/")].report(
                index, answer
            ),
        )
        for name in (GUEST, WITNESS):
            client = await Client.register(folder / name, server.url, name)
            await stack.enter_async_context(client)
        yield World(devices, client, tap, seed)
