"""Pre-shared keys, and how several become one secret (RFC 9420 section 8.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plausch.mls.codec import u16
from plausch.mls.errors import ValidationError, require
from plausch.mls.psk_id import PreSharedKeyId, PskType
from plausch.mls.suite import Suite

PSK_COUNT_LIMIT = 256


@dataclass(frozen=True, slots=True, repr=False)
class KnownPsks:
    """The pre-shared keys a device can supply: by external id, and by (group id, epoch)."""

    external: Mapping[bytes, bytes] = field(default_factory=dict)
    resumption: Mapping[tuple[bytes, int], bytes] = field(default_factory=dict)

    def with_resumption(self, more: Mapping[tuple[bytes, int], bytes]) -> "KnownPsks":
        """The same keys and the resumption secrets `more`."""
        return KnownPsks(self.external, {**self.resumption, **more})

    def has(self, psk: PreSharedKeyId) -> bool:
        """Whether the secret that `psk` names is at hand."""
        return self._secret(psk) is not None

    def find(self, psk: PreSharedKeyId) -> bytes:
        """The secret that `psk` names. Raises ValidationError `psk-known`."""
        secret = self._secret(psk)
        if secret is None:
            raise ValidationError(
                "psk-known",
                "A message needs a pre-shared key that this device does not have: "
                f"{psk.type.name.lower()} {(psk.psk_id or psk.group_id).hex()[:64]}.",
            )
        return secret

    def _secret(self, psk: PreSharedKeyId) -> bytes | None:
        if psk.type == PskType.EXTERNAL:
            return self.external.get(psk.psk_id)
        return self.resumption.get((psk.group_id, psk.epoch))


NO_PSKS = KnownPsks()


def combine_psks(suite: Suite, ids: Sequence[PreSharedKeyId], known: KnownPsks) -> bytes:
    """psk_secret: all keys chained in order; zeros when there is none.

    Raises ValidationError `psk-known`, `psk-count`.
    """
    require(
        len(ids) <= PSK_COUNT_LIMIT,
        "psk-count",
        f"{len(ids)} pre-shared keys in one Commit; at most {PSK_COUNT_LIMIT} are accepted.",
    )
    secret = zeros = bytes(suite.hash_length)
    for index, psk in enumerate(ids):
        label = psk.to_bytes() + u16(index) + u16(len(ids))
        extracted = suite.extract(zeros, known.find(psk))
        salt = suite.expand_with_label(extracted, "derived psk", label, suite.hash_length)
        secret = suite.extract(salt, secret)
    return secret
