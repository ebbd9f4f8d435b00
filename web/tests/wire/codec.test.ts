/** Bytes to frames: what Python writes is read, what it refuses is refused, and nothing else. */

import { decode, encode as encodeMsgpack } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';

import { equalBytes, fromHex, toHex } from '../../src/base/bytes.ts';
import { LocalError, RemoteError } from '../../src/base/errors.ts';
import { BLOB_CHUNK_BYTES } from '../../src/wire/blobs.ts';
import { BUNDLE_BYTES, decodeServer, encode, WireError } from '../../src/wire/codec.ts';
import { type ClientFrame, SERVER_FRAMES, type ServerFrameOf } from '../../src/wire/frames.ts';
import { CONVERSATION, decodeClient, DEVICE, encodeServer, HELLO } from './server_side.ts';
import { type Example, isFromDevice, readExample, WIRE, written } from './vectors.ts';

const SHORT = `The frame could not be read: `;

function names(examples: readonly Example[]): [string, Example][] {
  return examples.map((example, place) => [`${example.frame}, ${place}`, example]);
}

function refusalOf(raw: Uint8Array): WireError {
  try {
    decodeServer(raw);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return error as WireError;
  }
  throw new Error('It was read.');
}

const FROM_DEVICE = WIRE.examples.filter(isFromDevice);
const FROM_SERVER = [...WIRE.examples.filter((one) => !isFromDevice(one)), ...WIRE.longer];

test.each(names(FROM_DEVICE))('%s: a device sends the bytes that Python sends', (_, example) => {
  expect(toHex(encode(readExample(example)))).toBe(example.encoded);
});

test.each(names(FROM_SERVER))('%s: a device reads what Python writes', (_, example) => {
  expect(written(decodeServer(fromHex(example.encoded)))).toEqual({
    frame: example.frame,
    ...example.values,
  });
});

test.each(names(WIRE.beyond.filter(isFromDevice)))(
  '%s: beyond a limit nothing is sent',
  (_, example) => {
    expect(() => encode(readExample(example))).toThrow(LocalError);
    expect(() => encode(readExample(example))).toThrow(
      /^\w+\.\w+ cannot be sent: it has to be .*\.$/,
    );
  },
);

test.each(names(WIRE.beyond.filter((one) => !isFromDevice(one))))(
  '%s: beyond a limit nothing is read',
  (_, example) => {
    expect(refusalOf(fromHex(example.encoded)).message).toMatch(/^The frame could not be read: /);
  },
);

test('whatever Python refuses is refused with a sentence', () => {
  for (const { why, encoded } of WIRE.refused) {
    const error = refusalOf(fromHex(encoded));
    expect(error, why).toBeInstanceOf(RemoteError);
    expect([error.code, error.fault], why).toEqual(['bad_frame', 'remote']);
    expect(error.message, why).toMatch(
      /^The frame could not be read: .*\. Frames are described in spec\/wire\.md\.$/,
    );
    expect(error.message.length, why).toBeLessThan(250);
  }
});

describe('a sentence says where', () => {
  test.each<[string, unknown[], string]>([
    ['a wrong kind', [5, 'one'], 'id is not a whole number from 1 to 9007199254740991'],
    ['a float', [5, 1.5], 'id is not a whole number from 1 to 9007199254740991'],
    ['a missing field', [23, 1, 2], 'acceptedAtMs is missing'],
    ['a field too many', [5, 1, 2], 'it has 2 fields, and at most 1 are expected'],
    ['no frame', [10, 1, 'cem'], 'its tag is no frame of a server'],
    ['an envelope', [50, CONVERSATION, 7, [[1, 1, 4, 1, '', CONVERSATION]]], 'kind is not a whole'],
    ['a pair', [32, 1, CONVERSATION, [['device', 1, 2]]], 'cursors is not a list of 2'],
    ['a long text', [55, 'x'.repeat(65)], 'name is not a text of at most 64 characters'],
    ['short bytes', [30, 1, new Uint8Array(15), new Uint8Array(1)], 'conversation is not 16 bytes'],
    ['a number for a flag', [4, 1, 2, 3, 1], 'hasLastResort is not true or false'],
  ])('%s', (_, elements, reason) => {
    expect(refusalOf(encodeMsgpack(elements)).message).toContain(SHORT + reason);
  });

  test('and never what was sent', () => {
    const raw = encodeMsgpack([55, "Anna's secret".repeat(10)]);
    expect(refusalOf(raw).message).not.toContain('secret');
  });
});

