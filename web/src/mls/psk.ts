/** Pre-shared keys, and how several become one secret (RFC 9420 section 8.4). */

import { concat, toHex } from '../base/bytes.ts';
import { u16 } from './codec.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { type PreSharedKeyId, PskType } from './psk_id.ts';
import type { Suite } from './suite.ts';

export const PSK_COUNT_LIMIT = 256;

/** The key under which a group's epoch stands in a Map. */
export function groupEpoch(groupId: Uint8Array, epoch: bigint): string {
  return `${toHex(groupId)}/${epoch}`;
}

/**
 * The pre-shared keys a device can supply: `external` by the hexadecimal id, `resumption` by
 * `groupEpoch`.
 */
export class KnownPsks {
  constructor(
    readonly external: ReadonlyMap<string, Uint8Array> = new Map(),
    readonly resumption: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {}

  /** The same keys and the resumption secrets `more`. */
  withResumption(more: ReadonlyMap<string, Uint8Array>): KnownPsks {
    return new KnownPsks(this.external, new Map([...this.resumption, ...more]));
  }

  /** Whether the secret that `psk` names is at hand. */
  has(psk: PreSharedKeyId): boolean {
    return this.#secret(psk) !== undefined;
  }

  /** The secret that `psk` names. Throws ValidationError `psk-known`. */
  find(psk: PreSharedKeyId): Uint8Array {
    const secret = this.#secret(psk);
    if (secret === undefined) {
      const isExternal = psk.type === PskType.EXTERNAL;
      const name = toHex(isExternal ? psk.pskId : psk.groupId).slice(0, 64);
      throw new ValidationError(
        'psk-known',
        'A message needs a pre-shared key that this device does not have: ' +
          `${isExternal ? 'external' : 'resumption'} ${name}.`,
      );
    }
    return secret;
  }

  #secret(psk: PreSharedKeyId): Uint8Array | undefined {
    return psk.type === PskType.EXTERNAL
      ? this.external.get(toHex(psk.pskId))
      : this.resumption.get(groupEpoch(psk.groupId, psk.epoch));
  }
}

export const NO_PSKS = new KnownPsks();

/**
 * psk_secret: all keys chained in order; zeros when there is none.
 *
 * Throws ValidationError `psk-known`, `psk-count`.
 */
export function combinePsks(
  suite: Suite,
  ids: readonly PreSharedKeyId[],
  known: KnownPsks,
): Uint8Array {
  ensure(
    ids.length <= PSK_COUNT_LIMIT,
    'psk-count',
    `${ids.length} pre-shared keys in one Commit; at most ${PSK_COUNT_LIMIT} are accepted.`,
  );
  const zeros = new Uint8Array(suite.hashLength);
  let secret: Uint8Array = zeros.slice();
  for (const [index, psk] of ids.entries()) {
    const label = concat(psk.toBytes(), u16(index), u16(ids.length));
    const extracted = suite.extract(zeros, known.find(psk));
    const salt = suite.expandWithLabel(extracted, 'derived psk', label, suite.hashLength);
    const next = suite.extract(salt, secret);
    for (const used of [extracted, salt, secret]) {
      used.fill(0);
    }
    secret = next;
  }
  return secret;
}
