/**
 * Store `message`: everything that was said, one row for each content received or sent, and the
 * lines of the log that say who did what.
 *
 * Edits, deletions and reactions are rows too, with the message they are about in `target`; they
 * are folded together only when the history is read (sdk/history.ts). Who wrote and what is sealed;
 * places, times and digests of what travelled are not.
 */

import { concat, EMPTY, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { comparePlaces, type Place } from '../base/place.ts';
import { AccountAddress, ConversationId, MessageId } from '../base/ids.ts';
import { MAX_VARINT, opaque, type Reader, u64, u8 } from '../mls/codec.ts';
import { keysBetween, type Write } from '../platform/database.ts';
import { parsed, Row, understood } from './row.ts';
import {
  BY_ENVELOPE,
  BY_EXPIRY,
  BY_NEWEST,
  BY_OLDEST,
  BY_POSITION,
  BY_SEQ,
  BY_TARGET,
  MESSAGE,
} from './schema.ts';
import type { Vault } from './vault.ts';

/** What a row is; the first ones are shown. `event`: a line of the log, not a message. */
export const ROW_KINDS = [
  'text',
  'card',
  'file',
  'other',
  'event',
  'title',
  'reaction',
  'edit',
  'delete',
  'team',
] as const;
export type RowKind = (typeof ROW_KINDS)[number];

const SHOWN: ReadonlySet<RowKind> = new Set(['text', 'card', 'file', 'other', 'event', 'title']);
const COUNTED: ReadonlySet<RowKind> = new Set(['text', 'card', 'file', 'other']);

/** Rows that are read at once when somebody looks for one. */
const PAGE = 64;

/** The seq in the order of messages that the server does not have yet. */
export const UNSENT_SEQ = 2 ** 52;

/**
 * What the server said beside a message: by which device (URI) and when it was handed in, and the
 * stamp by which the server will know it again.
 */
export interface Stamped {
  readonly device: string;
  readonly acceptedAtMs: number;
  readonly stamp: Uint8Array;
}

/** One row. `position` is 0 before it is written; `seq` undefined before the server has it. */
export interface MessageRow {
  readonly conversation: ConversationId;
  readonly messageId: MessageId;
  readonly seq: number | undefined;
  readonly sender: AccountAddress;
  readonly isOutgoing: boolean;
  readonly kind: RowKind;
  readonly target: MessageId | undefined;
  readonly content: Uint8Array;
  readonly ordinalMs: number;
  readonly sentAtMs: number;
  readonly expiresAtMs?: number | undefined;
  readonly failure: string;
  readonly isForkSuspected: boolean;
  readonly position: number;

  /** Undefined for our own, and for what the server did not stamp. */
  readonly stamped?: Stamped | undefined;

  /** Deleted for oneself; said of rows that were read. */
  readonly isHidden?: boolean;
}

/** The place of a row. */
export function placeOf(row: MessageRow): Place {
  return [row.ordinalMs, row.seq ?? UNSENT_SEQ, row.position];
}

/** Whether a row of this kind counts as something unread. */
export function isCounted(kind: RowKind): boolean {
  return COUNTED.has(kind);
}

/**
 * The vault's messages.
 *
 * Their positions decide between rows of the same time and seq. The next one is larger than any
 * that is in the vault and than any that this program has given since it began. That of a row that
 * is gone may come again in the program's next life; the page, which may remember it as a place to
 * read on from, reads anew then.
 */
export class Messages {
  readonly #vault: Vault;
  #position = 0;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Find out how far the positions go. Throws StorageUnavailable. */
  async load(): Promise<void> {
    this.#position = Math.max(this.#position, await this.#vault.lastNumber(MESSAGE, BY_POSITION));
  }

  /** The largest position given so far. */
  get lastPosition(): number {
    return this.#position;
  }

  // -- writing

  /** Keep a message; one that is there already stays as it is. */
  async add(row: MessageRow): Promise<Write> {
    this.#position += 1;
    const position = this.#position;
    const key = row.messageId.bytes;
    const plaintext = concat(
      u8(ROW_KINDS.indexOf(row.kind)),
      u8(row.isForkSuspected ? 1 : 0),
      opaque(utf8(row.sender.uri)),
      opaque(row.content),
      stampedBytes(row.stamped),
    );
    const sealed = await this.#vault.seal.close(MESSAGE, rowBytes(row), plaintext);
    const put = {
      id: key,
      conversation: row.conversation.bytes,
      position,
      shown: SHOWN.has(row.kind) ? 1 : 0,
      outgoing: row.isOutgoing ? 1 : 0,
      ...placed(row.ordinalMs, row.seq, position),
      ...(row.target === undefined ? {} : { target: row.target.bytes }),
      sentAtMs: row.sentAtMs,
      ...(row.expiresAtMs === undefined ? {} : { expiresAtMs: row.expiresAtMs }),
      failure: row.failure,
      sealed,
    };
    return { store: MESSAGE, key, change: (found) => (found === undefined ? put : undefined) };
  }

  /** The server has it on disk at `seq` since `atMs`. */
  accepted(messageId: MessageId, seq: number, atMs: number): Write {
    return this.#change(messageId, (row) =>
      'seq' in row
        ? undefined
        : {
            ...row,
            ...placed(atMs, seq, row['position'] as number),
            sentAtMs: atMs,
            failure: '',
          },
    );
  }

  /** SHA-256 of the ciphertext, by which it is recognised when it comes back in the log. */
  travelsAs(messageId: MessageId, envelope: Uint8Array): Write {
    return this.#change(messageId, (row) => ({ ...row, envelope: envelope.slice() }));
  }

  /** It cannot be sent, and this code says why; with an empty one it is tried again. */
  fail(messageId: MessageId, code: string): Write {
    return this.#change(messageId, (row) => ('seq' in row ? undefined : { ...row, failure: code }));
  }

  /** It goes from this device. */
  remove(messageId: MessageId): Write {
    return { store: MESSAGE, remove: messageId.bytes };
  }

  /** It is not shown on this device any more; it stays, so that it cannot come a second time. */
  hide(messageId: MessageId): Write {
    return this.#change(messageId, (row) => ({ ...row, shown: 0 }));
  }

  /** A message that expires some time after reading was read. */
  readBegins(messageId: MessageId, expiresAtMs: number): Write {
    return this.#change(messageId, (row) =>
      'expiresAtMs' in row ? undefined : { ...row, expiresAtMs },
    );
  }

  // -- reading

  /** One message. Throws VaultDamaged, StorageUnavailable. */
  async get(messageId: MessageId): Promise<MessageRow | undefined> {
    const row = await this.#vault.get(MESSAGE, messageId.bytes);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** Whether it is here. Throws StorageUnavailable. */
  async has(messageId: MessageId): Promise<boolean> {
    return (await this.#vault.get(MESSAGE, messageId.bytes)) !== undefined;
  }

  /** The message of ours that travelled as this ciphertext. Throws as `get`. */
  async sentAs(envelope: Uint8Array): Promise<MessageRow | undefined> {
    const row = await this.#vault.find(MESSAGE, BY_ENVELOPE, envelope);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** The last `limit` shown rows before a place (or at all), oldest first. Throws as `get`. */
  async before(
    conversations: readonly ConversationId[],
    limit: number,
    place?: Place,
  ): Promise<readonly MessageRow[]> {
    const found: MessageRow[] = [];
    for (const { bytes } of conversations) {
      const from = place === undefined ? [] : place.map((number) => -number);
      const range = keysBetween([bytes, 1, ...from], [bytes, 1, []], { lowOpen: true });
      found.push(...(await this.#select(BY_NEWEST, range, limit)));
    }
    return sorted(found).slice(-limit);
  }

  /** The first `limit` shown rows after a place, oldest first. Throws as `get`. */
  async after(
    conversations: readonly ConversationId[],
    limit: number,
    place: Place,
  ): Promise<readonly MessageRow[]> {
    const found: MessageRow[] = [];
    for (const { bytes } of conversations) {
      const range = keysBetween([bytes, 1, ...place], [bytes, 1, []], { lowOpen: true });
      found.push(...(await this.#select(BY_OLDEST, range, limit)));
    }
    return sorted(found).slice(0, limit);
  }

  /**
   * Edits, deletions and reactions that name one of these, in the order of the log; only those
   * said in these conversations: what is said elsewhere, not all who read the message have heard.
   *
   * Throws as `get`.
   */
  async about(
    conversations: readonly ConversationId[],
    targets: readonly MessageId[],
  ): Promise<readonly MessageRow[]> {
    const found = await Promise.all(
      targets.map(({ bytes }) => this.#select(BY_TARGET, keysBetween(bytes, bytes))),
    );
    const here = new Set(conversations.map(({ hex }) => hex));
    return sorted(
      found.flat().filter((row) => row.failure === '' && here.has(row.conversation.hex)),
    );
  }

  /** Messages of others (`isOutgoing` false) or ours in a stretch of a log. Throws as `get`. */
  async stretch(
    conversation: ConversationId,
    isOutgoing: boolean,
    afterSeq: number,
    upToSeq: number,
  ): Promise<readonly MessageRow[]> {
    if (afterSeq >= upToSeq) {
      return [];
    }
    const key = [conversation.bytes, isOutgoing ? 1 : 0];
    const range = keysBetween([...key, afterSeq], [...key, upToSeq], { lowOpen: true });
    const rows = await this.#select(BY_SEQ, range);
    return rows.filter((row) => COUNTED.has(row.kind));
  }

  /** As `stretch` of others', some at a time, for who may find early what is looked for. */
  async *received(
    conversation: ConversationId,
    afterSeq: number,
    upToSeq: number,
  ): AsyncGenerator<MessageRow> {
    const key = [conversation.bytes, 0];
    let seen = new Set<string>(); // of the seq at which a page ended: it may have more rows
    for (let from = afterSeq + 1; from <= upToSeq;) {
      const limit = PAGE + seen.size;
      const range = keysBetween([...key, from], [...key, upToSeq]);
      const rows = await this.#select(BY_SEQ, range, limit);
      yield* rows.filter(({ kind, messageId }) => COUNTED.has(kind) && !seen.has(messageId.hex));
      from = rows.length < limit ? Infinity : (rows.at(-1)?.seq ?? Infinity);
      seen = new Set(rows.flatMap(({ seq, messageId }) => (seq === from ? messageId.hex : [])));
    }
  }

  /** Whether something of ours came after `afterSeq` in a log. Throws StorageUnavailable. */
  async hasOutgoing(conversation: ConversationId, afterSeq: number): Promise<boolean> {
    const key = [conversation.bytes, 1];
    const range = keysBetween([...key, afterSeq], [...key, []], { lowOpen: true });
    const rows = await this.#vault.select(MESSAGE, { index: BY_SEQ, range, limit: 1 });
    return rows.length > 0;
  }

  /** The rows of a stretch of positions, both ends included, in their order. Throws as `get`. */
  async positioned(from: number, to: number): Promise<readonly MessageRow[]> {
    return this.#select(BY_POSITION, keysBetween(from, to));
  }

  /** Those whose time is over. Throws as `get`. */
  async expired(nowMs: number): Promise<readonly MessageRow[]> {
    return this.#select(BY_EXPIRY, keysBetween(0, nowMs));
  }

  /** All shown rows, for the search. Throws as `get`. */
  async shown(conversation: ConversationId): Promise<readonly MessageRow[]> {
    const { bytes } = conversation;
    return this.#select(BY_OLDEST, keysBetween([bytes, 1], [bytes, 1, []]));
  }

  /** What a business's devices said in a team conversation, in the log's order. Throws as `get`. */
  async team(conversation: ConversationId): Promise<readonly MessageRow[]> {
    const { bytes } = conversation;
    const rows = await this.#select(BY_OLDEST, keysBetween([bytes, 0], [bytes, 0, []]));
    const seqOf = ({ seq = UNSENT_SEQ }: MessageRow): number => seq;
    return rows
      .filter(({ kind, failure }) => kind === 'team' && failure === '')
      .sort((one, other) => seqOf(one) - seqOf(other) || one.position - other.position);
  }

  /** The ids of every row of a conversation, to remove them. Throws StorageUnavailable. */
  async removals(conversation: ConversationId): Promise<readonly Write[]> {
    const { bytes } = conversation;
    const rows = await this.#vault.select(MESSAGE, {
      index: BY_OLDEST,
      range: keysBetween([bytes], [bytes, []]),
    });
    return rows.map((row) => ({ store: MESSAGE, remove: new Row(MESSAGE, row).bytes('id') }));
  }

  async #select(index: string, range: IDBKeyRange, limit?: number): Promise<MessageRow[]> {
    const selection = limit === undefined ? { index, range } : { index, range, limit };
    const rows = await this.#vault.select(MESSAGE, selection);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  #change(
    messageId: MessageId,
    change: (row: Readonly<Record<string, unknown>>) => object | undefined,
  ): Write {
    return {
      store: MESSAGE,
      key: messageId.bytes,
      change: (row) =>
        row === undefined ? undefined : change(row as Readonly<Record<string, unknown>>),
    };
  }

  async #opened(found: unknown): Promise<MessageRow> {
    const row = new Row(MESSAGE, found);
    const id = row.bytes('id');
    const target = row.optionalBytes('target');
    const clear = understood(MESSAGE, () => ({
      conversation: ConversationId.of(row.bytes('conversation')),
      messageId: MessageId.of(id),
      isOutgoing: row.number('outgoing') === 1,
      target: target && MessageId.of(target),
    }));
    const opened = await this.#vault.seal.open(MESSAGE, rowBytes(clear), row.bytes('sealed'));
    const [kind, fork, sender, content, stamped] = parsed(
      MESSAGE,
      opened,
      (reader) =>
        [
          ...([reader.u8(), reader.u8(), reader.opaque()] as const),
          ...([reader.opaque(MAX_VARINT), readStamped(reader)] as const),
        ] as const,
    );
    const order = row.number('order');
    return understood(MESSAGE, () => ({
      ...clear,
      seq: order === UNSENT_SEQ ? undefined : order,
      sender: AccountAddress.parseUri(lenientTextFrom(sender)),
      kind: ROW_KINDS[kind] ?? 'other',
      content: content.length === 0 ? EMPTY : content,
      ordinalMs: row.number('ordinalMs'),
      sentAtMs: row.number('sentAtMs'),
      expiresAtMs: row.optionalNumber('expiresAtMs'),
      failure: row.text('failure'),
      isForkSuspected: fork === 1,
      stamped,
      position: row.number('position'),
      isHidden: SHOWN.has(ROW_KINDS[kind] ?? 'other') && row.number('shown') === 0,
    }));
  }
}

/** How a stamp is written behind a message, also in an archive: nothing when there is none. */
export function stampedBytes(stamped: Stamped | undefined): Uint8Array {
  return stamped === undefined
    ? EMPTY
    : concat(
        opaque(utf8(stamped.device)),
        u64(BigInt(stamped.acceptedAtMs)),
        opaque(stamped.stamp),
      );
}

/** The stamp at the end of a message; what was written before there were stamps has none. */
export function readStamped(reader: Reader): Stamped | undefined {
  if (reader.remaining === 0) {
    return undefined;
  }
  const device = lenientTextFrom(reader.opaque());
  return { device, acceptedAtMs: Number(reader.u64()), stamp: reader.opaque() };
}

/** What is not sealed of a row and stays as it is, which its seal therefore binds. */
function rowBytes(
  row: Pick<MessageRow, 'conversation' | 'messageId' | 'isOutgoing' | 'target'>,
): Uint8Array {
  const { conversation, messageId, isOutgoing, target } = row;
  return concat(
    messageId.bytes,
    conversation.bytes,
    u8(isOutgoing ? 1 : 0),
    opaque(target?.bytes ?? EMPTY),
  );
}

/** The fields by which a row is found in order, forwards and backwards. */
function placed(ordinalMs: number, seq: number | undefined, position: number): object {
  const order = seq ?? UNSENT_SEQ;
  return {
    ordinalMs,
    order,
    backMs: -ordinalMs,
    backOrder: -order,
    backPosition: -position,
    ...(seq === undefined ? {} : { seq }),
  };
}

function sorted(rows: readonly MessageRow[]): MessageRow[] {
  return [...rows].sort((one, other) => comparePlaces(placeOf(one), placeOf(other)));
}
