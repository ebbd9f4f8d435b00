"""What the README tells a newcomer to type is what works."""

import asyncio
import os
import re
import sys
from pathlib import Path

from cast import Town, texts

README = Path(__file__).resolve().parents[2] / "README.md"


def readme_bot() -> str:
    """The program under the heading "A bot"."""
    found = re.search(r"## A bot\n+```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_bot_has_less_than_fifteen_lines() -> None:
    assert len([line for line in readme_bot().splitlines() if line.strip()]) < 15


async def test_the_bot_answers(town: Town, tmp_path: Path) -> None:
    """The block as it stands, as a program of its own, with the home that the README names."""
    (anna,) = await town.people("anna")
    await (await town.register("bot")).close()
    town.home("bot").rename(tmp_path / "bot")
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", readme_bot(), env={**os.environ, "HOME": str(tmp_path)}
    )
    try:
        conversation = await anna.conversation_with("bot@localhost")
        for word in ("one", "two"):
            await conversation.send_text(word)
        assert await texts(anna, 2) == ["You said: one", "You said: two"]
        assert program.returncode is None
    finally:
        program.terminate()
        await program.wait()
