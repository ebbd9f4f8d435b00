/**
 * The secret tree: message keys of every sender in one epoch (RFC 9420 section 9).
 *
 * Deletion is what gives forward secrecy, so the rules stand here in full:
 *
 * - A node's secret is deleted when its children's are derived; a leaf's when its two ratchets
 *   begin.
 * - A ratchet moves past a key by deleting the secret the key came from. For generations that were
 *   passed over only (key, nonce) is kept, never a ratchet secret: whoever steals the state later
 *   can open the passed-over messages and nothing that was already read.
 * - Nothing changes until a message has opened: `peek` computes, `consume` deletes. Junk that fails
 *   authentication costs no key.
 *
 * Deleting is overwriting, too: a buffer that the tree drops is filled with zeros, as far as a
 * program can: the engine may have moved a small buffer and left a copy behind. An `Opening` that
 * nobody consumes is not the tree's: `erase` it, or it waits for the collector. The limits are
 * explained in spec/mls.md.
 */

import { concatErasing, EMPTY, utf8 } from '../base/bytes.ts';
import { MAX_VARINT, opaque, type Reader, u32, u8, vector, vectorErasing } from './codec.ts';
import { CodecError, ValidationError } from './errors.ts';
import type { Suite } from './suite.ts';

/** Generations that one message may lie ahead of the newest seen from its sender. */
export const FORWARD_LIMIT = 1_000;

/** Passed-over keys kept for each sender and ratchet; the oldest go first. */
export const KEPT_LIMIT = 512;

export const LAST_GENERATION = 2 ** 32 - 1;

const LEFT = utf8('left');
const RIGHT = utf8('right');

/** Each sender has one ratchet for handshake and one for application messages. */
export const RatchetKind = { HANDSHAKE: 0, APPLICATION: 1 } as const;
export type RatchetKind = (typeof RatchetKind)[keyof typeof RatchetKind];

const LABEL = {
  [RatchetKind.HANDSHAKE]: 'handshake',
  [RatchetKind.APPLICATION]: 'application',
} as const;

/** An AEAD key and nonce, for one message only. */
export class MessageKey {
  constructor(
    readonly key: Uint8Array,
    readonly nonce: Uint8Array,
  ) {}

  /** Overwrite both, once the message is sealed or opened. */
  erase(): void {
    this.key.fill(0);
    this.nonce.fill(0);
  }
}

/**
 * One sender's chain: the next generation, its secret, and keys passed over before it, by their
 * generations.
 *
 * Never changed, only replaced, so that its saved form is made once: a save follows every
 * message, and most senders have said nothing since the last.
 */
export class Ratchet {
  #encoded: Uint8Array | undefined;

  constructor(
    readonly generation: number,
    readonly secret: Uint8Array,
    readonly kept: ReadonlyMap<number, MessageKey> = new Map(),
  ) {}

  /** From saved bytes. Throws CodecError. */
  static read(reader: Reader): Ratchet {
    const generation = reader.u32();
    const secret = reader.opaque(64);
    const kept = reader.vector(
      (inner) => [inner.u32(), new MessageKey(inner.opaque(64), inner.opaque(64))] as const,
    );
    return new Ratchet(generation, secret, new Map(kept));
  }

  /** For saving. It is the remembered form: do not write into it. */
  get encoded(): Uint8Array {
    this.#encoded ??= concatErasing(
      u32(this.generation),
      opaque(this.secret),
      vectorErasing(
        Array.from(this.kept, ([generation, { key, nonce }]) =>
          concatErasing(u32(generation), opaque(key), opaque(nonce)),
        ),
      ),
    );
    return this.#encoded;
  }

  /** It was replaced by `after`: overwrite what that one does not hold, too. */
  erase(after?: Ratchet): void {
    if (this.secret !== after?.secret) {
      this.secret.fill(0);
    }
    if (this.kept !== after?.kept) {
      for (const [generation, key] of this.kept) {
        if (after?.kept.get(generation) !== key) {
          key.erase();
        }
      }
    }
    this.#encoded?.fill(0);
    this.#encoded = undefined;
  }
}

