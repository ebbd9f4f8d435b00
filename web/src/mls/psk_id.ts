/**
 * Names of pre-shared keys, as proposals and Welcomes carry them (RFC 9420 section 8.4).
 *
 * Public: the keys themselves are in `psk.ts`.
 */

import { concat, EMPTY, equalBytes, toHex } from '../base/bytes.ts';
import { opaque, parseWhole, type Reader, u8, u64 } from './codec.ts';
import { CodecError, require as ensure } from './errors.ts';
import type { Suite } from './suite.ts';

const PSK_ID_LIMIT = 2 ** 12;

/** Where a pre-shared key comes from. */
export const PskType = { EXTERNAL: 1, RESUMPTION: 2 } as const;
export type PskType = (typeof PskType)[keyof typeof PskType];

/** What a resumption PSK is used for (RFC 9420 section 8.6). */
export const ResumptionUsage = { APPLICATION: 1, REINIT: 2, BRANCH: 3 } as const;
export type ResumptionUsage = (typeof ResumptionUsage)[keyof typeof ResumptionUsage];

/**
 * Names one use of one pre-shared key.
 *
 * External: `pskId` is the application's name of the key. Resumption: `usage`, `groupId` and
 * `epoch` say which epoch's resumption secret is meant. `nonce` makes each use differ.
 */
export class PreSharedKeyId {
  constructor(
    readonly type: PskType,
    readonly pskId: Uint8Array,
    readonly usage: ResumptionUsage | undefined,
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly nonce: Uint8Array,
  ) {}

  /** A key that the application handed to the members; `nonce` has KDF.Nh bytes. */
  static external(pskId: Uint8Array, nonce: Uint8Array): PreSharedKeyId {
    return new PreSharedKeyId(PskType.EXTERNAL, pskId, undefined, EMPTY, 0n, nonce);
  }

  /** The resumption secret of an epoch of a group. */
  static resumption(
    usage: ResumptionUsage,
    groupId: Uint8Array,
    epoch: bigint,
    nonce: Uint8Array,
  ): PreSharedKeyId {
    return new PreSharedKeyId(PskType.RESUMPTION, EMPTY, usage, groupId, epoch, nonce);
  }

  /** Whether it binds a new group to the one it follows or branches off from. */
  get continuesGroup(): boolean {
    return this.usage === ResumptionUsage.REINIT || this.usage === ResumptionUsage.BRANCH;
  }

  /** Throws CodecError. */
  static read(reader: Reader): PreSharedKeyId {
    const type = reader.u8();
    if (type === PskType.EXTERNAL) {
      return PreSharedKeyId.external(reader.opaque(PSK_ID_LIMIT), reader.opaque(255));
    }
    if (type !== PskType.RESUMPTION) {
      throw new CodecError(`A pre-shared key has the unknown type ${type}.`);
    }
    const usage = readUsage(reader);
    const groupId = reader.opaque(255);
    const epoch = reader.u64();
    return PreSharedKeyId.resumption(usage, groupId, epoch, reader.opaque(255));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): PreSharedKeyId {
    return parseWhole((reader) => PreSharedKeyId.read(reader), raw);
  }

  equals(other: PreSharedKeyId): boolean {
    return equalBytes(this.toBytes(), other.toBytes());
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    if (this.type === PskType.EXTERNAL) {
      return concat(u8(this.type), opaque(this.pskId), opaque(this.nonce));
    }
    return concat(
      u8(this.type),
      u8(this.usage ?? 0),
      opaque(this.groupId),
      u64(this.epoch),
      opaque(this.nonce),
    );
  }
}

function readUsage(reader: Reader): ResumptionUsage {
  const number = reader.u8();
  const usage = Object.values(ResumptionUsage).find((known) => known === number);
  if (usage === undefined) {
    throw new CodecError(`A resumption key has the unknown usage ${number}.`);
  }
  return usage;
}

/**
 * Each PSK of a proposal list: nonce length, usage, no repetition (RFC 9420 section 12.1.4).
 *
 * `isFirst`: the Commit is a group's first, which may continue one other group.
 * Throws ValidationError `psk-nonce`, `psk-usage`, `psk-unique`.
 */
export function checkPskProposals(
  suite: Suite,
  ids: readonly PreSharedKeyId[],
  isFirst: boolean,
): void {
  for (const psk of ids) {
    ensure(
      psk.nonce.length === suite.hashLength,
      'psk-nonce',
      `A pre-shared key's nonce has ${psk.nonce.length} bytes, not ${suite.hashLength}.`,
    );
  }
  const continued = ids.filter((psk) => psk.continuesGroup);
  ensure(
    continued.length <= (isFirst ? 1 : 0),
    'psk-usage',
    "A resumption key for reinit or branch may only stand in a group's first Commit, and once.",
  );
  ensure(
    new Set(ids.map((psk) => toHex(psk.toBytes()))).size === ids.length,
    'psk-unique',
    'One Commit names the same pre-shared key twice.',
  );
}
