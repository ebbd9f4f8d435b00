/** New conversations: complete in the vault at once, on the server as soon as it is reached. */

import { type AccountAddress, CONVERSATION_ID_BYTES, ConversationId } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { Group } from '../mls/group.ts';
import { Roles } from '../mls/roles.ts';
import { KeptConversation } from '../vault/conversations.ts';
import { newIdempotencyId } from '../vault/debts.ts';
import { type Core, Live } from './core.ts';
import { lastLine } from './last_line.ts';
import { Intent, suiteFor } from './membership.ts';
import { eventRow } from './receive.ts';

/**
 * A conversation with these accounts; its first Commit waits in the outbox. A group has roles, and
 * this account is its first admin; its log begins with who has made it. Returns it with the
 * idempotency id of that Commit (`Core.waiter`). The accounts are known and unchanged.
 */
export async function begin(
  core: Core,
  addresses: readonly AccountAddress[],
  isGroup: boolean,
): Promise<readonly [live: Live, opening: Uint8Array]> {
  const devices = addresses.reduce(
    (sum, address) => sum + core.trust.deviceList(address).addresses().length,
    1,
  );
  const id = ConversationId.of(randomBytes(CONVERSATION_ID_BYTES));
  const group = await core.judged((judge) =>
    Promise.resolve(
      Group.create(
        suiteFor(devices),
        id.bytes,
        core.credential,
        core.own.deviceKey.toBytes(),
        judge,
        core.nowS,
        { extensions: isGroup ? [Roles.of([core.address.uri]).toExtension()] : [] },
      ),
    ),
  );
  const kept = new KeptConversation(id);
  const nowMs = core.clock.nowMs();
  kept.setMembers([core.device], addresses);
  kept.activeAtMs = nowMs;
  kept.admins = isGroup ? [core.address] : undefined;
  kept.ordinalMs = nowMs;
  const live = new Live(kept);
  live.group = group;
  const opening = newIdempotencyId();
  await core.trust.setKnown(addresses); // first: once it is written, nothing may fail any more
  const who = kept.participants.map(String);
  const event = { what: 'created' as const, by: core.address.toString(), who };
  const line = isGroup ? [(await eventRow(core, live, 0, nowMs, core.address, event))[0]] : [];
  const groupInfo = group.groupInfo();
  await core.vault.write([
    await core.conversations.put(kept),
    ...(await core.saveGroup(live, true)),
    await core.debts.add({
      conversation: id,
      kind: 'create',
      intent: new Uint8Array(0),
      idempotencyId: newIdempotencyId(),
      payload: groupInfo,
    }),
    await core.debts.add({
      conversation: id,
      kind: 'change',
      intent: new Intent(addresses, [], true).toBytes(),
      idempotencyId: opening,
    }),
    ...line,
  ]);
  core.lives.set(id.hex, live);
  await lastLine(core, live);
  return [live, opening];
}
