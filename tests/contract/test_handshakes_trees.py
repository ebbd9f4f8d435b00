"""Commits whose GroupInfo has another ratchet tree than they lead to: no later joiner could follow.

Each lie is complete: tree hash, transcript and signatures fit together, only the tree is wrong.
"""

import secrets
from dataclasses import replace

import pytest

from delivery_world import SUITE, Player, World
from plausch.mls.extension import RATCHET_TREE, Extension
from plausch.mls.framing import FramedContent, PublicMessage, WireFormat, parse_public_message
from plausch.mls.group import Group, PendingCommit, external_join
from plausch.mls.group_info import GroupInfo, parse_group_info
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.proposal import Commit
from plausch.mls.protection import sign_content
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite
from plausch.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from plausch.server.errors import Refusal
from plausch.wire import frames as f
from wire_device import accept_anyone

CRYPTO = suite(SUITE)
Crowd = tuple[Player, Player, Player, Group]


@pytest.fixture
async def crowd(world: World) -> Crowd:
    anna, cem, ela = [await world.player(name) for name in ("anna", "cem", "ela")]
    return anna, cem, ela, await anna.conversation_with(cem, ela)


def tree_of(follows: GroupInfo) -> RatchetTree:
    raw = follows.extension(RATCHET_TREE)
    assert raw is not None
    return RatchetTree.from_bytes(CRYPTO, raw)


def with_tree(follows: GroupInfo, tree: RatchetTree, player: Player) -> bytes:
    """The GroupInfo with another tree, well hashed and well signed."""
    context = replace(follows.group_context, tree_hash=tree.tree_hash())
    others = [one for one in follows.extensions if one.type != RATCHET_TREE]
    extensions = (*others, Extension(RATCHET_TREE, tree.to_bytes()))
    changed = replace(follows, group_context=context, extensions=extensions)
    return changed.signed(CRYPTO, player.person.key.to_bytes()).to_message()


async def must_be_refused(
    player: Player, group: Group, pending: PendingCommit, group_info: bytes
) -> None:
    honest = player.commit_request(group, pending)
    values = {name: getattr(honest, name) for name in honest.__struct_fields__}
    lying = f.AppendCommit(**{**values, "group_info": group_info})
    with pytest.raises(Refusal, match="ratchet tree") as caught:
        await player.world.delivery.append_commit(player.record, lying)
    assert caught.value.code == "bad_commit"
    assert (await player.world.delivery.append_commit(player.record, honest)).seq == 2


async def test_a_parent_that_nobody_has_the_key_of(world: World, crowd: Crowd) -> None:
    anna, _, _, group = crowd
    pending = group.commit(accept_anyone, world.now_s)
    follows = parse_group_info(pending.group_info)
    tree = tree_of(follows)
    keys = [secrets.token_bytes(32) for _ in tree.filtered_direct_path(1)]
    tree.put_path(1, keys)
    await must_be_refused(anna, group, pending, with_tree(follows, tree, anna))


async def test_a_parent_that_was_blanked(world: World, crowd: Crowd) -> None:
    anna, _, _, group = crowd
    pending = group.commit(accept_anyone, world.now_s)
    follows = parse_group_info(pending.group_info)
    tree = tree_of(follows)
    leaf = tree.leaf(1)
    assert leaf is not None
    tree.update_leaf(1, leaf)
    await must_be_refused(anna, group, pending, with_tree(follows, tree, anna))


async def test_an_older_leaf_of_a_member_who_did_not_move(world: World, crowd: Crowd) -> None:
    """Anna claimed a key package of Cem's once: its leaf is well signed and has his key."""
    anna, cem, _, group = crowd
    pending = group.commit(accept_anyone, world.now_s)
    follows = parse_group_info(pending.group_info)
    tree = tree_of(follows)
    tree.put_leaf(1, cem.bundle().key_package.leaf_node)
    await must_be_refused(anna, group, pending, with_tree(follows, tree, anna))


async def test_a_joiners_leaf_that_is_signed_for_another_place(world: World, crowd: Crowd) -> None:
    anna, _, _, group = crowd
    laptop = await anna.link()
    raw = await world.conversations.group_info(laptop.record, group.group_id)
    key = laptop.person.key.to_bytes()
    joining = external_join(raw, laptop.person.credential, key, accept_anyone, world.now_s)
    before, follows = parse_group_info(raw), parse_group_info(joining.group_info)
    message = parse_public_message(joining.commit).authenticated
    content, body = message.content, message.content.body
    assert isinstance(body, Commit)
    assert body.path is not None
    place = LeafBinding(group.group_id, follows.signer + 1)
    leaf = body.path.leaf_node.content().sign(CRYPTO, key, place)
    moved = FramedContent.of(
        content.group_id,
        content.epoch,
        content.sender,
        content.authenticated,
        replace(body, path=replace(body.path, leaf_node=leaf)),
    )
    wire, context = WireFormat.PUBLIC_MESSAGE, before.group_context
    signature = sign_content(CRYPTO, key, wire, moved, context.encoded)
    interim = interim_transcript_hash(
        CRYPTO, context.confirmed_transcript_hash, before.confirmation_tag
    )
    transcript = confirmed_transcript_hash(CRYPTO, interim, wire, moved.encoded, signature)
    following = replace(follows.group_context, confirmed_transcript_hash=transcript)
    tree = tree_of(follows)
    tree.put_leaf(follows.signer, leaf)
    request = f.AppendCommit(
        1,
        group.group_id,
        1,
        PublicMessage(replace(message, content=moved, signature=signature)).to_message(),
        secrets.token_bytes(16),
        with_tree(replace(follows, group_context=following), tree, laptop),
        b"",
        [],
    )
    with pytest.raises(Refusal, match="signature of leaf") as caught:
        await world.delivery.append_commit(laptop.record, request)
    assert caught.value.code == "bad_commit"
