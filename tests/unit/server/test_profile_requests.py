"""The frames about profiles at a real server."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from plausch.base.ids import AccountAddress
from plausch.domain.profile_codec import encode_profile
from plausch.identity.profile import issue_profile
from plausch.server.config import ServerConfig
from plausch.server.main import Server
from plausch.wire import frames as f
from public_profiles import PLAIN
from wire_device import Person, WasRefused, WireDevice

LINDE = AccountAddress("linde", "localhost")


async def page(url: str, target: str) -> Any:
    """What a program reads there."""

    def read() -> bytes:
        with urlopen(url + target) as answer:
            body: bytes = answer.read()
        return body

    return json.loads(await asyncio.to_thread(read))


async def test_publish_get_search_withdraw(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    owner = Person.new("linde")
    linde = await WireDevice.register(url, owner, kind="business")
    anna = await WireDevice.register(url, Person.new("anna"))

    def number(device: WireDevice) -> int:
        return device.session.next_id()

    async def search(**asked: Any) -> f.Directory:
        wanted = {"words": "lind", "kind": "", "place": "augs", "after": "", "limit": 5} | asked
        return await anna.ask(f.Directory, f.SearchDirectory(number(anna), **wanted))

    none = await anna.ask(f.Profile, f.GetProfile(number(anna), "linde"))
    assert none.profile == b""
    raw = issue_profile(owner.identity, LINDE, 1, 1_800_000_000, encode_profile(PLAIN))
    await linde.ask(f.Done, f.PublishProfile(number(linde), raw))
    got = await anna.ask(f.Profile, f.GetProfile(number(anna), "linde"))
    assert got.profile == raw
    assert (await page(url, "/linde?jsonld"))[
        "url"
    ] == f"http://localhost:{url.rsplit(':')[-1]}/linde"
    found = f.Listed("linde", "Zur Linde", "restaurant", "86150", "Augsburg")
    assert ((await search()).found, (await search()).more) == ([found], False)
    assert (await search(after="linde")).found == []
    with pytest.raises(WasRefused, match="not_a_business"):
        await anna.ask(f.Done, f.PublishProfile(number(anna), raw))
    gone = issue_profile(owner.identity, LINDE, 2, 1_800_000_000, b"")
    await linde.ask(f.Done, f.WithdrawProfile(number(linde), gone))
    assert (await search()).found == []
    await server.stop()
