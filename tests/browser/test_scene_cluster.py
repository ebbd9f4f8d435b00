"""Two people write to each other through a whole cluster, of which every part is killed in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.people import Backstage, acquainted, troupe_of
from cluster.part import Part
from cluster.whole import Cluster
from server_process import OPEN_LIMITS


@pytest.fixture
def backstage() -> Iterator[Backstage]:
    one = Backstage()
    yield one
    one.close()


@pytest.fixture
def cluster(backstage: Backstage) -> Cluster:
    return backstage.cluster(OPEN_LIMITS)


@pytest.mark.timeout(900)
def test_every_message_arrives_once_and_in_order_whatever_dies(
    browser: Browser, backstage: Backstage, cluster: Cluster, tmp_path: Path
) -> None:
    async def kill(part: Part) -> None:
        part.kill()

    primary = cluster.pair.primary.part
    with troupe_of(browser, cluster.url, tmp_path) as troupe:
        anna = troupe.person("Anna", "de", "desktop")
        ben = troupe.person("Ben", "en", "phone")
        acquainted(anna, ben)
        written = ["Hallo!", "Hi!"]
        for person in (anna, ben):
            person.page.evaluate("window.stays = true")
        # One of the gateways has both of them, by their address: so both die.
        for part in (*cluster.gateways, cluster.nats, cluster.balancer, primary):
            written += [f"bevor {part.name} stirbt", f"after {part.name} has died"]
            anna.writes(written[-2])
            backstage.do(kill(part))
            ben.sees(written[-2])
            ben.writes(written[-1])
            anna.sees(written[-1])
        ben.sees_state(written[-1], "read")
        for person in (anna, ben):
            assert person.texts() == written
            expect(person.page.get_by_text(person.say("connection.offline"))).to_be_hidden()
            assert person.page.evaluate("window.stays"), "the page was loaded anew"
    assert cluster.pair.primary.part is not primary
