/**
 * What a business's devices tell each other: who cares for which conversation, notes, labels.
 *
 * A part of our own, `application/vnd.plausch.team+cbor`, which is the whole message, said in the
 * team conversation: a map `{"v": 1, "fact": ..., ...}` with exactly the fields of one fact. The last
 * fact of a key in the order of the log is the one that holds; an empty value takes it back.
 */

import { toHex } from '../base/bytes.ts';
import { CONVERSATION_ID_BYTES, ConversationId, DeviceAddress, NameRefused } from '../base/ids.ts';
import * as cbor from './cbor.ts';
import { ContentError } from './errors.ts';
import { Cardinality, Disposition, MimiContent, SinglePart } from './mimi.ts';
import { isPrintable, lengthOf } from './printable.ts';

export const TEAM_TYPE = 'application/vnd.plausch.team+cbor';
export const MAX_TEAM_BYTES = 20 * 1024;
export const MAX_LABEL_CHARACTERS = 40;
export const MAX_NAME_CHARACTERS = 80;
export const MAX_TEXT_CHARACTERS = 4_000;
export const NOTE_ID_BYTES = 16;

const MAX_TIME_S = 2 ** 40;
const VERSION = 1;
const DEPTH = 2;

/**
 * The bytes are no fact of a team that this version knows.
 *
 * Codes: `bad_team_fact`, `unknown_team_fact`.
 */
export class TeamRefused extends ContentError {
  static override readonly code: string = 'bad_team_fact';
}

/** A device (URI) cares for a conversation; none when it is empty. */
export interface Assignment {
  readonly fact: 'assignment';
  readonly conversation: ConversationId;
  readonly device: string;
}

/** A conversation has a label, or has it no longer. */
export interface Label {
  readonly fact: 'label';
  readonly conversation: ConversationId;
  readonly label: string;
  readonly isOn: boolean;
}

/** What the team wants to remember of a conversation, written at a device at a time. */
export interface Note {
  readonly fact: 'note';
  readonly conversation: ConversationId;
  readonly noteId: Uint8Array;
  readonly text: string;
  readonly device: string;
  readonly atS: number;
}

/** A prepared answer. */
export interface QuickReply {
  readonly fact: 'quick_reply';
  readonly replyId: Uint8Array;
  readonly title: string;
  readonly text: string;
}

/** Somebody at this device is writing to a customer, until a time at the latest. */
export interface Answering {
  readonly fact: 'answering';
  readonly conversation: ConversationId;
  readonly device: string;
  readonly untilS: number;
}

/** Who works at a device, and as what. */
export interface StaffName {
  readonly fact: 'staff_name';
  readonly device: string;
  readonly name: string;
  readonly role: 'owner' | 'staff';
}

export type Fact = Assignment | Label | Note | QuickReply | Answering | StaffName;

/** Say it. Throws TeamRefused for what is beyond the limits. */
export function teamMessage(fact: Fact, { salt }: { readonly salt: Uint8Array }): MimiContent {
  const written = new Map<cbor.Key, cbor.Value>([
    ['v', VERSION],
    ['fact', fact.fact],
  ]);
  const fields = Object.entries(fact) as readonly [string, cbor.Value | ConversationId][];
  for (const [name, value] of fields) {
    if (name !== 'fact') {
      written.set(WRITTEN_AS[name] ?? name, value instanceof ConversationId ? value.bytes : value);
    }
  }
  const content = cbor.encode(written);
  decodeFact(content);
  const disposition = Disposition.UNSPECIFIED;
  const part = new SinglePart({ contentType: TEAM_TYPE, content, disposition });
  return new MimiContent({ salt, part });
}

/** What is said, undefined when the message is none. Throws TeamRefused. */
export function factOf({ part }: MimiContent): Fact | undefined {
  return part.cardinality === Cardinality.SINGLE && part.contentType === TEAM_TYPE
    ? decodeFact(part.content)
    : undefined;
}

/** The fact of exactly these bytes. Throws TeamRefused. */
export function decodeFact(raw: Uint8Array): Fact {
  if (raw.length > MAX_TEAM_BYTES) {
    throw new TeamRefused(`A team's fact has at most ${MAX_TEAM_BYTES} bytes.`);
  }
  const given = fieldsIn(raw);
  const kind = given.get('fact');
  const isKnown = typeof kind === 'string' && Object.hasOwn(READERS, kind);
  const read = isKnown ? READERS[kind] : undefined;
  if (given.get('v') !== VERSION || read === undefined) {
    throw new TeamRefused('This version knows no such fact of a team.', {
      code: 'unknown_team_fact',
    });
  }
  const fields = new Fields(given);
  const fact = read(fields);
  fields.finish();
  return fact;
}

/** Of facts with one key the last one holds. */
export function keyOf(fact: Fact): string {
  switch (fact.fact) {
    case 'assignment':
    case 'answering':
      return `${fact.fact} ${fact.conversation.hex}`;
    case 'label':
      return `label ${fact.conversation.hex} ${fact.label}`;
    case 'note':
      return `note ${fact.conversation.hex} ${toHex(fact.noteId)}`;
    case 'quick_reply':
      return `quick_reply ${toHex(fact.replyId)}`;
    case 'staff_name':
      return `staff_name ${fact.device}`;
  }
}

