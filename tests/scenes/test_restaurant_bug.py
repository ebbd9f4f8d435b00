"""Cem's agent has a bug that Anna meets, and is killed over it. Ben only asks for a person."""

import sys
from pathlib import Path

import pytest

from broken_agent import WORD
from cast import message
from company import did, line_of, process, server
from plausch.content.team import Label, Note
from plausch.sdk import Client

PROGRAM = [sys.executable, str(Path(__file__).parents[1] / "broken_agent.py")]


@pytest.mark.parametrize("moment", ["turn", "before", "behind"])
async def test_a_bug_and_a_kill_over_it_stop_one_turn(tmp_path: Path, moment: str) -> None:
    home, log = tmp_path / "linde", tmp_path / "agent.log"
    with server(tmp_path / "server") as url:
        did("agent", "init", "--home", home, "--server", url, "--name", "linde")
        run = ("agent", "run", "--home", home)
        async with (
            await Client.register(tmp_path / "anna", url, "anna") as anna,
            await Client.register(tmp_path / "ben", url, "ben") as ben,
        ):
            annas = await anna.conversation_with("linde@localhost")
            bens = await ben.conversation_with("linde@localhost")
            with process(moment, *run, log=log, program=PROGRAM) as agent:
                line_of(agent, "ready ")
                await (await annas.send_text(f"{WORD}n?")).accepted()
                assert agent.wait() == -9
            with process("never", *run, log=log, program=PROGRAM) as agent:
                line_of(agent, "ready ")
                assert "bei uns etwas schiefgegangen" in (await message(anna)).text
                await bens.send_text("Hallo")
                assert "Zur Linde" in (await message(ben)).text
                await annas.send_text("Hallo")
                assert "Zur Linde" in (await message(anna)).text
                for _ in range(2):
                    await bens.send_text("Kann ich mit einem Menschen sprechen?")
                    assert "Empfang" in (await message(ben)).text
            said = [one.text for one in await annas.history(100) if not one.outgoing]
        async with await Client.open(home) as linde:
            facts = await (await linde.team()).facts()
    assert len(said) == 2
    notes = [one.conversation for one in facts if isinstance(one, Note)]
    assert sorted(notes) == sorted([annas.id, bens.id]), "asking again is no second note"
    labels = {one.conversation: one.label for one in facts if isinstance(one, Label)}
    assert labels == {annas.id: "Von Hand antworten", bens.id: "Mensch gewünscht"}
    assert WORD not in log.read_text()
