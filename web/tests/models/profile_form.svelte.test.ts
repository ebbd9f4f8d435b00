import { expect, test } from 'vitest';

import { attempt } from '../../src/models/attempt.ts';
import { ProfileForm } from '../../src/models/profile_form.svelte.ts';
import type { ProfileDraft } from '../../src/sdk/protocol.ts';
import { FakeDevice } from '../stage/fake.ts';
import { LINDE_DRAFT } from '../stage/profiles.ts';
import { Clock } from './clock.ts';

const BEGINNING = { name: 'Zur Linde', spoken: 'de', zone: 'Europe/Berlin', today: '2026-11-26' };

async function open(own?: Partial<FakeDevice['ownProfile']['own']>) {
  const device = new FakeDevice();
  device.own = { address: 'linde@plausch.example', device: '01', kind: 'business' };
  device.ownProfile.own = { canPublish: true, isUnknown: false, ...own };
  const clock = new Clock();
  const refused: string[] = [];
  const form = new ProfileForm(
    {
      messenger: device,
      timers: clock,
      attempt: (action) => attempt(action, ({ code }) => refused.push(code)),
    },
    BEGINNING,
  );
  await form.begin();
  return { device, clock, form, refused };
}

const published = (profile: ProfileDraft) => ({ seq: 3, issuedAtMs: 1, profile });

test('a new business begins with its name, and is not scolded for what is missing', async () => {
  const { form } = await open();
  expect([form.stage, form.draft.name, form.draft.spoken]).toEqual(['ready', 'Zur Linde', ['de']]);
  expect(form.problemIn('imprint.email')).toBeUndefined();
  expect([form.wrong, form.lacking]).toEqual([0, 8]);
});

test('what is typed is kept and checked after a moment', async () => {
  const { clock, device, form } = await open();
  form.change({ email: 'post@' });
  expect(form.problemIn('email')).toBeUndefined();
  await clock.pass(500);
  expect(form.problemIn('email')).toMatchObject({ why: 'form' });
  expect(form.wrong).toBe(1);
  expect(device.ownProfile.own.draft?.email).toBe('post@');
  form.change({ email: ' post@linde.example ' });
  await clock.pass(500);
  expect(form.wrong).toBe(0);
});

test('what was typed last is kept when the page is left', async () => {
  const { device, form } = await open();
  form.change({ name: 'Die Linde' });
  form.end();
  await Promise.resolve();
  expect(device.ownProfile.own.draft?.name).toBe('Die Linde');
  const again = await open({ draft: device.ownProfile.own.draft! });
  expect(again.form.draft.name).toBe('Die Linde');
});

test('nothing incomplete is published; then it is said at the fields', async () => {
  const { device, form } = await open();
  expect(await form.publish()).toBe(false);
  expect(form.problemIn('imprint.email')).toMatchObject({ why: 'lacking' });
  expect(device.asked.map(({ operation }) => operation)).not.toContain('publishProfile');
});

test('published, it is no longer changed', async () => {
  const { form } = await open({ draft: LINDE_DRAFT });
  expect([form.isChanged, form.lacking]).toEqual([true, 0]);
  expect(await form.publish()).toBe(true);
  expect([form.isChanged, form.published?.seq, form.isPublishing]).toEqual([false, 1, false]);
  form.change({ name: 'Zur Linde ' });
  expect(form.isChanged).toBe(false);
  form.change({ name: 'Zur alten Linde' });
  expect(form.isChanged).toBe(true);
});

test('what is typed while it is being published goes on as a draft', async () => {
  const { device, form } = await open({ draft: LINDE_DRAFT });
  const publishing = form.publish();
  while (!form.isPublishing) {
    await Promise.resolve();
  }
  form.change({ name: 'Die Linde' });
  expect(await publishing).toBe(true);
  expect([form.published?.profile.name, form.draft.name]).toEqual([LINDE_DRAFT.name, 'Die Linde']);
  expect(form.isChanged).toBe(true);
  expect(device.ownProfile.own.draft?.name).toBe('Die Linde');
});

test('what is typed meanwhile and typed back is published again', async () => {
  const { form } = await open();
  form.change(LINDE_DRAFT);
  const publishing = form.publish();
  while (!form.isPublishing) {
    await Promise.resolve();
  }
  form.change({ name: 'Die Linde' });
  await publishing;
  form.change({ name: LINDE_DRAFT.name });
  expect(form.isChanged).toBe(false);
});

test('a night that reaches into the next day is said at the hours', async () => {
  const { form } = await open({ draft: LINDE_DRAFT });
  const night = [{ opensMinute: 1200, closesMinute: 1800 }];
  const early = [{ opensMinute: 0, closesMinute: 600 }];
  const weekly = LINDE_DRAFT.hours.weekly.with(4, night).with(5, early);
  form.takeHours({ ...LINDE_DRAFT.hours, weekly });
  expect(await form.publish()).toBe(false);
  expect(form.hoursProblems).toMatchObject([{ field: 'hours', why: 'reach', at: 4 }]);
});

