/** Delivery marks: how far the devices of others have received what we sent. */

import { toHex } from '../base/bytes.ts';
import { type AccountAddress, DeviceAddress, NameRefused } from '../base/ids.ts';
import type { Core, Live } from './core.ts';
import { stateOf } from './history.ts';
import { lastLine } from './last_line.ts';

/** A device of another participant has everything up to a seq. */
export async function takeCursor(
  core: Core,
  conversation: Uint8Array,
  device: string,
  seq: number,
): Promise<void> {
  const live = core.lives.get(toHex(conversation));
  const account = accountOf(device);
  if (
    live === undefined ||
    account === undefined ||
    !live.others(core.address).some((other) => other.equals(account))
  ) {
    return;
  }
  await reach(core, live, account, seq);
}

/**
 * Ask how far others have received what we sent, where that is not known yet.
 *
 * Throws Unreachable, ServerRefused.
 */
export async function learnMarks(core: Core): Promise<void> {
  for (const live of [...core.lives.values()]) {
    const others = live.others(core.address);
    if (live.kept.state !== 'open' || others.length === 0) {
      continue;
    }
    const reached = await core.marks.reached(live.id);
    const byAll = Math.min(...others.map(({ uri }) => reached.get(uri) ?? 0));
    if (!(await core.messages.hasOutgoing(live.id, byAll))) {
      continue;
    }
    for (const [device, seq] of await core.server.cursors(live.id)) {
      await takeCursor(core, live.id.bytes, device, seq);
    }
  }
}

async function reach(core: Core, live: Live, account: AccountAddress, at: number): Promise<void> {
  const known = (await core.marks.reached(live.id)).get(account.uri) ?? 0;
  // A mark says something of messages of ours only, and of none that is still to come.
  const seq = Math.min(at, Math.max(live.kept.cursor, live.accepted));
  if (seq <= known) {
    return;
  }
  await core.vault.write([await core.marks.reach(live.id, account, seq)]);
  // Read again: another account's mark may have come meanwhile, and only both make a difference.
  const after = await core.marks.reached(live.id);
  const before = new Map([...after, [account.uri, known]]);
  const others = live.others(core.address);
  const rows = await core.messages.stretch(live.id, true, known, seq);
  const reports = await core.marks.reports(rows.map(({ messageId }) => messageId));
  let isChanged = false;
  for (const row of rows) {
    const told = reports.get(row.messageId.hex) ?? new Map<string, number>();
    if (stateOf(row, others, before, told) !== stateOf(row, others, after, told)) {
      isChanged = true;
      core.feed.tell({ what: 'message', conversation: live.id, message: row.messageId });
    }
  }
  if (isChanged) {
    await lastLine(core, live);
  }
}

function accountOf(device: string): AccountAddress | undefined {
  try {
    return DeviceAddress.parseUri(device).account;
  } catch (error) {
    if (error instanceof NameRefused) {
      return undefined;
    }
    throw error;
  }
}
