import { afterEach, expect, test } from 'vitest';

import { App } from '../../src/models/app.svelte.ts';
import type { Place } from '../../src/models/surroundings.ts';
import { Preferences } from '../../src/models/preferences.svelte.ts';
import { words } from '../../src/words/words.svelte.ts';
import { FakeDevice, refusal } from '../stage/fake.ts';
import { Clock, settled } from './clock.ts';
import { ANNA, BEN, conversation } from './writing.ts';

class Address implements Place {
  hash = '';
  readonly host = 'app.example.org';
  readonly steps: string[] = [];

  go(hash: string, replaces: boolean): void {
    this.hash = hash;
    this.steps.push(`${replaces ? 'instead ' : ''}${hash}`);
  }
}

const running: App[] = [];

afterEach(() => {
  running.length = 0;
});

/** A clipboard that may be closed to us. */
class Clipboard {
  isOpen = true;
  text = '';

  write(text: string): Promise<void> {
    this.text = this.isOpen ? text : this.text;
    return this.isOpen
      ? Promise.resolve()
      : Promise.reject(new DOMException('', 'NotAllowedError'));
  }
}

interface World {
  readonly app: App;
  readonly clipboard: Clipboard;
  readonly device: FakeDevice;
  readonly place: Address;
  readonly clock: Clock;
  readonly reloads: () => number;
}

function world(): World {
  const clock = new Clock();
  const device = new FakeDevice(() => clock.now());
  device.own = { address: ANNA, device: '00', kind: 'person' };
  device.add(conversation({ id: 'aa' }));
  device.add(conversation({ id: 'bb', peer: 'ida@example.org' }));
  const place = new Address();
  let reloads = 0;
  const clipboard = new Clipboard();
  const app = new App({
    toClipboard: (text) => clipboard.write(text),
    messenger: device,
    preferences: new Preferences(undefined, { wishes: ['en'], isTouch: false }),
    place,
    timers: clock,
    reload: () => {
      reloads += 1;
    },
  });
  running.push(app);
  return { app, clipboard, device, place, clock, reloads: () => reloads };
}

async function ready(hash = ''): Promise<World> {
  const made = world();
  made.place.hash = hash;
  await made.app.begin();
  return made;
}

test('without an account it is new', async () => {
  const { app, device } = world();
  device.own = undefined;
  await app.begin();
  expect(app.phase).toBe('new');
});

test('with one the list is there', async () => {
  const { app } = await ready();
  expect(app.phase).toBe('ready');
  expect(app.inbox.all).toHaveLength(2);
  expect(app.domain).toBe('example.org');
  expect(app.nameOf(BEN)).toBe('ben');
});

test('a device that cannot open says why, and can be tried again', async () => {
  const { app, device } = world();
  const ask = device.ask.bind(device);
  device.ask = () => Promise.reject(refusal('storage_unavailable'));
  await app.begin();
  expect([app.phase, app.failure?.code]).toEqual(['broken', 'storage_unavailable']);
  device.ask = ask;
  await app.begin();
  expect(app.phase).toBe('ready');
});

test('the address opens a conversation, with its draft', async () => {
  const made = world();
  made.device.turn('aa', { draft: 'unfinished' });
  made.place.hash = '#/c/aa';
  await made.app.begin();
  expect(made.app.open?.id).toBe('aa');
  expect(made.app.open?.isLoaded).toBe(true);
  expect(made.app.composer?.text).toBe('unfinished');
  expect(made.app.view?.id).toBe('aa');
});

test('an address of nothing is the list', async () => {
  const { app } = await ready('#/c/ff');
  expect(app.route).toEqual({ page: 'list' });
  expect(app.open).toBeUndefined();
});

