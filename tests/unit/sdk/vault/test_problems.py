"""What was not believed is kept, oldest first, and not without end."""

from plausch.base.ids import ConversationId
from plausch.sdk.vault import problems
from plausch.sdk.vault.problems import Problem, Problems
from plausch.sdk.vault.vault import Vault

ROOM = ConversationId(b"r" * 16)


async def test_problems_are_kept_in_order(vault: Vault) -> None:
    table = Problems(vault)
    first = Problem(ROOM, 7, "log_gap", "Something is missing.", 1)
    second = Problem(None, None, "bad_content", "Something is wrong.", 2)
    await vault.write([*table.add(first), *table.add(second)])
    assert await table.all() == [first, second]


async def test_the_oldest_go_when_there_are_too_many(vault: Vault) -> None:
    table = Problems(vault)
    for start in range(0, problems.KEPT + 20, 100):
        await vault.write(
            [
                write
                for number in range(start, start + 100)
                for write in table.add(Problem(ROOM, number, "junk", "Junk.", number))
            ]
        )
    kept = await table.all()
    assert len(kept) == problems.KEPT
    assert kept[-1].seq == problems.KEPT + 99


async def test_long_sentences_are_cut(vault: Vault) -> None:
    table = Problems(vault)
    await vault.write(table.add(Problem(None, None, "junk", "x" * 100_000, 0)))
    assert len((await table.all())[0].sentence) == 2048
