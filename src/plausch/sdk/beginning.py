"""New conversations: complete in the vault at once, on the server as soon as it is reached."""

import secrets
from collections.abc import Sequence

from plausch.base.ids import CONVERSATION_ID_BYTES, AccountAddress, ConversationId
from plausch.mls.group import Group
from plausch.mls.roles import Roles
from plausch.sdk.core import Core, Live
from plausch.sdk.membership import Intent, suite_for
from plausch.sdk.vault.conversations import KeptConversation
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.sdk.whole import whole


@whole
async def begin(
    core: Core, addresses: Sequence[AccountAddress], *, is_group: bool = False
) -> tuple[Live, bytes]:
    """A conversation with these accounts; its first Commit waits in the outbox.

    A group has roles, and this account is its first admin. Returns it with the idempotency id of
    that Commit (`Core.waiter`). The accounts are known and unchanged. Raises SdkError.
    """
    roles = (Roles.of([core.address.uri]).to_extension(),) if is_group else ()
    devices = sum(len(core.trust.device_list(address).devices) for address in addresses)
    conversation = ConversationId(secrets.token_bytes(CONVERSATION_ID_BYTES))
    group = await core.judged(
        lambda judge: Group.create(
            suite_for(devices + 1),
            conversation,
            core.credential,
            core.own.device_key.to_bytes(),
            judge,
            now_s=core.now_s(),
            extensions=roles,
        )
    )
    now_ms = core.clock.now_ms()
    kept = KeptConversation(
        id=conversation,
        state="opening",
        request=False,
        title="",
        members=(core.device,),
        invited=tuple(sorted(addresses)),
        active_at_ms=now_ms,
        admins=(core.address,) if is_group else None,
    )
    live = Live(kept, group=group)
    opening = new_idempotency_id()
    await core.trust.set_known(addresses)  # first: once it is written, nothing may fail any more
    intent = Intent(add=tuple(address.uri for address in addresses), opening=True)
    await core.vault.write(
        [
            core.conversations.put(kept),
            *core.save_group(live, epoch_moved=True),
            core.outbox.add(
                conversation,
                EntryKind.CREATE,
                b"",
                idempotency_id=new_idempotency_id(),
                payload=group.group_info(),
            ),
            core.outbox.add(
                conversation, EntryKind.CHANGE, intent.to_bytes(), idempotency_id=opening
            ),
        ]
    )
    core.lives[conversation] = live
    return live, opening