test('going on closes what was open and keeps its draft', async () => {
  const { app, device, place } = await ready('#/c/aa');
  app.composer?.write('half a sentence');
  app.go({ page: 'conversation', id: 'bb', side: 'none' });
  await settled();
  expect(place.steps).toEqual(['#/c/bb']);
  expect(app.open?.id).toBe('bb');
  expect(device.asked).toContainEqual({
    operation: 'setDraft',
    asked: { conversation: 'aa', draft: 'half a sentence' },
  });
  app.go({ page: 'list' });
  await settled();
  expect(app.open).toBeUndefined();
});

test('details and settings leave the conversation open', async () => {
  const { app } = await ready('#/c/aa');
  const { open } = app;
  app.go({ page: 'conversation', id: 'aa', side: 'details' });
  app.go({ page: 'settings', section: 'all' }, true);
  await settled();
  expect(app.open).toBe(open);
});

test('writing to somebody opens that conversation', async () => {
  const { app } = await ready();
  expect(await app.write('new@example.org')).toBe(true);
  await settled();
  expect(app.view?.peer).toBe('new@example.org');
  expect(await app.write('niemand@example.org')).toBe(false);
  expect(app.notes.at(-1)?.code).toBe('unknown_account');
});

test('what is told is taken in together, a moment later', async () => {
  const { app, device, clock } = await ready('#/c/aa');
  device.receive('aa', { sender: BEN, text: 'one' });
  device.receive('aa', { sender: BEN, text: 'two' });
  device.receive('bb', { sender: 'ida@example.org', text: 'three' });
  expect(app.open?.messages).toHaveLength(0);
  await clock.pass(100);
  expect(app.open?.messages.map(({ text }) => text)).toEqual(['one', 'two']);
  expect(app.inbox.get('bb')?.unread).toBe(1);
});

test('our own message is there at once, and not twice', async () => {
  const { app, clock } = await ready('#/c/aa');
  app.composer?.write('Hello');
  app.take(await app.composer?.send());
  expect(app.open?.messages.map(({ text }) => text)).toEqual(['Hello']);
  await clock.pass(100);
  expect(app.open?.messages).toHaveLength(1);
  app.take(undefined);
});

test('a device that starts anew is read again; what is being written stays', async () => {
  const { app, device, clock } = await ready('#/c/aa');
  app.composer?.write('half a sent');
  app.composer?.reply(device.write('aa', { sender: BEN, text: 'written meanwhile' }));
  const { open } = app;
  device.restart();
  await clock.pass(0);
  expect(app.open).toBe(open); // another one would be another field, and take the caret away
  expect(app.open?.messages.map(({ text }) => text)).toEqual(['written meanwhile']);
  expect(app.composer?.text).toBe('half a sent');
  expect(app.composer?.replyTo?.text).toBe('written meanwhile');
});

test('new messages are announced: read out here, only named elsewhere', async () => {
  const { app, device, clock } = await ready('#/c/aa');
  device.receive('aa', { sender: BEN, text: 'Hi' });
  device.receive('bb', { sender: 'ida@example.org', text: 'Secret' });
  await clock.pass(2000);
  expect(app.announcer.sentence).toBe('ben: Hi New message from ida');
});

test('not so what is ours, old, muted, edited or an event', async () => {
  const { app, device, clock } = await ready('#/c/aa');
  device.turn('bb', { mutedUntilMs: Number.MAX_SAFE_INTEGER });
  await clock.pass(100);
  device.receive('bb', { sender: 'ida@example.org' });
  device.receive('aa', { sender: ANNA });
  device.receive('aa', { sender: BEN, sentAtMs: clock.now() - 3_600_000 });
  device.receive('aa', { sender: BEN, isEdited: true });
  device.receive('aa', { sender: BEN, kind: 'event', event: { what: 'left', by: BEN, who: [] } });
  await clock.pass(2000);
  expect(app.announcer.sentence).toBe('');
});

