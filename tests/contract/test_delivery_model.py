"""Random histories against a model: what a perfect delivery service would answer.

Each seed plays devices that send, retry, commit, add, remove, read, acknowledge and restart the
server, and compares every answer with a model of a few lines. Failures print their seed.
"""

import random
from dataclasses import dataclass, field

import pytest

from delivery_world import Player, World, acknowledged, opaque_append
from plausch.mls.group import Group, StagedCommit
from plausch.server.errors import Refusal
from plausch.server.records import Accepted
from plausch.wire import frames as f
from wire_device import accept_anyone

NAMES = ("anna", "cem", "ela", "olga")
STEPS = 60


@dataclass
class Reader:
    """What the model knows of a device."""

    stays: list[list[int]] = field(default_factory=list)
    """[first, last] each; last is -1 while it lasts."""
    cursor: int = 0

    @property
    def is_member(self) -> bool:
        return bool(self.stays) and self.stays[-1][1] < 0

    def may_read(self, head: int) -> list[int]:
        return [
            seq
            for first, last in self.stays
            for seq in range(first, (head if last < 0 else last) + 1)
        ]

    def end(self, head: int) -> int:
        last = self.stays[-1][1]
        return head if last < 0 else last


class Model:
    """One conversation as it should be."""

    def __init__(self, seed: int, world: World) -> None:
        self.dice = random.Random(seed)
        self.world = world
        self.players: dict[str, Player] = {}
        self.readers = {name: Reader() for name in NAMES}
        self.log: list[bytes] = []
        self.epoch = 0
        self.sent: list[tuple[str, f.Append, Accepted]] = []
        self.group_id = b""

    @property
    def head(self) -> int:
        return len(self.log)

    @property
    def members(self) -> list[str]:
        return [name for name in NAMES if self.readers[name].is_member]

    async def begin(self) -> None:
        for name in NAMES:
            self.players[name] = await self.world.player(name)
        group = await self.players["anna"].create()
        self.group_id = group.group_id
        self.readers["anna"].stays.append([1, -1])

    def group(self, name: str) -> Group:
        return self.players[name].groups[self.group_id]

    # --- what may happen -------------------------------------------------------------------

    async def send(self) -> None:
        name = self.dice.choice(NAMES)
        player = self.players[name]
        epoch = self.epoch if self.dice.random() < 0.8 else self.dice.randrange(self.epoch + 2)
        request = opaque_append(self.group_id, epoch, self.dice.randrange(60, 3_000))
        try:
            accepted = await self.world.delivery.append(player.record, request)
        except Refusal as refusal:
            if name not in self.members:
                assert refusal.code == "unknown_conversation"
            else:
                assert epoch != self.epoch
                assert (refusal.code, refusal.epoch, refusal.head) == (
                    "stale_epoch",
                    self.epoch,
                    self.head,
                )
            return
        assert name in self.members
        assert epoch == self.epoch
        self.log.append(request.message)
        assert accepted.seq == self.head
        self.sent.append((name, request, accepted))

    async def retry(self) -> None:
        if self.sent:
            name, request, accepted = self.dice.choice(self.sent)
            player = self.players[name]
            assert await self.world.delivery.append(player.record, request) == accepted

    async def commit(self) -> None:
        """By a member: an update, an addition, a removal; sometimes too late."""
        if not self.members:
            return
        name = self.dice.choice(self.members)
        outsiders = [one for one in NAMES if one not in self.members]
        others = [one for one in self.members if one != name]
        kind = self.dice.choice(["update", "add", "remove"])
        if kind == "add" and outsiders:
            await self._add(name, self.dice.choice(outsiders))
        elif kind == "remove" and others:
            await self._change(name, removed=self.dice.choice(others))
        else:
            await self._change(name)

    async def _add(self, name: str, newcomer: str) -> None:
        raw = await self._follow(name, newcomer=newcomer)
        self.log.append(raw)
        self.epoch += 1
        reader = self.readers[newcomer]
        if not reader.stays:
            reader.cursor = self.head
        reader.stays.append([self.head + 1, -1])

    async def _change(self, name: str, removed: str = "") -> None:
        raw = await self._follow(name, removed=removed)
        self.log.append(raw)
        self.epoch += 1
        if removed:
            self.readers[removed].stays[-1][1] = self.head

    async def _follow(self, name: str, *, newcomer: str = "", removed: str = "") -> bytes:
        """Make, append and accept a Commit; let the other members follow it."""
        player, group = self.players[name], self.group(name)
        followers = [one for one in self.members if one not in (name, removed)]
        if newcomer:
            accepted = await player.add(group, self.players[newcomer])
        elif removed:
            accepted = await player.remove(group, self.players[removed])
        else:
            accepted = await player.update(group)
        assert accepted.seq == self.head + 1
        _, envelope, _ = self.world.told.commits[-1]
        for follower in followers:
            staged = self.group(follower).process(envelope.message, accept_anyone, self.world.now_s)
            assert isinstance(staged, StagedCommit)
            staged.accept()
        return envelope.message

    async def junk_commit(self) -> None:
        """A Commit that is damaged, late, or another's, before the valid one."""
        if len(self.members) < 2:
            return
        name, other = self.dice.sample(self.members, 2)
        player, group = self.players[name], self.group(name)
        pending = group.commit(accept_anyone, self.world.now_s)
        request = player.commit_request(group, pending)
        place = self.dice.randrange(len(request.message) - 33)
        values = {one: getattr(request, one) for one in request.__struct_fields__}
        flipped = bytearray(request.message)
        flipped[place] ^= 1 << self.dice.randrange(8)
        damaged = f.AppendCommit(**{**values, "message": bytes(flipped)})
        with pytest.raises(Refusal):
            await self.world.delivery.append_commit(player.record, damaged)
        with pytest.raises(Refusal):
            await self.world.delivery.append_commit(self.players[other].record, request)
        pending.drop()

    async def read(self) -> None:
        name = self.dice.choice(NAMES)
        reader, player = self.readers[name], self.players[name]
        after, limit = self.dice.randrange(self.head + 2), self.dice.randrange(1, 20)
        if not reader.stays:
            with pytest.raises(Refusal):
                await self.world.delivery.read(player.record, self.group_id, after, limit)
            return
        stretch = await self.world.delivery.read(player.record, self.group_id, after, limit)
        expected = [seq for seq in reader.may_read(self.head) if seq > after][:limit]
        assert [one.seq for one in stretch.envelopes] == expected
        assert [one.message for one in stretch.envelopes] == [self.log[seq - 1] for seq in expected]
        assert stretch.head == reader.end(self.head)

    async def acknowledge(self) -> None:
        name = self.dice.choice(NAMES)
        reader, player = self.readers[name], self.players[name]
        seq = self.dice.randrange(self.head + 3)
        if reader.stays and seq <= reader.end(self.head):
            await acknowledged(self.world, player.record, self.group_id, seq)
            reader.cursor = max(reader.cursor, seq)
            return
        # Acknowledgements are collected: what is not allowed is judged when they are written.
        await self.world.delivery.resume(player.record)
        await acknowledged(self.world, player.record, self.group_id, seq)
        await self.world.delivery.resume(player.record)

    async def resume(self) -> None:
        name = self.dice.choice(NAMES)
        reader, player = self.readers[name], self.players[name]
        moved = (await self.world.delivery.resume(player.record)).moved
        end = reader.end(self.head) if reader.stays else 0
        expected = [f.Moved(self.group_id, reader.cursor, end, self.epoch)]
        assert moved == (expected if end > reader.cursor else [])

    async def restart(self) -> None:
        """Another process on the same database, with nothing in memory."""
        await self.world.delivery.close()
        fresh = World(self.world.database, clock=self.world.clock)
        self.world = fresh
        for player in self.players.values():
            player.world = fresh

    async def play(self, steps: int) -> None:
        await self.begin()
        weighted = [
            *[self.send] * 6,
            *[self.retry] * 2,
            *[self.commit] * 3,
            self.junk_commit,
            *[self.read] * 3,
            *[self.acknowledge] * 3,
            *[self.resume] * 2,
            self.restart,
        ]
        for _ in range(steps):
            await self.dice.choice(weighted)()
        for name in NAMES:
            reader = self.readers[name]
            if reader.stays:
                found = await self.players[name].read(self.group("anna"), 0, 500)
                assert found == reader.may_read(self.head)


@pytest.mark.parametrize("seed", range(12))
async def test_a_random_history_goes_as_the_model_says(world: World, seed: int) -> None:
    print(f"seed {seed}")
    model = Model(seed, world)
    await model.play(STEPS)
    await model.world.delivery.close()
