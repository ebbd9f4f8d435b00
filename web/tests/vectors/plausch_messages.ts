/** The messages of spec/vectors/content.json, made by this language's own functions. */

import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { cardMessage, decodeCard } from '../../src/content/cards.ts';
import { Float, type Key, Simple, Tag, type Value } from '../../src/content/cbor.ts';
import { titleMessage } from '../../src/content/conversation.ts';
import { EpochMark, withMark } from '../../src/content/fork.ts';
import {
  Disposition,
  ExternalPart,
  MimiContent,
  MultiPart,
  NullPart,
  Semantics,
  SinglePart,
} from '../../src/content/mimi.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import {
  deletion,
  edit,
  markdownPart,
  mentionMessage,
  reaction,
  reply,
  textMessage,
  textPart,
  unlike,
} from '../../src/content/text.ts';
import { ANNA, FIRST, SECOND } from '../content/samples.ts';
import { specVectors } from './spec.ts';

export const ROOM_URI = 'mimi://example.org/r/000102030405060708090a0b0c0d0e0f';
const AUTHENTICATOR = Uint8Array.from({ length: 32 }, (_, at) => at);

/** Not random: the cases are the same at every run. */
function salted(number: number): { readonly salt: Uint8Array } {
  return { salt: new Uint8Array(16).fill(number) };
}

/** One message of each kind, by the names that the cases have. */
export function messages(): Readonly<Record<string, MimiContent>> {
  return { ...words(), ...structures(), ...cards() };
}

function words(): Readonly<Record<string, MimiContent>> {
  const unknown = new SinglePart({
    contentType: 'application/vnd.example+cbor',
    content: Uint8Array.of(0xa0),
  });
  const alternatives = new MultiPart({
    semantics: Semantics.CHOOSE_ONE,
    parts: [
      unknown,
      textPart('Guten Tag', { language: 'de' }),
      markdownPart('Good *day*', { language: 'en' }),
    ],
  });
  const danke = ['Danke ', { account: ANNA, name: 'Anna' }, '! *'];
  const markup = ' - a\n\t+ b\n1. c\n# d > *e* [f](https://g) \\ <h> ';
  return {
    text: textMessage('Guten Tag, schöne Grüße 🙂', { ...salted(1), language: 'de' }),
    reply: reply('gern', FIRST, salted(2)),
    reaction: reaction('❤', FIRST, salted(3)),
    unlike: unlike(SECOND, FIRST, salted(4)),
    edit: edit('besser', FIRST, { ...salted(5), inReplyTo: SECOND }),
    delete: deletion(FIRST, salted(6)),
    mention: mentionMessage(danke, salted(7)),
    expiring: textMessage('gleich weg', {
      ...salted(8),
      expires: { relative: true, timeS: 3600 },
    }),
    alternatives: new MimiContent({ ...salted(9), part: alternatives }),
    status: statusMessage([[FIRST, Status.READ], [SECOND, 77]], salted(10)), // prettier-ignore
    title: titleMessage('Kegelclub', salted(11)),
    marked: withMark(textMessage('x', salted(12)), EpochMark.of(2n ** 40n, AUTHENTICATOR)),
    'last epoch': withMark(
      textMessage('', salted(13)),
      EpochMark.of(2n ** 64n - 1n, AUTHENTICATOR),
    ),
    topic: textMessage('x', {
      ...salted(14),
      topicId: utf8('topic'),
      expires: { relative: false, timeS: 2 ** 32 - 1 },
    }),
    'deleted answer': deletion(FIRST, { ...salted(15), inReplyTo: SECOND }),
    nothing: new MimiContent({ ...salted(16), part: new NullPart() }),
    'markup that is none': mentionMessage([markup, { account: ANNA, name: 'A]b' }], {
      ...salted(17),
      inReplyTo: FIRST,
    }),
  };
}

function structures(): Readonly<Record<string, MimiContent>> {
  const picture = new ExternalPart({
    contentType: 'image/png',
    url: 'https://example.org/x',
    expiresS: 2 ** 32 - 1,
    sizeBytes: 2n ** 64n - 1n,
    encryption: 2,
    key: new Uint8Array(32),
    nonce: new Uint8Array(12),
    authenticated: utf8('a'),
    hashAlgorithm: 1,
    contentHash: AUTHENTICATOR,
    description: 'ein Bild',
    filename: 'x.png',
    language: 'de',
  });
  const preview = new SinglePart({
    contentType: 'image/webp',
    content: utf8('RIFF'),
    disposition: Disposition.PREVIEW,
  });
  const disposition = Disposition.REACTION;
  const hearts = new MultiPart({
    semantics: Semantics.PROCESS_ALL,
    parts: ['❤', '🥳'].map((sign) => textPart(sign, { disposition })),
    disposition,
  });
  const unit = new MultiPart({
    semantics: Semantics.SINGLE_UNIT,
    parts: [textPart('halb'), picture],
  });
  const nested = new MultiPart({
    semantics: Semantics.PROCESS_ALL,
    parts: [
      preview,
      new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts: [unit, textPart('ganz')] }),
      new NullPart({ disposition: 200, language: 'x' }),
      picture,
    ],
  });
  return {
    external: new MimiContent({ ...salted(18), part: picture }),
    'several reactions': new MimiContent({ ...salted(19), part: hearts, inReplyTo: FIRST }),
    nested: new MimiContent({ ...salted(20), part: nested }),
    origin: new MimiContent({
      ...salted(21),
      part: textPart('x'),
      extensions: new Map([[1, ANNA.uri], [2, ROOM_URI]]), // prettier-ignore
    }),
    extensions: new MimiContent({ ...salted(22), part: textPart('x'), extensions: extensions() }),
  };
}

function extensions(): ReadonlyMap<Key, Value> {
  const floats = [0, -0, 1, 1.5, 5.960464477539063e-8, 1e5, 1.1, -1e300];
  const ends = [Infinity, -Infinity, 65_504, 65_505, 6e-8];
  const safe = 2 ** 53 - 1;
  return new Map<Key, Value>([
    [-1, null],
    [safe, [true, false, new Simple(23), new Simple(255)]],
    [-safe, [0, 23, 24, -24, -25, safe, 2n ** 53n, 2n ** 64n - 1n, -(2n ** 64n)]],
    ['floats', floats.map((value) => new Float(value))],
    ['ends', ends.map((value) => new Float(value))],
    [
      'ü',
      new Map<Key, Value>([
        [Uint8Array.of(1), new Uint8Array(0)],
        ['', ''],
        [-1, new Map()],
        [10, new Tag(32, 'x')],
        ['aa', new Tag(2n ** 63n, [])],
      ]),
    ],
  ]);
}

function cards(): Readonly<Record<string, MimiContent>> {
  const { cards: examples } = specVectors('cards') as {
    readonly cards: readonly { readonly name: string; readonly hex: string }[];
  };
  return Object.fromEntries(
    examples.map(({ name, hex }, number) => [
      `card: ${name}`,
      cardMessage(decodeCard(fromHex(hex)), `*${name}*`, {
        ...salted(100 + number),
        language: 'en',
        inReplyTo: number % 2 === 1 ? FIRST : null,
      }),
    ]),
  );
}
