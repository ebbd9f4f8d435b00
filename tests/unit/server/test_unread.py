"""What slow readers leave unread has a bound for all together."""

from plausch.server.unread import Unread


class Reader:
    def __init__(self, unread: Unread) -> None:
        self.unread, self.is_cut = unread, False

    def cut(self) -> None:
        self.is_cut = True
        self.unread.forget(self)


def crowd(unread: Unread, count: int) -> list[Reader]:
    return [Reader(unread) for _ in range(count)]


def test_beyond_the_sum_who_is_behind_for_longest_goes() -> None:
    unread = Unread(100)
    readers = crowd(unread, 5)
    for reader in readers:
        unread.note(reader, 30)
    assert [one.is_cut for one in readers] == [True, True, False, False, False]
    assert (unread.total_bytes, unread.cut) == (90, 2)


def test_what_grows_counts_once_and_keeps_its_place() -> None:
    unread = Unread(100)
    first, second = crowd(unread, 2)
    unread.note(first, 10)
    unread.note(second, 50)
    unread.note(first, 40)
    assert unread.total_bytes == 90
    unread.note(second, 70)
    assert (first.is_cut, second.is_cut, unread.total_bytes) == (True, False, 70)


def test_who_has_read_all_does_not_count() -> None:
    unread = Unread(100)
    first, second, third = crowd(unread, 3)
    unread.note(first, 90)
    unread.forget(first)
    unread.forget(first)
    unread.note(second, 90)
    assert (first.is_cut, second.is_cut, unread.total_bytes) == (False, False, 90)
    unread.note(first, 20)  # back, and younger than the second
    assert (first.is_cut, second.is_cut) == (False, True)
    unread.note(third, 80)
    assert unread.total_bytes == 100


def test_one_alone_that_is_too_much_goes_itself() -> None:
    unread = Unread(100)
    (alone,) = crowd(unread, 1)
    unread.note(alone, 101)
    assert (alone.is_cut, unread.total_bytes) == (True, 0)
