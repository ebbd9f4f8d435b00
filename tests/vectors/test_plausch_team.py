"""spec/vectors/team.json is what this code writes, reads, folds and refuses."""

import json
from typing import Any

import pytest

from plausch.content.rpc import decode_rpc
from plausch.content.team import TeamRefused, decode_fact, fold
from vectors.plausch_team import CALLS, FACTS, FILE, cases, refused, shown


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == cases()


def test_each_published_fact_is_read(published: dict[str, Any]) -> None:
    read = [decode_fact(bytes.fromhex(case["content"])) for case in published["facts"]]
    assert read == list(FACTS)


def test_the_published_facts_hold_as_published(published: dict[str, Any]) -> None:
    assert [shown(fact) for fact in fold(FACTS).values()] == published["held"]


@pytest.mark.parametrize("name", refused())
def test_each_published_refusal_is_refused(published: dict[str, Any], name: str) -> None:
    case = next(each for each in published["refused"] if each["name"] == name)
    with pytest.raises(TeamRefused):
        decode_fact(bytes.fromhex(case["content"]))


def test_each_published_call_is_read(published: dict[str, Any]) -> None:
    assert [decode_rpc(bytes.fromhex(raw)) for raw in published["calls"]] == list(CALLS)
