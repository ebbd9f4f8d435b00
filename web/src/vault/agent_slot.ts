/** Which device is the business's agent, as far as was heard; a row of store `own`. */

import { concat, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { opaque, type Reader, u64 } from '../mls/codec.ts';
import { AGENT_SLOT } from './schema.ts';
import { Slot } from './slots.ts';
import type { Vault } from './vault.ts';

/** The device (URI), until when it is the agent, and when it was heard last. */
export interface KnownAgent {
  readonly device: string;
  readonly untilS: number;
  readonly heardMs: number;
}

/** The row. */
export function agentSlot(vault: Vault): Slot<KnownAgent> {
  return new Slot(vault, AGENT_SLOT, {
    toBytes: ({ device, untilS, heardMs }) =>
      concat(opaque(utf8(device)), u64(BigInt(untilS)), u64(BigInt(heardMs))),
    read: (reader: Reader): KnownAgent => ({
      device: lenientTextFrom(reader.opaque()),
      untilS: Number(reader.u64()),
      heardMs: Number(reader.u64()),
    }),
  });
}
