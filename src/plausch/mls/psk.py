"""Pre-shared keys: their names, and how several become one secret (RFC 9420 section 8.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u8, u16, u64
from plausch.mls.errors import CodecError, ValidationError, require
from plausch.mls.suite import Suite

PSK_ID_LIMIT = 1 << 12
PSK_COUNT_LIMIT = 256


class PskType(IntEnum):
    """Where a pre-shared key comes from."""

    EXTERNAL = 1
    RESUMPTION = 2


class ResumptionUsage(IntEnum):
    """What a resumption PSK is used for (RFC 9420 section 8.6)."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True, slots=True)
class PreSharedKeyId:
    """Names one use of one pre-shared key.

    External: `psk_id` is the application's name of the key. Resumption: `usage`, `group_id` and
    `epoch` say which epoch's resumption secret is meant. `nonce` makes each use differ.
    """

    type: PskType
    psk_id: bytes
    usage: ResumptionUsage | None
    group_id: bytes
    epoch: int
    nonce: bytes

    @classmethod
    def external(cls, psk_id: bytes, nonce: bytes) -> Self:
        """A key that the application handed to the members; `nonce` has KDF.Nh bytes."""
        return cls(PskType.EXTERNAL, psk_id, None, b"", 0, nonce)

    @classmethod
    def resumption(cls, usage: ResumptionUsage, group_id: bytes, epoch: int, nonce: bytes) -> Self:
        """The resumption secret of an epoch of a group."""
        return cls(PskType.RESUMPTION, b"", usage, group_id, epoch, nonce)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        kind = reader.u8()
        if kind == PskType.EXTERNAL:
            return cls.external(reader.opaque(PSK_ID_LIMIT), reader.opaque(255))
        if kind != PskType.RESUMPTION:
            raise CodecError(f"A pre-shared key has the unknown type {kind}.")
        usage = reader.u8()
        if usage not in ResumptionUsage.__members__.values():
            raise CodecError(f"A resumption key has the unknown usage {usage}.")
        group_id, epoch = reader.opaque(255), reader.u64()
        return cls.resumption(ResumptionUsage(usage), group_id, epoch, reader.opaque(255))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        if self.type == PskType.EXTERNAL:
            return u8(self.type) + opaque(self.psk_id) + opaque(self.nonce)
        return (
            u8(self.type)
            + u8(self.usage or 0)
            + opaque(self.group_id)
            + u64(self.epoch)
            + opaque(self.nonce)
        )


@dataclass(frozen=True, slots=True)
class KnownPsks:
    """The pre-shared keys a device can supply: by external id, and by (group id, epoch)."""

    external: Mapping[bytes, bytes] = field(default_factory=dict)
    resumption: Mapping[tuple[bytes, int], bytes] = field(default_factory=dict)

    def with_resumption(self, more: Mapping[tuple[bytes, int], bytes]) -> "KnownPsks":
        """The same keys and the resumption secrets `more`."""
        return KnownPsks(self.external, {**self.resumption, **more})

    def find(self, psk: PreSharedKeyId) -> bytes:
        """The secret that `psk` names. Raises ValidationError `psk-known`."""
        if psk.type == PskType.EXTERNAL:
            secret = self.external.get(psk.psk_id)
        else:
            secret = self.resumption.get((psk.group_id, psk.epoch))
        if secret is None:
            raise ValidationError(
                "psk-known",
                "A message needs a pre-shared key that this device does not have: "
                f"{psk.type.name.lower()} {(psk.psk_id or psk.group_id).hex()[:64]}.",
            )
        return secret


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


def check_psk_proposals(suite: Suite, ids: Sequence[PreSharedKeyId]) -> None:
    """Each PSK of a proposal list: nonce length, usage, no repetition (RFC 9420 section 12.1.4).

    Raises ValidationError `psk-nonce`, `psk-usage`, `psk-unique`.
    """
    for psk in ids:
        require(
            len(psk.nonce) == suite.hash_length,
            "psk-nonce",
            f"A pre-shared key's nonce has {len(psk.nonce)} bytes, not {suite.hash_length}.",
        )
        require(
            psk.usage in (None, ResumptionUsage.APPLICATION),
            "psk-usage",
            "A resumption key for reinit or branch stands in a proposal; "
            "it may only stand in a Welcome.",
        )
    require(
        len(set(ids)) == len(ids), "psk-unique", "One Commit names the same pre-shared key twice."
    )