test('hidden messages vanish, and a conversation that is gone is left', async () => {
  const { app, device, clock, place } = await ready('#/c/aa');
  const message = device.receive('aa', { sender: BEN });
  await clock.pass(100);
  await device.ask('hide', { conversation: 'aa', message: message.id });
  await clock.pass(100);
  expect(app.open?.messages).toHaveLength(0);
  await device.ask('forget', { conversation: 'aa' });
  await clock.pass(100);
  expect(app.route).toEqual({ page: 'list' });
  expect(place.steps).toEqual(['instead #/']);
});

test('when another conversation stands for the open one, the page goes on there', async () => {
  const { app, device, clock, place } = await ready('#/c/aa/details');
  app.composer?.write('half a sentence');
  device.add(conversation({ id: 'a0', insteadOf: ['aa'] }));
  device.turn('aa', { isRequest: true });
  device.turn('a0', { isRequest: false });
  await clock.pass(100);
  expect(place.steps).toEqual(['instead #/c/a0/details']);
  expect([app.open?.id, app.view?.isRequest]).toEqual(['a0', false]);
  expect(app.composer?.text).toBe('half a sentence');
  expect(app.inbox.get('aa')).toBeUndefined();
});

test('an address of one that is shown as another leads there', async () => {
  const made = world();
  made.device.add(conversation({ id: 'a0', insteadOf: ['a1'] }));
  const ask = made.device.ask.bind(made.device);
  made.device.ask = (operation, asked) =>
    operation === 'conversation'
      ? ask(operation, { conversation: 'a0' } as never)
      : ask(operation, asked);
  made.place.hash = '#/c/a1';
  await made.app.begin();
  await settled();
  expect([made.app.open?.id, made.place.hash]).toEqual(['a0', '#/c/a0']);
});

test('what a server says that takes nothing new is there as long as it does', async () => {
  const { app, device, clock } = await ready();
  const sentence = 'This server takes nothing new at the moment.';
  const heard: string[] = [];
  for (const told of [
    { isOnline: true, code: 'maintenance', sentence },
    { isOnline: true, code: '' },
    { isOnline: true, code: 'maintenance', sentence },
    { isOnline: false, code: 'unreachable' },
  ]) {
    device.tell({ what: 'connection', ...told });
    await clock.pass(100);
    heard.push(app.connection.maintenance);
  }
  const said = words().connection.maintenance;
  expect(heard).toEqual([said, '', said, '']);
});

test('connection, contacts, transfers, problems and a reset are heard', async () => {
  const { app, device, clock, reloads } = await ready();
  device.tell({ what: 'connection', isOnline: false, code: 'device_removed' });
  device.tell({
    what: 'contact',
    contact: { address: BEN, kind: 'person', state: 'verified', isBlocked: false },
  });
  device.tell({ what: 'transfer', transfer: 't', doneBytes: 1, totalBytes: 2 });
  device.tell({ what: 'problem', problem: { code: 'log_gap', sentence: 'Gap.', atMs: 0 } });
  device.tell({ what: 'moved' });
  device.tell({ what: 'reset' });
  await clock.pass(100);
  expect([app.connection.isOnline, app.connection.code]).toEqual([false, 'device_removed']);
  expect(app.contacts.get(BEN)?.state).toBe('verified');
  expect(app.notes.map(({ code }) => code)).toEqual(['log_gap']);
  expect(reloads()).toBe(1);
});

test('a contact is asked for once', async () => {
  const { app, device } = await ready();
  expect(app.contact(BEN)).toBeUndefined();
  app.contact(BEN);
  await settled();
  expect(app.contact(BEN)?.address).toBe(BEN);
  expect(device.asked.filter(({ operation }) => operation === 'contact')).toHaveLength(1);
});

test('a note goes by itself or when it is sent away, and is not said twice', async () => {
  const { app, clock } = await ready();
  app.note({ sentence: 'one' });
  app.note({ sentence: 'two' });
  app.note({ sentence: 'one' });
  expect(app.notes.map(({ sentence }) => sentence)).toEqual(['two', 'one']);
  app.dismiss(app.notes[0]!.id);
  expect(app.notes).toHaveLength(1);
  await clock.pass(10_000);
  expect(app.notes).toEqual([]);
});

