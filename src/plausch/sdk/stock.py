"""Key packages in stock at the server, so that others can add this device while it is away.

Private halves are in the vault before the public ones leave. Each is handed out once; when none
is left the last-resort one is, and that is replaced as soon as it was used, and before it is too
old to be used.

How many the server holds it says at login. From then on this device counts along: each Welcome
used one, and one for a last resort says that no other was left. It looks after each Welcome, and
once a day. Packages that were claimed and never used are seen at the next login only.
"""

import asyncio

from plausch.base.durations import DAY_MS
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING
from plausch.sdk.core import Core
from plausch.sdk.errors import ServerRefused, Unreachable
from plausch.sdk.vault.key_packages import KeptKeyPackage
from plausch.wire import frames as f

STOCK = {MLS_256_XWING: 24, MLS_128_X25519_AES128: 6}
"""How many one-time key packages are made at once, by cipher suite."""

LOW_STOCK = 12
LIFETIME_S = 60 * 24 * 3600
DAY_S = 24 * 3600
RENEW_AFTER_MS = LIFETIME_S * 1000 - 14 * DAY_MS
"""A last-resort package of this age is replaced: who claims one has time to use it."""


class Stock:
    """What the server holds of this device, counted along."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._filling = asyncio.Lock()
        self._counted_on = 0
        self._claimed = 0
        self._daily = False

    async def counted(self, held: int) -> None:
        """The server says at login how many it holds: fill up, and look after it from now on.

        Raises Unreachable, ServerRefused.
        """
        core = self._core
        async with self._filling:
            self._claimed = await core.key_packages.uploaded() - held
            self._counted_on = core.transport.generation
            await replenish(core, held)
        if not self._daily:
            self._daily = True
            core.spawn(self._every_day())

    async def refill(self) -> None:
        """Fill up, if this connection has seen a count; what the server refuses is noted."""
        core = self._core
        try:
            async with self._filling:
                if self._counted_on == core.transport.generation:
                    await replenish(core, await self._held())
        except Unreachable:
            return  # the next login counts anew
        except ServerRefused as error:
            await core.report(None, None, error)

    async def _held(self) -> int:
        if set(STOCK) - await _fresh_last_resorts(self._core):
            return 0
        return max(0, await self._core.key_packages.uploaded() - self._claimed)

    async def _every_day(self) -> None:
        while True:
            await asyncio.sleep(DAY_S)
            await self._core.patiently(self.refill)


async def replenish(core: Core, held: int) -> None:
    """Fill up what the server holds (`held` one-time packages). Raises Unreachable, ServerRefused.

    What was made but perhaps never arrived is uploaded first; the server passes over what it has.
    """
    now_ms = core.clock.now_ms()
    await core.vault.write([core.key_packages.delete_old(now_ms - LIFETIME_S * 1000 - DAY_MS)])
    waiting = await core.key_packages.waiting()
    fresh = await _fresh_last_resorts(core)
    made = [_make(core, suite_id, last_resort=True) for suite_id in STOCK if suite_id not in fresh]
    if held + sum(not kept.last_resort for kept in waiting) < LOW_STOCK:
        made += [
            _make(core, suite_id, last_resort=False)
            for suite_id, count in STOCK.items()
            for _ in range(count)
        ]
    await core.vault.write([core.key_packages.put(kept) for kept in made])
    await _upload(core, [*waiting, *made])


async def _fresh_last_resorts(core: Core) -> set[int]:
    """The suites with a last resort that was not used and is not about to be too old."""
    return await core.key_packages.fresh_last_resorts(core.clock.now_ms() - RENEW_AFTER_MS)


def _make(core: Core, suite_id: int, *, last_resort: bool) -> KeptKeyPackage:
    bundle = KeyPackageBundle.create(
        suite_id,
        core.credential,
        core.own.device_key.to_bytes(),
        core.now_s(),
        LIFETIME_S,
        last_resort,
    )
    return KeptKeyPackage(
        bundle.ref,
        suite_id,
        last_resort,
        bundle.save(),
        bundle.message,
        uploaded=False,
        used=False,
        made_at_ms=core.clock.now_ms(),
    )


async def _upload(core: Core, packages: list[KeptKeyPackage]) -> None:
    one_time = [kept for kept in packages if not kept.last_resort]
    resorts = [kept for kept in packages if kept.last_resort]
    if one_time:
        await _upload_some(core, one_time, b"")
    for kept in resorts:
        await _upload_some(core, [kept], kept.public)


async def _upload_some(core: Core, packages: list[KeptKeyPackage], last_resort: bytes) -> None:
    public = [] if last_resort else [kept.public for kept in packages]
    await core.transport.ask(
        lambda request_id: f.UploadKeyPackages(request_id, public, last_resort), f.Done
    )
    await core.vault.write([core.key_packages.mark_uploaded(kept.ref) for kept in packages])
