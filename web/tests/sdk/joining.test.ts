/** Welcomes: each once, believed only when everything about it fits. */

import { beforeEach, expect, test, vi } from 'vitest';

import type { MailboxItem } from '../../src/sdk/server.ts';
import type { KeptKeyPackage } from '../../src/vault/key_packages.ts';
import { Delivery } from './delivery.ts';
import { groupOf, logOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;

beforeEach(async () => {
  delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  ben = await Player.join(delivery, 'ben');
});

/** Ben's Welcomes are kept from him; returns those that came. */
function intercepted(): MailboxItem[] {
  ben.line.onPush = (push) => (push.push === 'mail' ? [] : [push]);
  return delivery.device(ben.core.device.uri).mail;
}

async function invitation(): Promise<[id: string, item: MailboxItem]> {
  const mail = intercepted();
  const id = await anna.with(ben);
  await anna.say(id, 'hello');
  await quiet(anna);
  return [id, mail[0]!];
}

async function look(): Promise<void> {
  ben.line.onPush = (push) => [push];
  ben.sync.takePush({ push: 'mail' });
  await quiet(anna, ben);
}

test('a stranger makes a request and somebody known does not', async () => {
  const [id] = await invitation();
  await look();
  expect(ben.only()).toMatchObject({ isRequest: true, unread: 1, state: 'open' });
  await ben.rooms.accept({ conversation: id });
  const group = await groupOf('known now', anna, ben);
  expect(ben.rooms.conversation({ conversation: group }).isRequest).toBe(false);
});

test('all who look into the mailbox at once join once', async () => {
  await invitation();
  await Promise.all([look(), look(), look()]);
  expect(ben.rooms.conversations()).toHaveLength(1);
  expect(ben.problems()).toEqual([]);
});

test('what a Welcome was opened with is overwritten', async () => {
  const finding = vi.spyOn(ben.core.keyPackages, 'find');
  await invitation();
  await look();
  expect(ben.only().state).toBe('open');
  const kept = await (finding.mock.results[0]!.value as Promise<KeptKeyPackage>);
  expect(kept.bundle.length).toBeGreaterThan(0);
  expect(kept.bundle.every((byte) => byte === 0)).toBe(true);
});

test('junk is noted once and does not come again', async () => {
  const conversation = new Uint8Array(16).fill(4);
  const junk = { seq: 1, acceptedAtMs: 1 };
  delivery.mail(ben.core.device.uri, conversation, junk, Uint8Array.of(1, 2, 3));
  await look();
  await ben.restart();
  await look();
  expect(await ben.core.problems.all()).toHaveLength(1);
  expect(delivery.device(ben.core.device.uri).mail).toEqual([]);
});

test('a Welcome for a key package that is gone is said, and another one still joins', async () => {
  const mail = intercepted();
  const first = await groupOf('first', anna, ben);
  const kept = await ben.core.keyPackages.waiting();
  expect([first.length, kept.length]).toEqual([32, 0]);
  mail[0] = { ...mail[0]!, welcome: mail[0]!.welcome.slice().fill(0xaa, 10, 40) };
  await groupOf('second', anna, ben);
  await look();
  expect(ben.problems()).toHaveLength(1);
  expect(ben.only().title).toBe('second');
});

test('a Welcome that is replayed joins nothing a second time', async () => {
  const [id, item] = await invitation();
  await look();
  delivery.mail(ben.core.device.uri, item.conversation, item, item.welcome);
  await quiet(ben);
  expect(ben.problems()).toEqual(['welcome_repeated']);
  await ben.rooms.leave({ conversation: id });
  await quiet(anna, ben);
  delivery.mail(ben.core.device.uri, item.conversation, item, item.welcome);
  await quiet(ben);
  expect(ben.rooms.conversation({ conversation: id }).state).toBe('left');
});

test('a Welcome of another group is refused', async () => {
  const [id, item] = await invitation();
  const mail = delivery.device(ben.core.device.uri).mail;
  mail[0] = { ...item, conversation: new Uint8Array(16).fill(9) };
  await look();
  expect(ben.rooms.conversations()).toEqual([]);
  expect(ben.problems()).toEqual(['welcome_misplaced']);
  expect(id).toHaveLength(32);
});

test('a Welcome with an invented number hides nothing', async () => {
  const [, item] = await invitation();
  const mail = delivery.device(ben.core.device.uri).mail;
  mail[0] = { ...item, item: 2 ** 40 };
  await look();
  expect(ben.rooms.conversations()).toHaveLength(1);
  mail.length = 0;
  await groupOf('later', anna, ben);
  await ben.restart();
  expect(ben.rooms.conversations()).toHaveLength(2);
});

test('an inviter who cannot be looked up now keeps the Welcome waiting', async () => {
  await invitation();
  ben.line.before = (word) => {
    if (word === 'getAccount') {
      ben.line.cut();
    }
  };
  await look();
  expect(ben.rooms.conversations()).toEqual([]);
  expect(ben.problems()).toEqual([]);
  ben.line.before = () => undefined;
  await ben.connect();
  expect(ben.only().unread).toBe(1);
});

test('an inviter whose certificate the account did not sign is refused', async () => {
  const [, item] = await invitation();
  const mallory = await Player.join(delivery, 'mallory');
  delivery.accounts.set('anna', delivery.accounts.get('mallory')!);
  await look();
  expect(ben.rooms.conversations()).toEqual([]);
  expect(ben.problems().length).toBeGreaterThan(0);
  expect([item.seq, mallory.problems()]).toEqual([1, []]);
});

test('a key package is deleted with its use, a last resort stays and is marked', async () => {
  const refs = async (): Promise<number> => await ben.core.keyPackages.uploaded();
  const before = await refs();
  await invitation();
  await look();
  expect(await refs()).toBe(before - 1);
  delivery.device(ben.core.device.uri).packages.length = 0;
  await groupOf('by the last resort', anna, ben);
  await quiet(ben);
  expect(await ben.core.keyPackages.freshLastResorts(0)).toEqual(new Set());
  await groupOf('and again', anna, ben);
  await quiet(ben);
  expect(ben.rooms.conversations()).toHaveLength(3);
});

test('who comes back keeps history, title, settings and reading mark', async () => {
  const cem = await Player.join(delivery, 'cem');
  const id = await groupOf('Team', anna, ben, cem);
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 0 });
  await anna.say(id, 'before');
  await quiet(anna, ben);
  await ben.talk.markRead({ conversation: id });
  await ben.rooms.setDraft({ conversation: id, draft: 'half a sen' });
  await ben.rooms.setExpiry({ conversation: id, expiresAfterS: 3600 });
  await ben.rooms.change({ conversation: id, isPinned: true, mutedUntilMs: 99 });
  await anna.rooms.expel({ conversation: id, address: 'ben' });
  await quiet(anna, ben, cem);
  const live = ben.live(id);
  await anna.say(id, 'without ben');
  await anna.rooms.add({ conversation: id, address: 'ben' });
  await anna.say(id, 'again');
  await quiet(anna, ben, cem);
  expect(ben.live(id)).toBe(live);
  expect(ben.rooms.conversation({ conversation: id })).toMatchObject({
    ...{ state: 'open', title: 'Team', draft: 'half a sen', expiresAfterS: 0 },
    ...{ isPinned: true, mutedUntilMs: 99, unread: 1 },
  });
  expect(await ben.texts(id)).toEqual(['before', 'again']);
  await ben.say(id, 'thanks');
  await quiet(anna, ben, cem);
  expect((await cem.texts(id)).at(-1)).toBe('thanks');
  await ben.restart();
  expect(await ben.texts(id)).toEqual(['before', 'again', 'thanks']);
});

test('what waited in a torn conversation goes out once one is added again', async () => {
  const cem = await Player.join(delivery, 'cem');
  const id = await groupOf('Team', anna, ben, cem);
  ben.live(id).kept.state = 'broken';
  ben.line.refuse('append', 'stale_epoch', { epoch: 9, head: 3 }, 50);
  await ben.say(id, 'waits');
  await quiet(ben);
  ben.live(id).kept.state = 'broken';
  ben.line.before = () => undefined;
  ben.line.onPush = (push) => (push.push === 'mail' ? [push] : []);
  await anna.rooms.expel({ conversation: id, address: 'ben' });
  await anna.rooms.add({ conversation: id, address: 'ben' });
  await quiet(anna, ben, cem);
  expect(await anna.texts(id)).toEqual(['waits']);
  expect(logOf(delivery, id).members).toContain(ben.core.device.uri);
});
