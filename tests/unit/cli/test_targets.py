"""How the conversation or account that a person means is found."""

import pytest

from plausch.base.ids import NameRefused
from plausch.cli.targets import existing, find, full_address, group_called, is_known, titled
from plausch.sdk import Client, SdkError, UnknownConversation

from .conftest import Person, with_client


def test_a_name_is_an_address_of_the_own_server(anna: Person) -> None:
    async def work(client: Client) -> None:
        assert str(full_address(client, "cem")) == "cem@localhost"
        assert str(full_address(client, "cem@example.org")) == "cem@example.org"
        with pytest.raises(NameRefused):
            full_address(client, "Cem!")

    with_client(anna, work)


def test_a_conversation_is_found_by_address_title_and_id(anna: Person, cem: Person) -> None:
    async def work(client: Client) -> None:
        direct = await find(client, cem.address)
        assert (await find(client, cem.address.partition("@")[0])).id == direct.id
        assert (await find(client, direct.id.hex())).id == direct.id
        group = await client.create_group("Chess club", [cem.address])
        assert (await find(client, "Chess club")).id == group.id
        assert group_called(client, "Chess club").id == group.id
        assert group_called(client, group.id.hex()).id == group.id
        assert titled(client, "chess club") is None

    with_client(anna, work)


def test_titles_that_are_not_unique_are_refused(anna: Person, cem: Person) -> None:
    async def work(client: Client) -> None:
        for _ in range(2):
            await client.create_group("Twin", [cem.address])
        with pytest.raises(SdkError, match="2 groups are called 'Twin'"):
            titled(client, "Twin")

    with_client(anna, work)


def test_a_group_that_is_not_there_is_said(anna: Person) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(UnknownConversation, match="There is no group 'Nowhere'"):
            group_called(client, "Nowhere")
        with pytest.raises(UnknownConversation):
            group_called(client, "00" * 16)

    with_client(anna, work)


def test_who_only_looks_begins_nothing(anna: Person, cem: Person) -> None:
    async def work(client: Client) -> None:
        before = len(client.conversations())
        with pytest.raises(UnknownConversation, match="plausch send nobody@localhost"):
            existing(client, "nobody")
        assert not await is_known(client, "nobody")
        assert len(client.conversations()) == before
        direct = await find(client, cem.address)
        assert existing(client, cem.address).id == direct.id
        assert existing(client, direct.id.hex()).id == direct.id
        assert await is_known(client, direct.id.hex())

    with_client(anna, work)