/** A key looked up for one received message, and the ratchet as it is once it was used. */
export class Opening {
  constructor(
    readonly leafIndex: number,
    readonly kind: RatchetKind,
    readonly generation: number,
    readonly key: MessageKey,
    readonly before: Ratchet | undefined,
    readonly after: Ratchet,
  ) {}

  /** It will not be consumed: overwrite what the tree does not hold. */
  erase(): void {
    if (this.before?.kept.get(this.generation) !== this.key) {
      this.key.erase();
    }
    this.after.erase(this.before);
  }
}

function messageKey(suite: Suite, secret: Uint8Array, generation: number): MessageKey {
  return new MessageKey(
    suite.deriveTreeSecret(secret, 'key', generation, suite.keyLength),
    suite.deriveTreeSecret(secret, 'nonce', generation, suite.nonceLength),
  );
}

function nextSecret(suite: Suite, secret: Uint8Array, generation: number): Uint8Array {
  return suite.deriveTreeSecret(secret, 'secret', generation, suite.hashLength);
}

type Step = readonly [key: MessageKey, after: Ratchet];

/** The key of `generation` and the ratchet after it. Throws ValidationError. */
function advance(suite: Suite, ratchet: Ratchet, generation: number): Step {
  if (generation < ratchet.generation) {
    const kept = new Map(ratchet.kept);
    const key = kept.get(generation);
    if (key === undefined) {
      throw new ValidationError(
        'generation-unused',
        `Message key ${generation} of this sender was already used or has been deleted.`,
      );
    }
    kept.delete(generation);
    return [key, new Ratchet(ratchet.generation, ratchet.secret, kept)];
  }
  const ahead = generation - ratchet.generation;
  if (ahead > FORWARD_LIMIT || generation >= LAST_GENERATION) {
    throw new ValidationError(
      'generation-window',
      `A message lies ${ahead} generations ahead; at most ${FORWARD_LIMIT} are followed.`,
    );
  }
  if (ahead === 0) {
    return take(suite, ratchet.secret, generation, ratchet.kept);
  }
  const kept = new Map(ratchet.kept);
  let secret: Uint8Array = ratchet.secret.slice();
  for (let passed = ratchet.generation; passed < generation; passed += 1) {
    if (passed >= generation - KEPT_LIMIT) {
      kept.set(passed, messageKey(suite, secret, passed));
    }
    const next = nextSecret(suite, secret, passed);
    secret.fill(0);
    secret = next;
  }
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT_LIMIT))) {
    kept.delete(oldest);
  }
  const step = take(suite, secret, generation, kept);
  secret.fill(0);
  return step;
}

/** The key that comes from `secret`, and the ratchet after it; `secret` is left to the caller. */
function take(
  suite: Suite,
  secret: Uint8Array,
  generation: number,
  kept: ReadonlyMap<number, MessageKey>,
): Step {
  const key = messageKey(suite, secret, generation);
  return [key, new Ratchet(generation + 1, nextSecret(suite, secret, generation), kept)];
}

/** A ratchet's place as a number that sorts by leaf, then by kind. */
function placeOf(leafIndex: number, kind: RatchetKind): number {
  return 2 * leafIndex + kind;
}

/** All message keys of one epoch, derived when first needed and deleted when used. */
export class SecretTree {
  readonly #suite: Suite;
  readonly #leafCount: number;
  readonly #nodes: Map<number, Uint8Array>;
  readonly #ratchets: Map<number, Ratchet>;
  #kinds: readonly RatchetKind[] = [RatchetKind.HANDSHAKE, RatchetKind.APPLICATION];
  #encoded: Uint8Array | undefined;

  /** `nodes` by node index, `ratchets` by `2 * leafIndex + kind`; the tree owns their bytes. */
  constructor(
    suite: Suite,
    leafCount: number,
    nodes: ReadonlyMap<number, Uint8Array>,
    ratchets: ReadonlyMap<number, Ratchet>,
  ) {
    this.#suite = suite;
    this.#leafCount = leafCount;
    this.#nodes = new Map(nodes);
    this.#ratchets = new Map(ratchets);
  }