describe('what means to do harm', () => {
  const MEMORY_BYTES = 64 * 1024 * 1024;

  test.each<[string, Uint8Array]>([
    ['two mebibytes of arrays in arrays', new Uint8Array(BUNDLE_BYTES).fill(0x91)],
    ['items that are arrays in arrays', bomb(0x91)],
    ['items that are maps in maps', bomb(0x81)],
    ['items that are nil', bomb(0xc0)],
    ['items that are empty', bomb(0x90)],
  ])('%s is refused at once', (_, raw) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(refusalOf(raw).code).toBe('bad_frame');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MEMORY_BYTES);
  });

  test.each(['__proto__', 'constructor', 'toString'])('a map with %s changes nothing', (name) => {
    const raw = encodeMsgpack([5, { [name]: { polluted: true } }]);
    expect(() => decodeServer(raw)).toThrow(WireError);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  /** A mailbox that claims as many items as it has bytes. */
  function bomb(byte: number): Uint8Array {
    const raw = new Uint8Array(BUNDLE_BYTES).fill(byte);
    raw.set([0x93, 41, 1, 0xdd, 0, 0x1f, 0xff, 0xf0]);
    return raw;
  }
});

test('random changes of every frame are read or refused, and read as they are written', () => {
  let seed = 20261126;
  const dice = (sides: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * sides);
  };
  const frames = WIRE.examples.filter((one) => !isFromDevice(one) && one.encoded.length < 500);
  let read = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const raw = fromHex(frames[dice(frames.length)]!.encoded);
    for (let changes = 1 + dice(4); changes > 0; changes -= 1) {
      raw[dice(raw.length)] = dice(256);
    }
    try {
      const frame = decodeServer(raw);
      expect(decodeServer(encodeServer(frame))).toEqual(frame);
      read += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  }
  expect(read).toBeGreaterThan(1_000);
});

describe('sizes', () => {
  test('a frame over 2 MiB is not even looked at', () => {
    const error = refusalOf(new Uint8Array(BUNDLE_BYTES + 1));
    expect([error.code, error.fault]).toEqual(['too_large', 'remote']);
    expect(error.message).toMatch(/^The frame has 2097153 bytes, and at most 2097152/);
  });

  test('a GroupInfo may fill what there is', () => {
    const groupInfo = new Uint8Array(BUNDLE_BYTES - 32).fill(7);
    const raw = encodeServer({ frame: 'GroupInfo', id: 1, conversation: CONVERSATION, groupInfo });
    const read = decodeServer(raw) as ServerFrameOf<'GroupInfo'>;
    expect(equalBytes(read.groupInfo, groupInfo)).toBe(true);
  });

  test('a chunk of a blob has 128 KiB at most, in both directions', () => {
    const blob = new Uint8Array(32);
    for (const [size, fits] of [
      [BLOB_CHUNK_BYTES, true],
      [BLOB_CHUNK_BYTES + 1, false],
    ] as const) {
      const chunk = new Uint8Array(size);
      const sending = (): unknown =>
        encode({ frame: 'PutBlobChunk', id: 1, blob, offset: 0, chunk });
      const raw = encodeServer({ frame: 'BlobChunk', id: 1, length: 2 ** 40, chunk });
      if (fits) {
        expect(decodeServer(raw)).toMatchObject({ chunk });
        sending();
      } else {
        expect(refusalOf(raw).message).toContain('chunk is not 0 to 131072 bytes');
        expect(sending).toThrow(
          'PutBlobChunk.chunk cannot be sent: it has to be 1 to 131072 bytes.',
        );
      }
    }
  });

  test.each([
    ['sentence', 2048],
    ['code', 64],
  ])('a %s of %i smiling faces is the longest', (name, most) => {
    const closing = { frame: 'Closing', code: '', sentence: '', retryAfterMs: 0 } as const;
    const long = { ...closing, [name]: '\u{1f600}'.repeat(most) };
    expect(decodeServer(encodeServer(long))).toEqual(long);
    refusalOf(encodeServer({ ...closing, [name]: '\u{1f600}'.repeat(most + 1) }));
  });

  test('a thousand devices may be welcomed at once, each with 512 characters', () => {
    const commit = {
      frame: 'AppendCommit',
      id: 1,
      conversation: CONVERSATION,
      epoch: 0,
      message: new Uint8Array(1),
      idempotencyId: new Uint8Array(16),
      groupInfo: new Uint8Array(1),
      welcome: new Uint8Array(1),
    } as const;
    const welcomeTo = Array.from({ length: 1000 }, () => 'd'.repeat(512));
    expect((decode(encode({ ...commit, welcomeTo })) as unknown[]).at(-1)).toEqual(welcomeTo);
    expect(() => encode({ ...commit, welcomeTo: [...welcomeTo, 'd'] })).toThrow('at most 1000');
    expect(() => encode({ ...commit, welcomeTo: ['d'.repeat(513)] })).toThrow('512 characters');
  });
});

