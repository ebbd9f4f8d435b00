"""Welcomes for others, and every byte of every message changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from plausch.mls.errors import (
    DecryptionFailed,
    ProtocolError,
)
from plausch.mls.framing import (
    PublicMessage,
    parse_public_message,
)
from plausch.mls.group import external_join, join
from plausch.mls.proposal import Remove
from plausch.mls.staged import StagedMessage
from plausch.mls.suite import suite
from plausch.mls.welcome import parse_welcome
from unit.mls.group_players import (
    DAY_S,
    NOW_S,
    Player,
    Scene,
    refused,
    untouched,
    welcome_anybody,
)

# -- Welcomes


def test_a_welcome_for_somebody_else() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    pending = scene["anna"].commit(adds=[cora.bundle().message])
    refused("welcome-for-us", lambda: join(pending.welcome, cora.bundle(), scene.judge, NOW_S))


def test_a_welcome_renamed_to_another_key_package() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    used, other = cora.bundle(), cora.bundle()
    pending = scene["anna"].commit(adds=[used.message])
    renamed = pending.welcome.replace(used.ref, other.ref)
    with pytest.raises(DecryptionFailed):
        join(renamed, other, scene.judge, NOW_S)


def test_a_welcome_whose_group_does_not_contain_us() -> None:
    """A hostile member seals the secrets of a group without us to our key package."""
    scene = Scene.of("anna", "bela")
    mallory, cora = scene.newcomer("mallory"), scene.newcomer("cora")
    package, victim = mallory.bundle(), cora.bundle()
    pending = scene["anna"].commit(adds=[package.message])
    secrets = parse_welcome(pending.welcome).open_secrets(
        suite(1), package.ref, package.init_private
    )
    welcome = parse_welcome(pending.welcome)
    kem_output, ciphertext = suite(1).encrypt_with_label(
        victim.key_package.init_key, "Welcome", welcome.encrypted_group_info, secrets.to_bytes()
    )
    entry = replace(
        welcome.secrets[0], new_member=victim.ref, kem_output=kem_output, ciphertext=ciphertext
    )
    forged = replace(welcome, secrets=(entry,)).to_message()
    refused("welcome-own-leaf", lambda: join(forged, victim, scene.judge, NOW_S))


def test_a_welcome_to_a_key_package_that_expired_long_ago() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    pending = scene["anna"].commit(adds=[bundle.message])
    join(pending.welcome, bundle, scene.judge, NOW_S + 59 * DAY_S)
    refused(
        "welcome-lifetime",
        lambda: join(pending.welcome, bundle, scene.judge, NOW_S + 70 * DAY_S),
    )


def test_a_welcome_for_another_suite() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    welcome = parse_welcome(scene["anna"].commit(adds=[bundle.message]).welcome)
    other = replace(welcome, cipher_suite=3).to_message()
    refused("welcome-suite", lambda: join(other, bundle, scene.judge, NOW_S))


# -- tampering with every byte


def flips(raw: bytes) -> Iterator[bytes]:
    """Every byte changed, one at a time."""
    for place in range(len(raw)):
        yield raw[:place] + bytes((raw[place] ^ (1 << place % 8),)) + raw[place + 1 :]


def all_refused(raws: Iterator[bytes], step: Callable[[bytes], object]) -> int:
    """Each is refused with the room's own error; how many there were."""
    count = 0
    for raw in raws:
        with pytest.raises(ProtocolError):
            step(raw)
        count += 1
    return count


def test_every_byte_of_an_application_message_counts() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"hello", authenticated=b"in the clear")
    with untouched(scene["bela"]):
        assert all_refused(flips(raw), scene["bela"].stage) == len(raw)
    assert scene["bela"].read(raw).plaintext == b"hello"


@pytest.mark.parametrize("private", [False, True])
def test_every_byte_of_a_handshake_message_counts(private: bool) -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    proposal = anna.group.propose_add(scene.newcomer("cora").bundle().message, private=private)
    commit = anna.commit(private=private, by_reference=False).commit
    with untouched(bela):
        all_refused(flips(proposal), bela.stage)
        all_refused(flips(commit), bela.stage)
    bela.follow(commit)


def test_every_byte_of_an_external_commit_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    raw = external_join(
        scene["anna"].group.group_info(), cora.credential, cora.signer, scene.judge, NOW_S
    ).commit
    with untouched(scene["bela"]):
        all_refused(
            flips(raw), lambda bad: scene["bela"].stage(bad, allow_external=welcome_anybody)
        )


def test_every_byte_of_a_welcome_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    welcome = scene["anna"].commit(adds=[bundle.message]).welcome
    all_refused(flips(welcome), lambda raw: join(raw, bundle, scene.judge, NOW_S))
    join(welcome, bundle, scene.judge, NOW_S)


def test_every_byte_of_a_group_info_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    raw = scene["anna"].group.group_info()
    all_refused(
        flips(raw),
        lambda bad: external_join(bad, cora.credential, cora.signer, scene.judge, NOW_S),
    )


def test_a_message_cut_short_or_long() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    for raw in (anna.group.encrypt(b"x"), anna.commit().commit):
        with untouched(bela):
            for end in range(len(raw)):
                with pytest.raises(ProtocolError):
                    bela.stage(raw[:end])
            with pytest.raises(ProtocolError):
                bela.stage(raw + b"\0")


def test_a_message_for_another_group() -> None:
    scene = Scene.of("anna", "bela")
    other = Player.make("anna", 1, scene.judge)
    other.found(group_id=b"another group id")
    raw = other.group.encrypt(b"wrong door")
    refused("group-id", lambda: scene["bela"].stage(raw))
    refused("group-id", lambda: scene["bela"].stage(other.commit().commit))


def test_public_application_messages_and_missing_tags() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    with untouched(bela):
        refused("public-application", lambda: bela.stage(anna.frame(b"in the open")))
        message = parse_public_message(anna.frame(Remove(1)))
        bare = PublicMessage(message.authenticated, b"").to_message()
        refused("membership-tag", lambda: bela.stage(bare))


def test_the_order_of_acceptance_does_not_matter() -> None:
    scene = Scene.of("anna", "bela")
    said = [scene["anna"].group.encrypt(b"%d" % number) for number in range(6)]
    staged = [scene["bela"].stage(raw) for raw in said]
    for place in (4, 0, 5, 2, 1, 3):
        one = staged[place]
        assert isinstance(one, StagedMessage)
        assert one.accept().plaintext == b"%d" % place
