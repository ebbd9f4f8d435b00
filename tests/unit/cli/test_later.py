"""Commands of the agent that are imported when they are called."""

import click
import pytest

from plausch.cli.agent import agent
from plausch.cli.later import AgentCommands

from .conftest import Plausch


def test_all_commands_are_listed_and_found() -> None:
    context = click.Context(agent)
    names = agent.list_commands(context)
    assert {"init", "run", "calendar", "import", "export"} <= set(names)
    for name in names:
        command = agent.get_command(context, name)
        assert command is not None and command.name == name


def test_what_is_none_is_none() -> None:
    assert AgentCommands("agent").get_command(click.Context(agent), "nothing") is None


@pytest.mark.parametrize("name", sorted(AgentCommands.later))
def test_each_has_its_help(plausch: Plausch, name: str) -> None:
    ran = plausch("agent", name, "--help")
    assert ran.code == 0 and "Examples:" in ran.out