test('settings of a conversation are in the list at once', async () => {
  const { app } = await ready();
  await app.change('aa', { isPinned: true });
  expect(app.inbox.all[0]?.id).toBe('aa');
  await app.change('nobody', { isPinned: true });
  expect(app.notes.at(-1)?.code).toBe('unknown_conversation');
});

test('a defect is no note', async () => {
  const { app } = await ready();
  const defect = app.attempt(() => Promise.reject(new TypeError('defect')));
  await expect(defect).rejects.toBeInstanceOf(TypeError);
  expect(app.notes).toEqual([]);
});

test('what was copied is said, and also that the browser did not let it be copied', async () => {
  const { app, clipboard } = await ready();
  await app.copy('anna@example.org');
  expect(clipboard.text).toBe('anna@example.org');
  expect(app.notes).toMatchObject([{ sentence: 'Copied.' }]);
  clipboard.isOpen = false;
  await app.copy('ben@example.org');
  expect(clipboard.text).toBe('anna@example.org');
  expect(app.notes.at(-1)?.code).toBe('not_copied');
});

test('where there is no clipboard at all, that is said', async () => {
  const clock = new Clock();
  const app = new App({
    messenger: new FakeDevice(() => clock.now()),
    preferences: new Preferences(undefined, { wishes: ['en'], isTouch: false }),
    place: new Address(),
    timers: clock,
    reload: () => undefined,
  });
  await app.copy('anna@example.org');
  expect(app.notes.map(({ code }) => code)).toEqual(['not_copied']);
});

test('a refusal that is said elsewhere is no note', async () => {
  const { app } = await ready();
  const seen: string[] = [];
  const refused = (code: string): Promise<never> => Promise.reject(refusal(code));
  for (const code of ['safety_number_differs', 'unreachable']) {
    await app.attempt(
      () => refused(code),
      (error) => {
        seen.push(error.code);
        return error.code === 'safety_number_differs';
      },
    );
  }
  expect(seen).toEqual(['safety_number_differs', 'unreachable']);
  expect(app.notes.map(({ code }) => code)).toEqual(['unreachable']);
});

test('nobody asks who they are themselves', async () => {
  const { app, device } = await ready();
  expect(app.contact(ANNA)).toBeUndefined();
  app.contact(BEN);
  await settled();
  const asked = device.asked.filter(({ operation }) => operation === 'contact');
  expect(asked.map((one) => one.asked)).toEqual([{ address: BEN }]);
});

test('a conversation that the list has not heard of yet is asked for', async () => {
  const { app, device } = await ready();
  device.conversations.set('cc', conversation({ id: 'cc' }));
  expect(app.inbox.get('cc')).toBeUndefined();
  app.go({ page: 'conversation', id: 'cc', side: 'none' });
  await settled();
  expect(app.route).toMatchObject({ page: 'conversation', id: 'cc' });
  expect(app.inbox.get('cc')?.id).toBe('cc');
  app.go({ page: 'conversation', id: 'dd', side: 'none' });
  await settled();
  expect([app.route.page, app.open]).toEqual(['list', undefined]);
  expect(app.notes).toEqual([]);
});

test('who goes elsewhere while it is asked for is not taken back', async () => {
  const { app, device } = await ready();
  device.conversations.set('cc', conversation({ id: 'cc' }));
  app.go({ page: 'conversation', id: 'cc', side: 'none' });
  app.go({ page: 'settings', section: 'all' });
  await settled();
  expect(app.route.page).toBe('settings');
});

test('the pages of a business are there for a business only', async () => {
  const person = await ready('#/plan');
  expect(person.app.route).toEqual({ page: 'list' });
  const owner = world();
  owner.device.own = { address: 'linde@example.org', device: '00', kind: 'business' };
  owner.place.hash = '#/plan';
  await owner.app.begin();
  expect(owner.app.route).toEqual({ page: 'business', part: 'plan', detail: '' });
});
