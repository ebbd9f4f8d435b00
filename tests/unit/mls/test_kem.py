"""KEMs: key pairs, encapsulation, and keys that must be refused."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls import kem
from plausch.mls.codec import u16
from plausch.mls.errors import DecryptionFailed, KeyRefused
from plausch.mls.kem import Kem, P256Kem, X25519Kem, XWingKem, labeled_expand, labeled_extract

KEMS: list[Kem] = [X25519Kem(), P256Kem(), XWingKem()]
PUBLIC_LENGTHS = {0x0020: 32, 0x0010: 65, 0x647A: 1216}


@pytest.fixture(params=KEMS, ids=lambda scheme: type(scheme).__name__)
def scheme(request: pytest.FixtureRequest) -> Kem:
    chosen: Kem = request.param
    return chosen


def test_generated_keys_work(scheme: Kem) -> None:
    private, public = scheme.generate()
    assert scheme.public_of(private) == public
    assert len(public) == PUBLIC_LENGTHS[scheme.id]
    shared, encapsulated = scheme.encapsulate(public)
    assert len(encapsulated) == scheme.encapsulated_length
    assert scheme.decapsulate(private, encapsulated) == shared
    assert scheme.encapsulate(public)[0] != shared


def test_keys_follow_from_their_secret(scheme: Kem) -> None:
    one, other = scheme.derive_key_pair(b"a" * 64), scheme.derive_key_pair(b"a" * 64)
    assert one == other
    assert scheme.derive_key_pair(b"b" * 64) != one
    assert scheme.public_of(one[0]) == one[1]


def test_another_key_gives_another_secret(scheme: Kem) -> None:
    _, public = scheme.generate()
    shared, encapsulated = scheme.encapsulate(public)
    stranger, _ = scheme.generate()
    assert scheme.decapsulate(stranger, encapsulated) != shared


@given(raw=st.binary(max_size=1300))
@pytest.mark.parametrize("scheme", KEMS, ids=lambda scheme: type(scheme).__name__)
def test_random_bytes_are_no_keys(scheme: Kem, raw: bytes) -> None:
    for use in (scheme.load_public, scheme.load_private, scheme.encapsulate, scheme.public_of):
        try:
            use(raw)
        except KeyRefused as error:
            assert str(error).endswith(".")
    private, _ = scheme.derive_key_pair(b"")
    try:
        scheme.decapsulate(private, raw)
    except DecryptionFailed:
        return
    assert len(raw) == scheme.encapsulated_length


@pytest.mark.parametrize("length", [0, 31, 33])
def test_lengths_of_private_keys(scheme: Kem, length: int) -> None:
    with pytest.raises(KeyRefused):
        scheme.load_private(bytes(length))


def test_points_of_low_order_are_refused() -> None:
    honest = x25519.X25519PrivateKey.generate()
    for point in kem._X25519_LOW_ORDER:
        with pytest.raises(ValueError, match="shared key"):
            honest.exchange(x25519.X25519PublicKey.from_public_bytes(point))
        for raw in (point, point[:31] + bytes((point[31] | 0x80,))):
            with pytest.raises(KeyRefused, match="low order"):
                X25519Kem().load_public(raw)
            with pytest.raises(DecryptionFailed):
                X25519Kem().decapsulate(bytes(range(32)), raw)
            with pytest.raises(KeyRefused, match="low order"):
                XWingKem().load_public(XWingKem().generate()[1][:1184] + raw)
            with pytest.raises(DecryptionFailed):
                XWingKem().decapsulate(bytes(32), bytes(1088) + raw)


def test_a_lattice_half_out_of_range_is_refused() -> None:
    _, public = XWingKem().generate()
    with pytest.raises(KeyRefused, match="ML-KEM"):
        XWingKem().load_public(b"\xff" * 1184 + public[1184:])


@pytest.mark.parametrize("raw", [bytes(32), b"\xff" * 32, P256Kem._order.to_bytes(32, "big")])
def test_scalars_outside_the_group(raw: bytes) -> None:
    with pytest.raises(KeyRefused):
        P256Kem().load_private(raw)


def test_points_off_the_curve_and_compressed_points() -> None:
    _, public = P256Kem().generate()
    with pytest.raises(KeyRefused, match="curve"):
        P256Kem().load_public(public[:-1] + bytes((public[-1] ^ 1,)))
    with pytest.raises(KeyRefused, match="uncompressed"):
        P256Kem().load_public(b"\x02" + public[1:33])


HPKE_CASES = [
    (X25519Kem(), 1, hpke.KDF.HKDF_SHA256, "sha256", hpke.AEAD.AES_128_GCM, 1, 16),
    (P256Kem(), 1, hpke.KDF.HKDF_SHA256, "sha256", hpke.AEAD.AES_128_GCM, 1, 16),
    (XWingKem(), 3, hpke.KDF.HKDF_SHA512, "sha512", hpke.AEAD.AES_256_GCM, 2, 32),
]


@pytest.mark.parametrize("case", HPKE_CASES, ids=lambda case: type(case[0]).__name__)
def test_encapsulation_agrees_with_the_library(
    case: tuple[Kem, int, hpke.KDF, str, hpke.AEAD, int, int],
) -> None:
    """Seal with our KEM and key schedule, open with the library's HPKE, and the reverse."""
    scheme, kdf_id, kdf, name, aead, aead_id, key_length = case
    library = hpke.Suite(scheme.library, kdf, aead)
    private, public = scheme.generate()
    hpke_id = b"HPKE" + u16(scheme.id) + u16(kdf_id) + u16(aead_id)

    def schedule(shared: bytes) -> tuple[AESGCM, bytes]:
        context = b"\0" + b"".join(
            labeled_extract(name, hpke_id, b"", label, ikm)
            for label, ikm in ((b"psk_id_hash", b""), (b"info_hash", b"info"))
        )
        secret = labeled_extract(name, hpke_id, shared, b"secret", b"")
        key = labeled_expand(name, hpke_id, secret, b"key", context, key_length)
        return AESGCM(key), labeled_expand(name, hpke_id, secret, b"base_nonce", context, 12)

    shared, encapsulated = scheme.encapsulate(public)
    cipher, nonce = schedule(shared)
    sealed = encapsulated + cipher.encrypt(nonce, b"hello", b"")
    assert library.decrypt(sealed, scheme.load_private(private), info=b"info") == b"hello"

    theirs = library.encrypt(b"hello", scheme.load_public(public), info=b"info")
    split = scheme.encapsulated_length
    cipher, nonce = schedule(scheme.decapsulate(private, theirs[:split]))
    assert cipher.decrypt(nonce, theirs[split:], b"") == b"hello"
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, theirs[split:-1] + bytes((theirs[-1] ^ 1,)), b"")


def test_the_drafts_first_vector() -> None:
    """draft-connolly-cfrg-xwing-kem, appendix C: a seed and the start of its public key."""
    seed = "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"
    public = XWingKem().public_of(bytes.fromhex(seed))
    assert public.hex().startswith(
        "e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5"
    )


def test_the_secret_of_x_wing_needs_both_halves() -> None:
    """Who has broken one of the two schemes, and has its key, has nothing: post-quantum hybrid."""
    scheme = XWingKem()
    private, public = scheme.generate()
    shared, encapsulated = scheme.encapsulate(public)
    lattice, curve = scheme._parts(private)
    other_lattice, other_curve = scheme._parts(bytes(32))
    curve_public = curve.public_key().public_bytes_raw()
    sent_point = encapsulated[-32:]
    point = x25519.X25519PublicKey.from_public_bytes(sent_point)

    def guess(first: mlkem.MLKEM768PrivateKey, second: x25519.X25519PrivateKey) -> bytes:
        exchanged = second.exchange(point)
        return scheme._combine(
            first.decapsulate(encapsulated[:-32]), exchanged, sent_point, curve_public
        )

    assert guess(lattice, curve) == shared
    assert guess(lattice, other_curve) != shared
    assert guess(other_lattice, curve) != shared
