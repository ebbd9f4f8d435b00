"""The key schedule beyond the vectors: independence, sensitivity, saving."""

import pytest

from plausch.mls.codec import parse_whole
from plausch.mls.key_schedule import (
    EpochSecrets,
    epoch_keys,
    first_epoch_keys,
    joiner_secret,
    next_epoch_keys,
    welcome_secret,
)
from plausch.mls.suite import suite
from unit.mls.group_players import ALL_SUITES

FIELDS = EpochSecrets.__dataclass_fields__


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_all_secrets_differ_and_have_the_hashs_length(suite_id: int) -> None:
    crypto = suite(suite_id)
    keys = first_epoch_keys(crypto, b"e" * crypto.hash_length)
    secrets = [getattr(keys.secrets, name) for name in FIELDS] + [keys.encryption]
    assert len(set(secrets)) == len(FIELDS) + 1
    assert {len(item) for item in secrets} == {crypto.hash_length}


def test_every_input_counts() -> None:
    crypto = suite(1)
    base = [b"init", b"commit", bytes(32), b"context"]
    seen = {next_epoch_keys(crypto, *base).secrets.authenticator}
    for place in range(4):
        changed = list(base)
        changed[place] += b"x"
        seen.add(next_epoch_keys(crypto, *changed).secrets.authenticator)
    assert len(seen) == 5


def test_a_joiner_comes_to_the_same_epoch() -> None:
    crypto = suite(1)
    keys = next_epoch_keys(crypto, b"init", b"commit", b"psk", b"context")
    joiner = joiner_secret(crypto, b"init", b"commit", b"context")
    assert keys.joiner == joiner
    assert keys.welcome == welcome_secret(crypto, joiner, b"psk")
    assert epoch_keys(crypto, joiner, b"psk", b"context") == keys


def test_exported_secrets_differ_by_label_context_and_length() -> None:
    crypto = suite(0xF00D)
    secrets = first_epoch_keys(crypto, b"e" * 64).secrets
    exported = {
        secrets.export(crypto, "a", b"x", 32),
        secrets.export(crypto, "b", b"x", 32),
        secrets.export(crypto, "a", b"y", 32),
        secrets.export(crypto, "a", b"x", 33)[:32],
    }
    assert len(exported) == 4
    assert len(secrets.export(crypto, "long", b"", 500)) == 500


def test_secrets_come_back_from_saved_bytes() -> None:
    secrets = first_epoch_keys(suite(1), b"e" * 32).secrets
    assert parse_whole(EpochSecrets.read, secrets.to_bytes()) == secrets