test('a refusal is said, and nothing written is lost', async () => {
  const { device, form, refused } = await open({ draft: LINDE_DRAFT });
  device.refusing.set('publishProfile', 'unreachable');
  form.change({ name: 'Die Linde' });
  expect(await form.publish()).toBe(false);
  expect([refused, form.published, form.isPublishing]).toEqual([['unreachable'], undefined, false]);
  expect(device.ownProfile.own.draft?.name).toBe('Die Linde');
});

test('hours are part of it, and a mistake in them keeps it back', async () => {
  const { clock, device, form } = await open({ draft: LINDE_DRAFT });
  form.hours.add({ weekday: 0 });
  await clock.pass(500);
  expect(device.ownProfile.own.draft?.hours.weekly[0]).toHaveLength(1);
  const [span] = form.hours.spansOf({ weekday: 0 });
  form.hours.type({ weekday: 0 }, span!.key, { opens: 'früh' });
  expect(form.wrong).toBe(1);
  expect(await form.publish()).toBe(false);
  form.takeHours(LINDE_DRAFT.hours);
  expect([form.wrong, form.draft.hours]).toEqual([0, LINDE_DRAFT.hours]);
});

test('changes are discarded, also on the device', async () => {
  const { clock, device, form } = await open({ published: published(LINDE_DRAFT) });
  form.change({ name: 'X' });
  await clock.pass(500);
  expect(device.ownProfile.own.draft?.name).toBe('X');
  await form.revert();
  expect([form.draft, form.isChanged]).toEqual([LINDE_DRAFT, false]);
  expect(device.ownProfile.own.draft).toBeUndefined();
});

test('withdrawn, what was written can be published again', async () => {
  const { device, form, refused } = await open({ published: published(LINDE_DRAFT) });
  device.refusing.set('withdrawProfile', 'unreachable');
  expect(await form.withdraw()).toBe(false);
  expect([refused, form.published?.seq]).toEqual([['unreachable'], 3]);
  device.refusing.clear();
  expect(await form.withdraw()).toBe(true);
  expect([form.published, form.draft, form.isChanged]).toEqual([undefined, LINDE_DRAFT, true]);
});

test('links and pictures come and go, each with its own mistakes', async () => {
  const { clock, form } = await open({ draft: LINDE_DRAFT });
  form.addLink();
  form.changeLink(1, { label: 'Laden', url: 'http://x.example' });
  await form.addPicture(() => Promise.resolve(new Blob(['x'])));
  await clock.pass(500);
  expect(form.problemIn('links.url', 0)).toBeUndefined();
  expect(form.problemIn('links.url', 1)).toMatchObject({ why: 'form' });
  expect(form.problemIn('pictures', 0)).toBeUndefined();
  expect(await form.publish()).toBe(false);
  expect(form.problemIn('pictures', 0)).toMatchObject({ why: 'missing' });
  form.dropLink(1);
  form.describePicture(0, 'Der Garten');
  await clock.pass(500);
  expect(form.problems).toEqual([]);
  form.dropPicture(0);
  expect(form.draft.pictures).toEqual([]);
});

test('a picture that is refused is not added', async () => {
  const { device, form, refused } = await open();
  device.refusing.set('addPublicPicture', 'public_picture');
  expect(await form.addPicture(() => Promise.resolve(new Blob(['x'])))).toBeUndefined();
  expect([refused, form.isAddingPicture]).toEqual([['public_picture'], false]);
});

test('place and contact go into the imprint, languages on and off', async () => {
  const { form } = await open();
  const { address, email, telephone } = LINDE_DRAFT;
  form.change({ address, email, telephone });
  form.takeFromAbove();
  expect(form.draft.imprint).toMatchObject({ address, email, telephone });
  form.speak('tr', true);
  form.speak('de', false);
  expect(form.draft.spoken).toEqual(['tr']);
});

test('a profile that cannot be read says why, and can be asked for again', async () => {
  const device = new FakeDevice();
  device.refusing.set('ownProfile', 'profile_rollback');
  const side = {
    messenger: device,
    timers: new Clock(),
    attempt: () => Promise.resolve(undefined),
  };
  const form = new ProfileForm(side, BEGINNING);
  await form.begin();
  expect([form.stage, form.failure?.code]).toEqual(['failed', 'profile_rollback']);
  device.refusing.clear();
  await form.begin();
  expect(form.stage).toBe('ready');
});

test('staff see it and change nothing', async () => {
  const { form } = await open({ canPublish: false, published: published(LINDE_DRAFT) });
  expect([form.canPublish, form.published?.profile.name]).toEqual([false, 'Zur Linde']);
});
