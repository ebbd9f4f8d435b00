"""A certificate that runs short is told of, by device and day, and what hinders that is, too."""

import asyncio

import pytest

from cast import Town
from plausch.agent import certificate_watch
from plausch.agent.certificate_watch import keep_warning, warn
from plausch.base.clock import ManualClock
from plausch.sdk import Team
from plausch.sdk.certificates import WARNED_S
from plausch.sdk.errors import ConversationBroken
from unit.sdk.talks import eventually


async def test_months_before_it_ends_and_not_before(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    linde = await town.person("linde", kind="business")
    team = await linde.team()
    ends_s = linde.certificate_ends_s
    assert await team.certificate_ends() == {linde.device: ends_s}
    await warn(team, ends_s - WARNED_S)
    assert caplog.records == []
    await warn(team, ends_s - WARNED_S + 1)
    assert f"the certificate of {linde.device.uri} ends on 20" in caplog.text


async def test_what_hinders_it_stops_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    async def broken(_: Team, __: int) -> None:
        looks.append(1)
        raise ConversationBroken("It is torn.")

    monkeypatch.setattr(certificate_watch, "warn", broken)
    monkeypatch.setattr(certificate_watch, "LOOKED_AFTER_S", 0.001)
    watching = asyncio.ensure_future(keep_warning(None, ManualClock(0)))  # type: ignore[arg-type]
    await eventually(lambda: len(looks) > 2)
    watching.cancel()
    assert "could not be looked at" in caplog.text