/** Whether it says that there is nothing (any more). */
export function isEmptyFact(fact: Fact): boolean {
  switch (fact.fact) {
    case 'assignment':
      return fact.device === '';
    case 'label':
      return !fact.isOn;
    case 'note':
    case 'quick_reply':
      return fact.text === '';
    case 'answering':
      return fact.untilS === 0;
    case 'staff_name':
      return fact.name === '';
  }
}

/** What holds after these, which are in the order of the log. */
export function foldFacts(facts: Iterable<Fact>): ReadonlyMap<string, Fact> {
  const held = new Map<string, Fact>();
  for (const fact of facts) {
    const key = keyOf(fact);
    held.delete(key);
    if (!isEmptyFact(fact)) {
      held.set(key, fact);
    }
  }
  return held;
}

// -- fields

/** Names that are written otherwise than they are called here. */
const WRITTEN_AS: Readonly<Record<string, string>> = {
  isOn: 'is_on',
  noteId: 'note_id',
  atS: 'at_s',
  replyId: 'reply_id',
  untilS: 'until_s',
};

const READERS: Readonly<Record<string, (fields: Fields) => Fact>> = {
  assignment: (fields) => ({
    fact: 'assignment',
    conversation: fields.conversation(),
    device: fields.device({ mayBeEmpty: true }),
  }),
  label: (fields) => ({
    fact: 'label',
    conversation: fields.conversation(),
    label: fields.line('label', MAX_LABEL_CHARACTERS),
    isOn: fields.flag('is_on'),
  }),
  note: (fields) => ({
    fact: 'note',
    conversation: fields.conversation(),
    noteId: fields.identifier('note_id'),
    text: fields.text(),
    device: fields.device(),
    atS: fields.time('at_s'),
  }),
  quick_reply: (fields) => ({
    fact: 'quick_reply',
    replyId: fields.identifier('reply_id'),
    title: fields.line('title', MAX_NAME_CHARACTERS),
    text: fields.text(),
  }),
  answering: (fields) => ({
    fact: 'answering',
    conversation: fields.conversation(),
    device: fields.device(),
    untilS: fields.time('until_s'),
  }),
  staff_name: (fields) => ({
    fact: 'staff_name',
    device: fields.device(),
    name: fields.line('name', MAX_NAME_CHARACTERS),
    role: fields.role(),
  }),
};

function fieldsIn(raw: Uint8Array): ReadonlyMap<cbor.Key, cbor.Value> {
  try {
    return cbor.expectMap(cbor.decode(raw, DEPTH), "A team's fact");
  } catch (error) {
    if (error instanceof ContentError) {
      throw new TeamRefused(error.message, { cause: error });
    }
    throw error;
  }
}

/** A fact's fields, each taken once. All methods throw TeamRefused. */
class Fields {
  readonly #left: Map<cbor.Key, cbor.Value>;

  constructor(given: ReadonlyMap<cbor.Key, cbor.Value>) {
    this.#left = new Map(given);
    this.#left.delete('v');
    this.#left.delete('fact');
  }

  /** Refuses what nobody has asked for. */
  finish(): void {
    if (this.#left.size > 0) {
      throw new TeamRefused('A fact of a team has exactly the fields of its kind.');
    }
  }

  conversation(): ConversationId {
    return ConversationId.of(this.#bytes('conversation', CONVERSATION_ID_BYTES));
  }

  identifier(name: string): Uint8Array {
    return this.#bytes(name, NOTE_ID_BYTES);
  }

  device({ mayBeEmpty = false } = {}): string {
    const value = this.#take('device');
    if (value === '' && mayBeEmpty) {
      return '';
    }
    try {
      return DeviceAddress.parseUri(typeof value === 'string' ? value : '').uri;
    } catch (error) {
      if (error instanceof NameRefused) {
        throw new TeamRefused("'device' must be the address of a device.", { cause: error });
      }
      throw error;
    }
  }

  line(name: string, characters: number): string {
    const value = this.#take(name);
    const isLine = typeof value === 'string' && lengthOf(value) <= characters && isPrintable(value);
    if (!isLine || (name === 'label' && value.trim() === '')) {
      throw new TeamRefused(`'${name}' must be one line of at most ${characters} characters.`);
    }
    return value;
  }

  text(): string {
    const value = this.#take('text');
    if (typeof value !== 'string' || lengthOf(value) > MAX_TEXT_CHARACTERS) {
      throw new TeamRefused(`'text' must be a text of at most ${MAX_TEXT_CHARACTERS} characters.`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.#take(name);
    if (typeof value !== 'boolean') {
      throw new TeamRefused(`'${name}' must be true or false.`);
    }
    return value;
  }

  time(name: string): number {
    const value = this.#take(name);
    const time = cbor.isInteger(value) ? Number(value) : -1;
    if (time < 0 || time > MAX_TIME_S) {
      throw new TeamRefused(`'${name}' must be seconds since 1970.`);
    }
    return time;
  }

  role(): 'owner' | 'staff' {
    const value = this.#take('role');
    if (value !== 'owner' && value !== 'staff') {
      throw new TeamRefused("'role' must be owner or staff.");
    }
    return value;
  }

  #bytes(name: string, length: number): Uint8Array {
    const value = this.#take(name);
    if (!(value instanceof Uint8Array) || value.length !== length) {
      throw new TeamRefused(`'${name}' must be ${length} bytes.`);
    }
    return value;
  }

  #take(name: string): cbor.Value {
    const value = this.#left.get(name);
    if (value === undefined) {
      throw new TeamRefused(`A fact of a team lacks '${name}'.`);
    }
    this.#left.delete(name);
    return value;
  }
}
