"""A device in a process of its own that is killed at a chosen moment.

`python dying_device.py HOME MOMENT TEXT...` sends the texts to cem@localhost and is killed with
SIGKILL at MOMENT: "saved" (the ciphertext is in the vault, nothing has left), "sent" (it has
left, no answer yet), "answered" (the answer came, nothing of it is written), "received" (a
stretch of the log was processed, nothing of it is written), or "never".
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from plausch.sdk import Client
from plausch.sdk import outbox as outbox_module
from plausch.sdk.connection import Connection
from plausch.sdk.sync import Sync
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(moment: str) -> None:
    """Arm the trap: the second time the moment comes, the process dies."""
    left = [2]

    def passed() -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    ask, accepted, write = Connection.ask, outbox_module.Outbox._accepted, Vault.write
    take = Sync._take

    async def asking(self, build, answer):
        if isinstance(build(1), f.Append):
            if moment == "saved":
                passed()
            if moment == "sent":
                future = asyncio.ensure_future(ask(self, build, answer))
                await asyncio.sleep(0)
                await asyncio.sleep(0.02)
                passed()
                return await future
        return await ask(self, build, answer)

    async def accepting(self, live, entry, answer):
        if moment == "answered":
            passed()
        await accepted(self, live, entry, answer)

    async def taking(self, live, envelopes):
        async def writing(vault, writes):
            passed()
            await write(vault, writes)

        if moment == "received":
            Vault.write = writing
        try:
            await take(self, live, envelopes)
        finally:
            Vault.write = write

    Connection.ask = asking
    outbox_module.Outbox._accepted = accepting
    Sync._take = taking


async def main(home: Path, moment: str, words: list[str]) -> None:
    kill_at(moment)
    async with await Client.open(home) as client:
        conversation = await client.conversation_with("cem@localhost")
        sent = [await conversation.send_text(word) for word in words]
        for one in sent:
            await one.accepted()
        await client.synchronize()
        if moment == "received":
            async for _ in client.messages():
                pass
        print("alive", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
