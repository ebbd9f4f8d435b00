"""Groups by the command line."""

import json

import pytest

from .conftest import Person, Plausch


def texts(plausch: Plausch, group: str, person: Person) -> list[str]:
    ran = plausch("history", group, "--home", person.home, "--json")
    assert ran.code == 0, ran.err
    return [one["text"] for one in json.loads(ran.out) if one["kind"] == "text"]


def test_three_talk_in_a_group(plausch: Plausch, anna: Person, cem: Person, olga: Person) -> None:
    ran = plausch(
        "group", "create", "Chess club", cem.address, olga.address, "--home", anna.home, "--json"
    )
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert record["kind"] == "group"
    assert record["title"] == "Chess club"
    assert sorted(record["participants"]) == sorted([anna.address, cem.address, olga.address])
    for person in (anna, cem, olga):
        assert plausch("send", record["conversation"], "me too", "--home", person.home).code == 0
    for person in (anna, cem, olga):
        assert texts(plausch, "Chess club", person) == ["me too"] * 3


def test_a_group_is_changed(plausch: Plausch, anna: Person, cem: Person, olga: Person) -> None:
    made = plausch("group", "create", "Two", cem.address, "--home", anna.home)
    assert made.out.startswith("Group Two exists (")
    ran = plausch("group", "add", "Two", olga.address, "--home", anna.home)
    assert ran.out == f"{olga.address} is now in Two.\n"
    ran = plausch("group", "rename", "Two", "Three", "--home", anna.home, "--json")
    assert json.loads(ran.out)["title"] == "Three"
    assert plausch("send", "Three", "for three", "--home", anna.home).code == 0
    assert texts(plausch, "Three", olga) == ["for three"]
    ran = plausch("group", "remove", "Three", olga.address, "--home", anna.home)
    assert ran.out == f"{olga.address} is no longer in Three.\n"
    assert plausch("send", "Three", "for two", "--home", anna.home).code == 0
    assert texts(plausch, "Three", olga) == ["for three"]
    assert texts(plausch, "Three", cem)[-1] == "for two"
    ran = plausch("send", "Three", "let me in", "--home", olga.home)
    assert ran.code == 1
    assert ran.sentence


def test_admins_are_named_and_dismissed(
    plausch: Plausch, anna: Person, cem: Person, olga: Person
) -> None:
    ran = plausch("group", "create", "Ruled", cem.address, "--home", anna.home, "--json")
    assert json.loads(ran.out)["admins"] == [anna.address]
    ran = plausch("group", "add", "Ruled", olga.address, "--home", cem.home)
    assert ran.code == 1
    assert f"Only an admin of this group may do this: ask {anna.address}." in ran.sentence
    ran = plausch("group", "admin", "Ruled", cem.address, "--home", anna.home)
    assert ran.out == f"{cem.address} is an admin of Ruled now.\n"
    ran = plausch("group", "admin", "Ruled", anna.address, "--dismiss", "--home", cem.home)
    assert ran.out == f"{anna.address} is no longer an admin of Ruled.\n"
    (one,) = [
        one
        for one in json.loads(plausch("group", "list", "--home", anna.home, "--json").out)
        if one["title"] == "Ruled"
    ]
    assert one["admins"] == [cem.address]
    ran = plausch("group", "admin", "Ruled", cem.address, "--dismiss", "--home", cem.home)
    assert ran.code == 1
    assert "A group has an admin at least" in ran.sentence


def test_somebody_leaves(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("group", "create", "Short", cem.address, "--home", anna.home)
    assert plausch("group", "leave", "Short", "--home", cem.home).out == "You left Short.\n"
    ran = plausch("send", "Short", "still here", "--home", cem.home)
    assert ran.code == 1
    assert ran.sentence


def test_groups_are_listed(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("send", cem.address, "hello", "--home", anna.home)
    assert json.loads(plausch("group", "list", "--home", anna.home, "--json").out) == []
    plausch("group", "create", "Listed", cem.address, "--home", anna.home)
    (one,) = json.loads(plausch("group", "list", "--home", anna.home, "--json").out)
    assert one["title"] == "Listed"
    assert "Listed\tgroup\topen" in plausch("group", "list", "--home", anna.home).out


def test_two_groups_of_one_title_are_told_apart(
    plausch: Plausch, anna: Person, cem: Person
) -> None:
    for _ in range(2):
        plausch("group", "create", "Twin", cem.address, "--home", anna.home)
    ran = plausch("send", "Twin", "which?", "--home", anna.home)
    assert ran.code == 1
    assert "2 groups are called 'Twin'; use the id instead" in ran.sentence


@pytest.mark.parametrize("title", ["", "   ", "x" * 257, "a\nb", "\x1b[2J", "\u202egnp"])
def test_a_title_that_is_none_is_a_wrong_call(plausch: Plausch, anna: Person, title: str) -> None:
    ran = plausch("group", "create", title, "cem", "--home", anna.home)
    assert ran.code == 2
    assert "A title is one line of 1 to 256 bytes" in ran.sentence


def test_an_unknown_group_is_one_sentence(plausch: Plausch, anna: Person) -> None:
    ran = plausch("group", "leave", "Nowhere", "--home", anna.home)
    assert ran.code == 1
    assert "There is no group 'Nowhere' on this device" in ran.sentence


def test_somebody_unknown_cannot_be_added(plausch: Plausch, anna: Person) -> None:
    ran = plausch("group", "create", "Ghosts", "no-such-account", "--home", anna.home)
    assert ran.code == 1
    assert ran.sentence


def test_who_asks_by_the_link_is_approved(
    plausch: Plausch, anna: Person, cem: Person, olga: Person
) -> None:
    plausch("group", "create", "Linked", cem.address, "--home", anna.home)
    ran = plausch("group", "link", "Linked", "--home", anna.home)
    assert ran.out == "Linked has no invitation link; make one with --new.\n"
    ran = plausch("group", "link", "Linked", "--new", "--home", anna.home, "--json")
    link = json.loads(ran.out)["link"]
    assert "/#/join/" in link
    ran = plausch("group", "link", "Linked", "--home", anna.home)
    assert ran.out == f"Whoever opens it may ask to join Linked: {link}\n"
    ran = plausch("group", "link", "Linked", "--off", "--home", cem.home)
    assert ran.code == 1
    assert "Only an admin" in ran.sentence
    ran = plausch("group", "join", link, "--home", olga.home)
    assert ran.out.endswith("was asked; you are in the group when they say yes.\n")
    ran = plausch("group", "requests", "--home", anna.home)
    assert ran.out == f"{olga.address} asks to join Linked.\n"
    (one,) = json.loads(plausch("group", "requests", "--home", anna.home, "--json").out)
    assert (one["title"], one["sender"]) == ("Linked", olga.address)
    ran = plausch("group", "approve", "Linked", cem.address, "--home", anna.home)
    assert ran.code == 1
    assert "does not ask to join 'Linked'" in ran.sentence
    ran = plausch("group", "approve", "Linked", olga.address, "--home", anna.home)
    assert ran.out == f"{olga.address} is now in Linked.\n"
    assert plausch("group", "requests", "--home", anna.home).out == ""
    ran = plausch("group", "link", "Linked", "--off", "--home", anna.home, "--json")
    assert json.loads(ran.out)["link"] == ""


def test_what_is_no_link_is_one_sentence(plausch: Plausch, anna: Person) -> None:
    ran = plausch("group", "join", "https://example.org/anna", "--home", anna.home)
    assert ran.code == 1
    assert "This is not an invitation link" in ran.sentence
