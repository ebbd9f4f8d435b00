import pytest

from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.fork import EPOCH_MARK, EpochMark, is_fork, mark_of, with_mark
from plausch.content.mimi import MimiContent, NullPart, decode
from plausch.content.text import text_message

SALT = bytes(range(16))
HERE, THERE = b"h" * 32, b"t" * 32


def test_a_mark_travels_in_the_message_and_leaves_the_rest_alone() -> None:
    plain = text_message("x", salt=SALT)
    mark = EpochMark.of(7, HERE)
    content = decode(with_mark(plain, mark).encode())
    assert mark_of(content) == mark
    assert content.part == plain.part
    assert mark_of(plain) is None


def test_a_mark_is_no_secret_and_names_its_branch() -> None:
    assert HERE not in EpochMark.of(7, HERE).digest
    assert len({EpochMark.of(7, HERE), EpochMark.of(7, THERE), EpochMark.of(8, HERE)}) == 3


def test_another_branch_of_a_known_epoch_is_a_fork() -> None:
    known = {6: THERE, 7: HERE}
    assert not is_fork(EpochMark.of(7, HERE), known)
    assert is_fork(EpochMark.of(7, THERE), known)
    assert not is_fork(EpochMark.of(8, THERE), known)


def test_the_largest_epoch() -> None:
    mark = EpochMark.of(2**64 - 1, HERE)
    assert mark_of(decode(with_mark(text_message("x", salt=SALT), mark).encode())) == mark


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        (),
        (7,),
        (7, bytes(16), 1),
        (-1, bytes(16)),
        (7, bytes(15)),
        (7, "x" * 16),
        (True, bytes(16)),
    ],
)
def test_malformed_marks_are_refused(value: cbor.Value) -> None:
    content = MimiContent(salt=SALT, part=NullPart(), extensions={EPOCH_MARK: value})
    with pytest.raises(ContentError):
        mark_of(content)