  /** A fresh tree over `leafCount` leaves (a power of two). */
  static begin(suite: Suite, leafCount: number, encryptionSecret: Uint8Array): SecretTree {
    return new SecretTree(
      suite,
      leafCount,
      new Map([[leafCount - 1, encryptionSecret.slice()]]),
      new Map(),
    );
  }

  /** From saved bytes. Throws CodecError. */
  static read(reader: Reader, suite: Suite): SecretTree {
    const leafCount = reader.u32();
    if (leafCount < 1 || (leafCount & (leafCount - 1)) !== 0) {
      throw new CodecError(`A secret tree has ${leafCount} leaves, not a power of two.`);
    }
    const nodes = reader.vector((inner) => [inner.u32(), inner.opaque(64)] as const);
    const ratchets = reader.vector(
      (inner) => [placeOf(inner.u32(), readKind(inner)), Ratchet.read(inner)] as const,
      MAX_VARINT,
    );
    return new SecretTree(suite, leafCount, new Map(nodes), new Map(ratchets));
  }

  /**
   * For saving; equal states have equal bytes. It is the remembered form: do not write into it.
   */
  toBytes(): Uint8Array {
    if (this.#encoded === undefined) {
      const nodes = [...this.#nodes].sort(([one], [other]) => one - other);
      const ratchets = [...this.#ratchets].sort(([one], [other]) => one - other);
      this.#encoded = concatErasing(
        u32(this.#leafCount),
        vectorErasing(nodes.map(([node, secret]) => concatErasing(u32(node), opaque(secret)))),
        vector(
          ratchets.flatMap(([place, ratchet]) => [
            u32(Math.floor(place / 2)),
            u8(place % 2),
            ratchet.encoded,
          ]),
        ),
      );
    }
    return this.#encoded;
  }

  /** The epoch is over: forget the handshake ratchets, only late messages still count. */
  retire(): void {
    this.#kinds = [RatchetKind.APPLICATION];
    this.#forgetEncoded();
    for (const [place, ratchet] of [...this.#ratchets]) {
      if (place % 2 === RatchetKind.HANDSHAKE) {
        this.#ratchets.delete(place);
        ratchet.erase();
      }
    }
  }

  /** The tree is given up: overwrite all of it. It has no keys any more. */
  erase(): void {
    this.#forgetEncoded();
    for (const secret of this.#nodes.values()) {
      secret.fill(0);
    }
    for (const ratchet of this.#ratchets.values()) {
      ratchet.erase();
    }
    this.#nodes.clear();
    this.#ratchets.clear();
  }

  /**
   * The next generation to send with and its key, which the caller erases; the ratchet has moved
   * on already.
   *
   * Throws ValidationError `generation-window` at the end of the generations.
   */
  nextKey(leafIndex: number, kind: RatchetKind): readonly [generation: number, key: MessageKey] {
    const place = placeOf(leafIndex, kind);
    if (!this.#ratchets.has(place)) {
      this.#unfold(leafIndex);
    }
    const ratchet = this.#present(place, 0);
    const [key, after] = advance(this.#suite, ratchet, ratchet.generation);
    this.#replace(place, ratchet, after);
    return [ratchet.generation, key];
  }

  /**
   * The key of a received message; nothing is changed.
   *
   * Throws ValidationError `generation-unused`, `generation-window`, `sender-leaf`.
   */
  peek(leafIndex: number, kind: RatchetKind, generation: number): Opening {
    const before = this.#ratchets.get(placeOf(leafIndex, kind));
    if (before !== undefined) {
      const [key, after] = advance(this.#suite, before, generation);
      return new Opening(leafIndex, kind, generation, key, before, after);
    }
    const secret = this.#leafSecret(leafIndex);
    const first = this.#firstRatchet(secret, kind);
    secret.fill(0);
    const [key, after] = advance(this.#suite, first, generation);
    first.erase(after);
    return new Opening(leafIndex, kind, generation, key, undefined, after);
  }

  /**
   * Delete the key of a message that has opened, and what it was derived from.
   *
   * Throws ValidationError `generation-unused` when it was consumed in the meantime.
   */
  consume(opening: Opening): void {
    const { leafIndex, kind, generation, before, after, key } = opening;
    const place = placeOf(leafIndex, kind);
    if (before === undefined && !this.#ratchets.has(place)) {
      this.#unfold(leafIndex);
      this.#replace(place, this.#ratchets.get(place), after);
      key.erase();
      return;
    }
    const current = this.#present(place, generation);
    if (current === before) {
      this.#replace(place, current, after);
    } else {
      const [again, next] = advance(this.#suite, current, generation);
      this.#replace(place, current, next);
      again.erase();
      after.erase(next);
    }
    key.erase();
  }

  /** The ratchet at a place that has one, unless it was forgotten. Throws ValidationError. */
  #present(place: number, generation: number): Ratchet {
    const ratchet = this.#ratchets.get(place);
    if (ratchet === undefined) {
      throw new ValidationError(
        'generation-unused',
        `Message key ${generation} of this sender was already used or has been deleted.`,
      );
    }
    return ratchet;
  }

  /** What was remembered for saving is not true any more, but secret still. */
  #forgetEncoded(): void {
    this.#encoded?.fill(0);
    this.#encoded = undefined;
  }

  #replace(place: number, before: Ratchet | undefined, after: Ratchet): void {
    this.#forgetEncoded();
    this.#ratchets.set(place, after);
    before?.erase(after);
  }

  #firstRatchet(leafSecret: Uint8Array, kind: RatchetKind): Ratchet {
    const { hashLength } = this.#suite;
    const secret = this.#suite.expandWithLabel(leafSecret, LABEL[kind], EMPTY, hashLength);
    return new Ratchet(0, secret);
  }

  /**
   * The secret of a leaf, which is the caller's; into `changes`, if given, goes what deriving it
   * means for the nodes.
   */
  #leafSecret(leafIndex: number, changes?: Map<number, Uint8Array | undefined>): Uint8Array {
    if (leafIndex < 0 || leafIndex >= this.#leafCount) {
      throw new ValidationError(
        'sender-leaf',
        `Leaf ${leafIndex} does not exist in this epoch's tree.`,
      );
    }
    const target = 2 * leafIndex;
    let node = this.#leafCount - 1;
    let secret: Uint8Array | undefined = this.#nodes.get(node)?.slice();
    for (let width = this.#leafCount / 2; node !== target; width /= 2) {
      changes?.set(node, undefined);
      const isLeft = target < node;
      const chosen = isLeft ? node - width : node + width;
      if (secret === undefined) {
        secret = this.#nodes.get(chosen)?.slice();
      } else {
        const parent = secret;
        const other = isLeft ? node + width : node - width;
        changes?.set(other, this.#child(parent, isLeft ? RIGHT : LEFT));
        secret = this.#child(parent, isLeft ? LEFT : RIGHT);
        parent.fill(0);
      }
      node = chosen;
    }
    if (secret === undefined) {
      throw new ValidationError(
        'generation-unused',
        `The keys of leaf ${leafIndex} have been deleted.`,
      );
    }
    changes?.set(target, undefined);
    return secret;
  }

  #child(secret: Uint8Array, side: Uint8Array): Uint8Array {
    return this.#suite.expandWithLabel(secret, 'tree', side, this.#suite.hashLength);
  }

  /** Begin both ratchets of a leaf and delete every secret above them. */
  #unfold(leafIndex: number): void {
    const changes = new Map<number, Uint8Array | undefined>();
    const secret = this.#leafSecret(leafIndex, changes);
    this.#forgetEncoded();
    for (const [node, value] of changes) {
      this.#nodes.get(node)?.fill(0);
      if (value === undefined) {
        this.#nodes.delete(node);
      } else {
        this.#nodes.set(node, value);
      }
    }
    for (const kind of this.#kinds) {
      this.#ratchets.set(placeOf(leafIndex, kind), this.#firstRatchet(secret, kind));
    }
    secret.fill(0);
  }
}

function readKind(reader: Reader): RatchetKind {
  const kind = reader.u8();
  if (kind !== RatchetKind.HANDSHAKE && kind !== RatchetKind.APPLICATION) {
    throw new CodecError(`Ratchet kind ${kind} does not exist.`);
  }
  return kind;
}
