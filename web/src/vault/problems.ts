/**
 * Store `problem`: what was received and not believed, sealed, in the order in which it was met.
 */

import { concat, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { ConversationId } from '../base/ids.ts';
import { opaque, optional, type Reader, u64 } from '../mls/codec.ts';
import { keysBetween, type Write } from '../platform/database.ts';
import { parsed, Row } from './row.ts';
import { PROBLEM } from './schema.ts';
import type { Vault } from './vault.ts';

/** Newest entries that are kept: junk from a hostile server must not fill the disk. */
export const KEPT = 1_000;

/** UTF-16 units of a sentence that are kept. */
export const SENTENCE_LIMIT = 2_048;

/** One thing not believed: where, which check (`code`), and the sentence for people. */
export interface Problem {
  readonly conversation: ConversationId | undefined;
  readonly seq: number | undefined;
  readonly code: string;
  readonly sentence: string;
  readonly atMs: number;
}

/** The vault's list of problems; one instance numbers them. */
export class Problems {
  readonly #vault: Vault;
  #last: Promise<number> | undefined;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep it, and let go of the oldest beyond the limit. Throws StorageUnavailable. */
  async add(problem: Problem): Promise<readonly Write[]> {
    const number = await this.#next();
    const { conversation, seq } = problem;
    const plaintext = concat(
      optional(conversation?.bytes),
      optional(seq === undefined ? undefined : u64(BigInt(seq))),
      opaque(utf8(problem.code)),
      opaque(utf8(problem.sentence.slice(0, SENTENCE_LIMIT))),
      u64(BigInt(problem.atMs)),
    );
    const sealed = await this.#vault.seal.close(PROBLEM, place(number), plaintext);
    const writes: Write[] = [{ store: PROBLEM, put: { number, sealed } }];
    if (number > KEPT) {
      const range = keysBetween(0, number - KEPT);
      for (const row of await this.#vault.select(PROBLEM, { range })) {
        writes.push({ store: PROBLEM, remove: new Row(PROBLEM, row).number('number') });
      }
      // Those that were numbered in one go are not written yet when the next ones look.
      writes.push({ store: PROBLEM, remove: number - KEPT });
    }
    return writes;
  }

  /** Oldest first. Throws VaultDamaged, StorageUnavailable. */
  async all(): Promise<readonly Problem[]> {
    const rows = await this.#vault.select(PROBLEM);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  /** Each number once, also when many are added at the same time. */
  async #next(): Promise<number> {
    const before = this.#last ?? this.#vault.lastNumber(PROBLEM);
    const next = before.then((number) => number + 1);
    this.#last = next;
    try {
      return await next;
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  async #opened(found: unknown): Promise<Problem> {
    const row = new Row(PROBLEM, found);
    const number = row.number('number');
    const opened = await this.#vault.seal.open(PROBLEM, place(number), row.bytes('sealed'));
    return parsed(PROBLEM, opened, read);
  }
}

function place(number: number): Uint8Array {
  return u64(BigInt(number));
}

function read(reader: Reader): Problem {
  return {
    conversation: reader.optional((inner) => ConversationId.of(inner.fixed(16))),
    seq: reader.optional((inner) => Number(inner.u64())),
    code: lenientTextFrom(reader.opaque()),
    sentence: lenientTextFrom(reader.opaque()),
    atMs: Number(reader.u64()),
  };
}