describe('what a caller cannot send', () => {
  const read = { frame: 'Read', id: 1, conversation: CONVERSATION, after: 0, limit: 1 } as const;

  test.each<[string, object]>([
    ['a fraction', { ...read, after: 0.5 }],
    ['nothing', { ...read, after: undefined }],
    ['no number', { ...read, after: NaN }],
    ['a number beyond all', { ...read, after: 2 ** 53 }],
    ['a bigint', { ...read, after: 1n }],
    ['digits', { ...read, after: '1' }],
    ['an array of bytes', { ...read, conversation: [...CONVERSATION] }],
    ['half a character', { frame: 'GetAccount', id: 1, name: '\ud83d' }],
    ['bytes for a text', { frame: 'GetAccount', id: 1, name: CONVERSATION }],
    ['a text for a list', { frame: 'ClaimKeyPackages', id: 1, name: 'a', suite: 1, devices: 'd' }],
  ])('%s', (_, frame) => {
    expect(() => encode(frame as ClientFrame)).toThrow(LocalError);
  });

  test('fields that a frame does not have stay at home', () => {
    const more = { ...read, secret: 'mine' };
    expect(toHex(encode(more))).toBe(toHex(encode(read)));
  });
});

test('records in a frame of a device are looked at field by field', () => {
  const message = {
    ...{ conversation: CONVERSATION, sender: DEVICE, acceptedAtMs: 7 },
    ...{ stamp: new Uint8Array(32), key: new Uint8Array(16), content: Uint8Array.of(1) },
  };
  const report = (...messages: (typeof message)[]): ClientFrame => ({
    ...{ frame: 'Report', id: 1, name: 'ben', reason: 'spam', note: '', messages },
    idempotencyId: new Uint8Array(16),
  });
  expect(decodeClient(encode(report(message)))).toEqual(report(message));
  expect(() => encode(report({ ...message, stamp: new Uint8Array(31) }))).toThrow(
    'Report.messages.stamp cannot be sent: it has to be 32 bytes.',
  );
  expect(() => encode(report({ ...message, acceptedAtMs: 0.5 }))).toThrow(LocalError);
  expect(() => encode(report(null as never))).toThrow('it has to be a list of 6');
  expect(() => encode(report(...Array.from({ length: 21 }, () => message)))).toThrow(
    'Report.messages cannot be sent: it has to be a list of at most 20.',
  );
});

test('bytes of a frame are a copy: the message goes', () => {
  const message = encodeServer({ ...HELLO, nonce: new Uint8Array(32).fill(9) });
  const hello = decodeServer(message);
  message.fill(0);
  expect(hello).toMatchObject({ nonce: new Uint8Array(32).fill(9) });
  expect((hello as typeof HELLO).nonce.buffer.byteLength).toBe(32);
});

test('a message within a larger buffer is read from its own beginning', () => {
  const raw = encodeServer({
    frame: 'CursorMoved',
    conversation: CONVERSATION,
    device: DEVICE,
    seq: 7,
  });
  const larger = new Uint8Array(raw.length + 20).fill(0xff);
  larger.set(raw, 10);
  expect(decodeServer(larger.subarray(10, 10 + raw.length))).toMatchObject({ seq: 7 });
});

test('a frame can be told by its name alone', () => {
  const frame = decodeServer(encodeServer(HELLO));
  expect(Object.keys(SERVER_FRAMES)).toContain(frame.frame);
  if (frame.frame === 'Hello') {
    expect(frame.domain).toBe('localhost');
  }
});
