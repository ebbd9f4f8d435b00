"""Olga's two gateways behind HAProxy, with the configuration that docs/ shows: people notice
nothing when one of them is stopped, killed, or loses its database.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cast import PATIENCE_S, history, message
from engines import postgres
from haproxy import Haproxy
from scenes.test_gateways import acquainted, street
from street import Street

__all__ = ["postgres", "street"]


@pytest.fixture
async def front(street: Street, tmp_path: Path) -> AsyncIterator[Haproxy]:
    street.behind_proxy = True
    one, two = street.opens(), street.opens()
    haproxy = Haproxy(tmp_path, one.port, two.port).start()
    yield haproxy
    haproxy.stop()


async def test_gateways_are_restarted_one_after_the_other(street: Street, front: Haproxy) -> None:
    anna, ben = await street.person("anna", front), await street.person("ben", front)
    annas, bens = await acquainted(anna, ben)
    for round_, ends in enumerate(("stop", "kill", "stop", "kill")):
        gateway = street.gateways[round_ % 2]
        getattr(gateway, ends)()
        await annas.send_text(f"ohne {round_}")
        assert (await message(ben)).text == f"ohne {round_}"
        await bens.send_text(f"Antwort {round_}")
        assert (await message(anna)).text == f"Antwort {round_}"
        await asyncio.to_thread(gateway.start)
    assert (await history(annas))[-2:] == ["ohne 3", "Antwort 3"]
    assert await history(annas) == await history(bens), "nothing is lost, nothing is there twice"


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


async def test_a_gateway_without_its_database_says_so(street: Street, front: Haproxy) -> None:
    url = f"http://127.0.0.1:{street.gateways[0].port}"
    assert await asyncio.to_thread(status_of, f"{url}/readyz") == 200
    await street.database_goes()
    async with asyncio.timeout(PATIENCE_S):  # an answer of the database counts for a moment
        while await asyncio.to_thread(status_of, f"{url}/readyz") != 503:
            await asyncio.sleep(0.05)
    assert await asyncio.to_thread(status_of, f"{url}/healthz") == 200
