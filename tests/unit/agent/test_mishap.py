"""What is caught, what is not, and what is said of it."""

import pytest

from plausch.agent.mishap import Mishap, attempt
from plausch.db.interface import ConstraintViolated, StorageUnavailable


async def fails(error: Exception) -> int:
    raise error


async def succeeds() -> int:
    return 7


async def test_what_comes_of_it() -> None:
    assert await attempt(succeeds()) == 7


@pytest.mark.parametrize("error", [KeyError("Anna"), ConstraintViolated("Anna"), RecursionError()])
async def test_a_bug_is_named_by_its_kind_and_place_alone(error: Exception) -> None:
    mishap = await attempt(fails(error))
    assert isinstance(mishap, Mishap)
    assert mishap.kind == type(error).__name__
    assert mishap.place.startswith("test_mishap.py:")
    assert "Anna" not in str(mishap)


async def test_what_the_machine_did_is_everybodys() -> None:
    with pytest.raises(StorageUnavailable):
        await attempt(fails(StorageUnavailable("The disk is full.")))


async def test_the_end_is_the_end() -> None:
    with pytest.raises(KeyboardInterrupt):
        await attempt(fails(KeyboardInterrupt()))  # type: ignore[arg-type]


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert str(Mishap.of(ValueError("Anna"))) == "ValueError at ?"
