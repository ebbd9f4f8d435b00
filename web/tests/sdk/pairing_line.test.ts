/** One side of a pairing: each message once and in order, over whatever happens to connections. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { type PlauschError } from '../../src/base/errors.ts';
import { PAIRING_MS, PairingLine } from '../../src/sdk/pairing_line.ts';
import { settle } from '../platform/manual_timers.ts';
import { PairingServer } from './pairing_server.ts';
import { failure } from './scripted.ts';

const PAIRING = new Uint8Array(16).fill(5);
const DECODER = new TextDecoder();

let server: PairingServer;
const lines: PairingLine[] = [];

beforeEach(() => {
  server = new PairingServer();
});

afterEach(async () => {
  await Promise.all(lines.splice(0).map((line) => line.close()));
});

function line(side: 'new' | 'existing', more: object = {}): PairingLine {
  const { outside } = server;
  const made = new PairingLine({
    ...{ outside, serverUrl: 'http://localhost', domain: 'localhost', pairing: PAIRING, side },
    ...more,
  });
  lines.push(made);
  return made;
}

const heard = async (one: PairingLine): Promise<string> => DECODER.decode(await one.receive());

async function codeOf(step: Promise<unknown>): Promise<string> {
  return ((await failure(step)) as PlauschError).code;
}

test('both sides hear each other, whoever comes first', async () => {
  const early = line('new');
  await early.send(utf8('one'));
  const late = line('existing');
  expect(await heard(late)).toBe('one');
  await Promise.all([late.send(utf8('two')), late.send(utf8('three'))]);
  expect([await heard(early), await heard(early)]).toEqual(['two', 'three']);
  expect([early.hasMet, early.domain]).toEqual([true, 'localhost']);
});

test('what is said before the connection stands goes out when it does', async () => {
  const early = line('new');
  const said = early.send(utf8('one'));
  expect(early.hasMet).toBe(false);
  await said;
  expect(await heard(line('existing'))).toBe('one');
});

test.each([false, true])('nothing is heard before it is let in (or lost: %s)', async (isLost) => {
  await line('new').send(utf8('one'));
  server.isSilent = true;
  const late = line('existing');
  let text = '';
  const hearing = heard(late).then((came) => {
    text = came;
  });
  await settle();
  expect([text, late.hasMet]).toEqual(['', false]);
  if (isLost) {
    server.cut();
  } else {
    server.peers.at(-1)?.say({ frame: 'Done', id: 1 });
  }
  await hearing;
  expect([text, late.hasMet]).toEqual(['one', !isLost]);
});

test.each([false, true])(
  'after a lost connection nothing is missing or said twice (restart: %s)',
  async (forgets) => {
    const [one, other] = [line('new'), line('existing')];
    await one.send(utf8('one'));
    expect(await heard(other)).toBe('one');
    server.cut(forgets);
    await settle();
    const said = one.send(utf8('two'));
    await server.timers.pass(5_000);
    await said;
    expect(await heard(other)).toBe('two');
    await other.send(utf8('three'));
    expect(await heard(one)).toBe('three');
  },
);

test('a server that is away for a while is waited for', async () => {
  server.isThere = false;
  const one = line('new');
  const said = one.send(utf8('one'));
  await server.timers.pass(30_000);
  expect(server.peers.length).toBeGreaterThan(2);
  server.isThere = true;
  await server.timers.pass(20_000);
  await said;
});

test('it is over after its time, for whoever waits', async () => {
  const one = line('new');
  const waiting = codeOf(one.receive());
  await server.timers.pass(PAIRING_MS);
  expect(await waiting).toBe('pairing_over');
  expect(await codeOf(one.send(utf8('late')))).toBe('pairing_over');
  expect(server.timers.delaysMs).toEqual([]);
});

test('the end of one side is the end of the other', async () => {
  const [one, other] = [line('new'), line('existing')];
  await one.send(utf8('one'));
  await heard(other);
  const waiting = codeOf(one.receive());
  await other.end();
  expect(await waiting).toBe('unreachable');
  expect(server.count).toBe(0);
});

test('what came before the end is heard all the same', async () => {
  const [one, other] = [line('new'), line('existing')];
  await one.send(utf8('last words'));
  await settle();
  await other.close();
  expect(await heard(other)).toBe('last words');
  expect(await codeOf(other.receive())).toBe('link_cancelled');
});

test('closing tells whoever waits', async () => {
  const one = line('new');
  const waiting = codeOf(one.receive());
  await one.close();
  expect(await waiting).toBe('link_cancelled');
  await one.end();
});

test('another device on this side is refused', async () => {
  const first = line('existing', { token: new Uint8Array(16).fill(1) });
  await first.send(utf8('first'));
  const second = line('existing', { token: new Uint8Array(16).fill(2) });
  expect(await codeOf(second.receive())).toBe('pairing_taken');
  const again = line('existing', { token: new Uint8Array(16).fill(1) });
  await again.send(utf8('first'));
});

test('a server that says to be another one is refused', async () => {
  server.domain = 'evil.example';
  expect(await codeOf(line('new').receive())).toBe('server_misbehaved');
  const stranger = line('new', { domain: undefined });
  await stranger.send(utf8('one'));
  expect(stranger.domain).toBe('evil.example');
});

test('messages that the server makes up out of order are passed over', async () => {
  const [one, other] = [line('new'), line('existing')];
  await one.send(utf8('one'));
  expect(await heard(other)).toBe('one');
  for (const number of [1, 3, 4]) {
    server.peers.at(-1)!.say({ frame: 'PairingMessage', number, message: utf8('made up') });
  }
  await settle();
  await one.send(utf8('two'));
  expect(await heard(other)).toBe('two');
});
