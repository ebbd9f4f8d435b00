"""Table `key_package`: private halves of key packages that the server hands out for us."""

from dataclasses import dataclass

from plausch.sdk.vault.vault import Vault, Write

_BUNDLE = "key_package.bundle"
_SELECT = (
    "SELECT ref, suite, last_resort, bundle, public, uploaded, used, made_at_ms FROM key_package "
)


@dataclass(frozen=True, slots=True)
class KeptKeyPackage:
    """One key package: `bundle` is its saved private form, `public` the MLSMessage bytes."""

    ref: bytes
    suite: int
    last_resort: bool
    bundle: bytes
    public: bytes
    uploaded: bool
    used: bool
    made_at_ms: int


class KeyPackages:
    """The vault's key packages."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def put(self, kept: KeptKeyPackage) -> Write:
        """Keep it, before it is uploaded."""
        return Write(
            "INSERT INTO key_package (ref, suite, last_resort, bundle, public, uploaded, used, "
            "made_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (
                kept.ref,
                kept.suite,
                int(kept.last_resort),
                self._vault.seal.close(_BUNDLE, kept.ref, kept.bundle),
                kept.public,
                int(kept.uploaded),
                int(kept.used),
                kept.made_at_ms,
            ),
        )

    async def find(self, refs: list[bytes]) -> KeptKeyPackage | None:
        """The first of these that is ours. Raises VaultDamaged."""
        for ref in refs:
            found = await self._select("WHERE ref = $1", ref)
            if found:
                return found[0]
        return None

    async def waiting(self) -> list[KeptKeyPackage]:
        """Those of which it is not known that the server has them."""
        return await self._select("WHERE uploaded = 0 ORDER BY made_at_ms, ref")

    async def fresh_last_resorts(self, made_since_ms: int) -> set[int]:
        """The suites that have a last-resort package which was not used yet and is not older."""
        rows = await self._vault.fetch(
            "SELECT suite FROM key_package WHERE last_resort = 1 AND used = 0 AND made_at_ms >= $1",
            made_since_ms,
        )
        return {suite for (suite,) in rows}

    async def uploaded(self) -> int:
        """How many one-time packages the server was given and nobody has used yet."""
        rows = await self._vault.fetch(
            "SELECT COUNT(*) FROM key_package WHERE last_resort = 0 AND uploaded = 1"
        )
        return int(rows[0][0])

    def mark_uploaded(self, ref: bytes) -> Write:
        """The server has it on disk."""
        return Write("UPDATE key_package SET uploaded = 1 WHERE ref = $1", (ref,))

    def spend(self, kept: KeptKeyPackage) -> Write:
        """It was used: delete the init key. A last-resort one stays until others replaced it."""
        if kept.last_resort:
            return Write("UPDATE key_package SET used = 1 WHERE ref = $1", (kept.ref,))
        return Write("DELETE FROM key_package WHERE ref = $1", (kept.ref,))

    def delete_old(self, made_before_ms: int) -> Write:
        """Nobody can use these any more: their lifetime is over."""
        return Write("DELETE FROM key_package WHERE made_at_ms < $1", (made_before_ms,))

    async def _select(self, where: str, *values: bytes) -> list[KeptKeyPackage]:
        rows = await self._vault.fetch(
            _SELECT + where,
            *values,
        )
        return [
            KeptKeyPackage(
                ref,
                suite,
                bool(last_resort),
                self._vault.seal.open(_BUNDLE, ref, bundle),
                public,
                bool(uploaded),
                bool(used),
                made_at_ms,
            )
            for ref, suite, last_resort, bundle, public, uploaded, used, made_at_ms in rows
        ]
