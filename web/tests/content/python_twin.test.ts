/**
 * Python and TypeScript say the same of random and damaged input, byte for byte and code for code.
 * Needs the Python checkout's .venv.
 */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { AccountAddress, DeviceAddress, NameRefused } from '../../src/base/ids.ts';
import { attachmentsOf } from '../../src/content/attachment.ts';
import { cardOf, decodeCard } from '../../src/content/cards.ts';
import * as cbor from '../../src/content/cbor.ts';
import { titleOf } from '../../src/content/conversation.ts';
import { safeName } from '../../src/content/file_name.ts';
import { markOf } from '../../src/content/fork.ts';
import { decode, MimiContent, SinglePart } from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import { statusesOf } from '../../src/content/status.ts';
import { mentionMessage, mentionsIn, reactionsOf, readableText } from '../../src/content/text.ts';
import { type Chance, forAll } from '../mls/random.ts';
import { messages } from '../vectors/plausch_messages.ts';
import { specVectors } from '../vectors/spec.ts';
import { anyText, anyValue, damaged, textOfPieces } from './chance.ts';
import { ANNA, codeOf, hexOf } from './samples.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PYTHON = join(ROOT, '.venv', 'bin', 'python');
const SCRIPT = join(import.meta.dirname, 'python_twin.py');

/** What Python answers to each argument. */
function python(kind: string, given: readonly string[]): unknown[] {
  const answer = execFileSync(PYTHON, [SCRIPT], {
    env: { ...process.env, PYTHONPATH: join(ROOT, 'src') },
    input: JSON.stringify(given.map((each) => [kind, each])),
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(answer.toString('utf8')) as unknown[];
}

/** Compares both languages on `count` arguments; a difference names the argument. */
function agree(
  kind: string,
  count: number,
  make: (chance: Chance) => string,
  answer: (given: string) => unknown,
): void {
  const given: string[] = [];
  forAll(count, (chance) => {
    given.push(make(chance));
  });
  const answers = python(kind, given);
  const differences = given
    .map((each, at) => ({ given: each, python: answers[at], typescript: answer(each) }))
    .filter((each) => JSON.stringify(each.python) !== JSON.stringify(each.typescript));
  expect(differences).toEqual([]);
}

function said(content: MimiContent): unknown[] {
  const markCode = codeOf(() => markOf(content));
  const mark = markCode === 'none' ? markOf(content) : null;
  return [
    hexOf(content),
    readableText(content),
    readableText(content, ['en-GB', 'de']),
    purposeOf(content),
    mentionsIn(content).map(String),
    reactionsOf(content),
    codeOf(() => titleOf(content)),
    codeOf(() => statusesOf(content)),
    markCode,
    mark === null ? null : [`${mark.epoch}`, toHex(mark.digest)],
    cardOf(content) !== null,
    attachmentsOf(content).map((one) => [one.name, one.contentType, one.sizeBytes]),
  ];
}

function messageSaid(hex: string): unknown {
  const code = codeOf(() => decode(fromHex(hex)));
  return code === 'none' ? said(decode(fromHex(hex))) : code;
}

function refusalOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof NameRefused) {
      return error.code;
    }
    throw error;
  }
  return 'none';
}

const WHOLE = [
  ...Object.values(messages()).map((content) => content.encode()),
  ...(specVectors('attachment') as { messages: { content: string }[] }).messages.map(
    ({ content }) => fromHex(content),
  ),
];
const CARDS = (specVectors('cards') as { cards: { hex: string }[] }).cards.map(({ hex }) => hex);

/** The bytes with one of them exchanged for a whole value, or one more or less. */
function bent(chance: Chance, raw: Uint8Array): Uint8Array {
  const at = chance.integer(0, raw.length - 1);
  const byte = raw[at]!;
  const instead = chance.pick([
    () => cbor.encode(anyValue(chance, 1)),
    () => Uint8Array.of((byte + 1) % 256),
    () => Uint8Array.of((byte + 255) % 256),
    () => new Uint8Array(0),
  ])();
  return Uint8Array.from([...raw.subarray(0, at), ...instead, ...raw.subarray(at + 1)]);
}

describe.skipIf(!existsSync(PYTHON))('both languages', () => {
  test('decode the same CBOR and refuse the same', () => {
    agree(
      'cbor',
      3000,
      (chance) => {
        const raw = cbor.encode(anyValue(chance, 3));
        return toHex(chance.pick([raw, damaged(chance, raw), bent(chance, raw), chance.bytes(9)]));
      },
      (hex) => codeOf(() => cbor.decode(fromHex(hex))),
    );
  });

  test('read the same cards and refuse the same', () => {
    agree(
      'card',
      3000,
      (chance) => toHex(bent(chance, fromHex(chance.pick(CARDS)))),
      (hex) => codeOf(() => decodeCard(fromHex(hex))),
    );
  });

  test('say the same of a message, whole or damaged', () => {
    agree(
      'message',
      4000,
      (chance) => {
        const raw = chance.pick(WHOLE);
        return toHex(chance.pick([raw, bent(chance, raw), bent(chance, raw)]));
      },
      messageSaid,
    );
  });

  const MARKDOWN = [
    ...['[@a', '](mimi://', 'example.org/u/anna', ')', '[', '@', ' ', '\n', '\\', '*', '(', '-'],
    ...['\x85', '\u2028', '\x1c', '\ufeff', 'x', '🙂', '1.', '\r', '_', '\u3000', '[@Anna', '#'],
    ...['](mimi://example.org/u/anna)', '](mimi://example.org/u/ben)', '~', '`', '<', '&', '|'],
  ];

  test('read the same words and mentions in Markdown', () => {
    agree(
      'markdown',
      3000,
      (chance) => textOfPieces(chance, MARKDOWN, 25),
      (text) => {
        const part = new SinglePart({ contentType: ' Text/Markdown; x', content: utf8(text) });
        return said(new MimiContent({ salt: new Uint8Array(16), part }));
      },
    );
  });

  test('write the same around a mention', () => {
    agree(
      'mention',
      2000,
      (chance) => textOfPieces(chance, MARKDOWN, 25),
      (words) => {
        const salt = new Uint8Array(16);
        return hexOf(mentionMessage([words, { account: ANNA, name: words }], { salt }));
      },
    );
  });

  const NAMES = [
    ...Array.from('./\\:*?"<>| \t\n\r-_aX'),
    ...['\u202e', '\u200b', '\ufeff', '\u00a0', '\u2028', 'con', 'Nul', 'com1', 'ä', '🙂', '.pdf'],
    ...['e\u0301', '\u0301', '\u0327', '\u2000', 'conin$'],
  ];

  test('make the same of file names', () => {
    agree(
      'file name',
      3000,
      (chance) => chance.pick([anyText(chance, 80), textOfPieces(chance, NAMES, 90)]),
      safeName,
    );
  });

  const PIECES = [
    ...['mimi:', '/', '//', '@', 'example.org', ':80', 'u', 'd', 'r', 'anna', 'A', '-', '.', '_'],
    ...['0123456789abcdef', '0', '\n', 'ä', 'a'.repeat(31), 'mimi://example.org/u/anna', ''],
    ...['mimi://example.org/d/anna/', 'anna@'],
  ];

  test('know the same addresses', () => {
    agree(
      'address',
      3000,
      (chance) => textOfPieces(chance, PIECES, 6),
      (text) => [
        refusalOf(() => AccountAddress.parse(text)),
        refusalOf(() => AccountAddress.parseUri(text)),
        refusalOf(() => DeviceAddress.parseUri(text)),
      ],
    );
  });
});
