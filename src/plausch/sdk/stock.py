"""Key packages in stock at the server, so that others can add this device while it is away.

Private halves are in the vault before the public ones leave. Each is handed out once; when none
is left the last-resort one is, and that is replaced as soon as it was used.
"""

from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING
from plausch.sdk.core import Core
from plausch.sdk.vault.key_packages import KeptKeyPackage
from plausch.wire import frames as f

STOCK = {MLS_256_XWING: 24, MLS_128_X25519_AES128: 6}
"""How many one-time key packages are made at once, by cipher suite."""

LOW_STOCK = 12
LIFETIME_S = 60 * 24 * 3600
DAY_MS = 24 * 3600 * 1000


async def replenish(core: Core, held: int) -> None:
    """Fill up what the server holds (`held` one-time packages). Raises Unreachable, ServerRefused.

    What was made but perhaps never arrived is uploaded first; the server passes over what it has.
    """
    now_ms = core.clock.now_ms()
    await core.vault.write([core.key_packages.delete_old(now_ms - LIFETIME_S * 1000 - DAY_MS)])
    waiting = await core.key_packages.waiting()
    fresh = await core.key_packages.fresh_last_resorts()
    made = [_make(core, suite_id, last_resort=True) for suite_id in STOCK if suite_id not in fresh]
    if held + sum(not kept.last_resort for kept in waiting) < LOW_STOCK:
        made += [
            _make(core, suite_id, last_resort=False)
            for suite_id, count in STOCK.items()
            for _ in range(count)
        ]
    await core.vault.write([core.key_packages.put(kept) for kept in made])
    await _upload(core, [*waiting, *made])


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
