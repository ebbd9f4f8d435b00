"""A group of commands some of which are imported when they are called."""

from importlib import import_module
from typing import ClassVar, cast

import click


class AgentCommands(click.Group):
    """The commands of `plausch agent`; those that need more libraries have their own modules."""

    later: ClassVar[dict[str, str]] = {
        "calendar": "agent_calendar",
        "discover": "agent_discover",
        "export": "agent_files",
        "import": "agent_files",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them."""
        return [*super().list_commands(ctx), *self.later]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported if need be."""
        module = self.later.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        found = import_module(f"plausch.cli.{module}")
        return cast(click.Command, getattr(found, f"{cmd_name}_command"))
