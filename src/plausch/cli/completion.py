"""`plausch completion`: completion of commands for a shell."""

from typing import cast

import click
from click.shell_completion import ShellComplete, get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
Examples:
  eval "$(plausch completion bash)"           in ~/.bashrc
  plausch completion zsh > ~/.zfunc/_plausch
  plausch completion fish > ~/.config/fish/completions/plausch.fish"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the completion script for SHELL: bash, zsh or fish."""
    kind = cast(type[ShellComplete], get_completion_class(shell))  # click has these three
    root = context.find_root()
    script = kind(root.command, {}, "plausch", "_PLAUSCH_COMPLETE")
    # bash's own check of its version would run bash; the script itself needs no check.
    click.echo(script.source_template % script.source_vars())
