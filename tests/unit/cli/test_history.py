"""What was said, from the vault."""

import json

from .conftest import Person, Plausch


def test_both_see_the_same_conversation(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("send", cem.address, "A table?", "--home", anna.home)
    plausch("send", anna.address, "For how many?", "--home", cem.home)
    seen = [
        json.loads(plausch("history", other.address, "--home", one.home, "--json").out)
        for one, other in ((anna, cem), (cem, anna))
    ]
    assert [record["text"] for record in seen[0]] == ["A table?", "For how many?"]
    for name in ("conversation", "from", "text", "kind", "seq", "message_id"):
        assert [one[name] for one in seen[0]] == [one[name] for one in seen[1]]
    assert [one["outgoing"] for one in seen[0]] == [True, False]
    assert [one["outgoing"] for one in seen[1]] == [False, True]


def test_a_limit_takes_the_last(plausch: Plausch, anna: Person, cem: Person) -> None:
    for text in ("one", "two", "three"):
        plausch("send", cem.address, text, "--home", anna.home)
    ran = plausch("history", cem.address, "--home", anna.home, "--json", "--limit", 2)
    assert [one["text"] for one in json.loads(ran.out)] == ["two", "three"]


def test_the_name_alone_is_enough_on_the_own_server(
    plausch: Plausch, anna: Person, cem: Person
) -> None:
    name = cem.address.partition("@")[0]
    assert plausch("send", name, "hello", "--home", anna.home).code == 0
    assert len(json.loads(plausch("history", name, "--home", anna.home, "--json").out)) == 1


def test_without_an_address_all_conversations_are_listed(
    plausch: Plausch, anna: Person, cem: Person
) -> None:
    assert plausch("history", "--home", anna.home).err == "Nothing here yet.\n"
    plausch("send", cem.address, "hello", "--home", anna.home)
    (one,) = json.loads(plausch("history", "--home", anna.home, "--json").out)
    assert one["kind"] == "direct"
    assert sorted(one["participants"]) == sorted([anna.address, cem.address])
    by_id = plausch("history", one["conversation"], "--home", anna.home, "--json")
    assert [message["text"] for message in json.loads(by_id.out)] == ["hello"]
    assert cem.address in plausch("history", "--home", anna.home).out


def test_looking_begins_no_conversation(plausch: Plausch, anna: Person, cem: Person) -> None:
    ran = plausch("history", cem.address, "--home", anna.home)
    assert ran.code == 1
    assert f"There is no conversation with {cem.address}" in ran.sentence
    assert json.loads(plausch("history", "--home", anna.home, "--json").out) == []


def test_an_unknown_id_is_one_sentence(plausch: Plausch, anna: Person) -> None:
    ran = plausch("history", "00" * 16, "--home", anna.home)
    assert ran.code == 1
    assert ran.sentence


def test_an_address_outside_the_grammar_is_a_wrong_call(plausch: Plausch, anna: Person) -> None:
    ran = plausch("history", "No Such Group!", "--home", anna.home)
    assert ran.code == 2
    assert ran.sentence


def test_offline_nothing_is_asked(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("send", cem.address, "hello", "--home", anna.home)
    ran = plausch("history", anna.address, "--home", cem.home, "--offline")
    assert ran.code == 1
    ran = plausch("history", anna.address, "--home", cem.home)
    assert "hello" in ran.out
    ran = plausch("history", anna.address, "--home", cem.home, "--offline")
    assert "hello" in ran.out
