/** Linking as the page asks for it: what is shown, what a yes needs, and how it ends. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { PlauschError } from '../../src/base/errors.ts';
import { arrivingSlot } from '../../src/sdk/arrival.ts';
import { DIGIT_ATTEMPTS, Linkings } from '../../src/sdk/linkings.ts';
import type { LinkingView, Told } from '../../src/sdk/protocol.ts';
import { AccountOwnTable } from '../../src/vault/account_own.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { failPut, freshVault } from '../vault/vault_players.ts';
import { ManualClock } from './identities.ts';
import { Meeting, SERVER_URL } from './linking_players.ts';

/** One of the two devices, and what its page was told. */
class Page {
  readonly told: Told[] = [];
  readonly linkings: Linkings;
  readonly linked: unknown[] = [];

  constructor({ server }: Meeting) {
    const reach = { outside: server.outside, serverUrl: SERVER_URL };
    this.linkings = new Linkings(reach, (told) => this.told.push(told), new ManualClock());
  }

  /** What is shown when it has come to this stage. */
  async stage(stage: LinkingView['stage']): Promise<LinkingView> {
    const shown = (): LinkingView | undefined => this.shown.find((view) => view.stage === stage);
    await expect.poll(shown).toBeDefined();
    return shown()!;
  }

  get shown(): readonly LinkingView[] {
    return this.told.flatMap((told) => (told.what === 'linking' ? [told.linking] : []));
  }

  get problems(): readonly string[] {
    return this.told.flatMap((told) => (told.what === 'problem' ? [told.problem.code] : []));
  }
}

let meeting: Meeting;
let phone: Page;
let computer: Page;
let vault: Vault;

beforeEach(async () => {
  meeting = new Meeting();
  [phone, computer] = [new Page(meeting), new Page(meeting)];
  vault = await freshVault();
});

afterEach(async () => {
  await vault.close();
});

const begins = (link?: string): Promise<LinkingView> =>
  phone.linkings.beginNew(
    vault,
    { name: 'Phone', ...(link === undefined ? {} : { link }) },
    (linked) => {
      phone.linked.push(linked);
      return Promise.resolve();
    },
  );
const gives = (asked: {
  readonly link?: string;
  readonly isScanned?: boolean;
}): Promise<LinkingView> =>
  computer.linkings.beginExisting(meeting.anna.giver, asked, (enrolled) => {
    computer.linked.push(enrolled);
    return Promise.resolve();
  });

/** The phone shows a code, and the computer has its link; what the computer asks then. */
async function asked(isScanned: boolean): Promise<LinkingView> {
  await begins();
  const { link } = await phone.stage('showing');
  await gives({ link: link!, isScanned });
  return computer.stage('asking');
}

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    return (error as PlauschError).code;
  }
  return '';
}

const registered = async (): Promise<boolean> =>
  (await new AccountOwnTable(vault).get())?.isRegistered === true;

test('from code to account: each side says yes to what it is shown', async () => {
  const { id, name, asksDigits } = await asked(true);
  expect([name, asksDigits]).toEqual(['Phone', false]);
  expect(meeting.anna.published).toEqual([]);
  computer.linkings.confirm(id, '');
  const joining = await phone.stage('asking');
  expect([joining.side, joining.name]).toEqual(['new', meeting.anna.own.device.account.toString()]);
  expect(await registered()).toBe(false);
  phone.linkings.confirm(joining.id, '');
  await Promise.all([phone.stage('done'), computer.stage('done')]);
  expect([phone.linked.length, computer.linked.length, await registered()]).toEqual([1, 1, true]);
  expect((await arrivingSlot(vault).get())?.origin).toBe('device');
});

test('a link that was not scanned needs the digits, which only the other device shows', async () => {
  const { id, asksDigits } = await asked(false);
  const { digits } = await phone.stage('comparing');
  expect(asksDigits).toBe(true);
  expect(computer.shown.some((view) => 'digits' in view)).toBe(false);
  expect(
    codeOf(() => {
      computer.linkings.confirm(id, '');
    }),
  ).toBe('link_digits_differ');
  expect(meeting.anna.published).toEqual([]);
  computer.linkings.confirm(id, `${digits!.slice(0, 3)} ${digits!.slice(3)}`);
  phone.linkings.confirm((await phone.stage('asking')).id, '');
  await computer.stage('done');
});

test('so does the code that the existing device shows', async () => {
  await gives({});
  const { link } = await computer.stage('showing');
  await begins(link);
  const { digits } = await phone.stage('comparing');
  const { asksDigits, id } = await computer.stage('asking');
  expect(asksDigits).toBe(true);
  computer.linkings.confirm(id, digits!);
  phone.linkings.confirm((await phone.stage('asking')).id, '');
  await computer.stage('done');
});

test('whoever types other digits three times is not asked again', async () => {
  const { id } = await asked(false);
  const { digits } = await phone.stage('comparing');
  const wrong = digits === '000000' ? '000001' : '000000';
  for (let attempt = 0; attempt < DIGIT_ATTEMPTS; attempt += 1) {
    expect(
      codeOf(() => {
        computer.linkings.confirm(id, wrong);
      }),
    ).toBe('link_digits_differ');
  }
  expect((await computer.stage('failed')).failure?.code).toBe('link_digits_differ');
  expect((await phone.stage('failed')).failure?.code).toBe('link_declined');
  expect(
    codeOf(() => {
      computer.linkings.confirm(id, digits!);
    }),
  ).toBe('nothing_to_link');
  expect(meeting.anna.published).toEqual([]);
});

test('a yes to another linking than the one that asks counts for nothing', async () => {
  const { id } = await asked(true);
  for (const other of [0, id + 1]) {
    expect(
      codeOf(() => {
        computer.linkings.confirm(other, '');
      }),
    ).toBe('nothing_to_link');
  }
  const { link } = await phone.stage('showing');
  await gives({ link: link!, isScanned: true });
  expect(
    codeOf(() => {
      computer.linkings.confirm(id, '');
    }),
  ).toBe('nothing_to_link');
  expect(meeting.anna.published).toEqual([]);
});

test('the new device says no: it keeps nothing, and is taken off the list', async () => {
  computer.linkings.confirm((await asked(true)).id, '');
  await phone.stage('asking');
  await phone.linkings.cancel();
  expect((await computer.stage('failed')).failure?.code).toBe('link_declined');
  expect([meeting.anna.withdrawn.length, await registered()]).toEqual([1, false]);
});

test('cancelled when the other one is on the list already, that is told', async () => {
  computer.linkings.confirm((await asked(true)).id, '');
  await phone.stage('asking');
  await computer.linkings.cancel();
  await expect.poll(() => computer.problems).toEqual(['link_unfinished']);
  expect(computer.shown.at(-1)?.stage).toBe('working'); // of the linking nothing is shown any more
});

test('an account that is here counts, also when the other device does not hear of it', async () => {
  computer.linkings.confirm((await asked(true)).id, '');
  const { id } = await phone.stage('asking');
  meeting.server.cut(true);
  meeting.server.isThere = false;
  phone.linkings.confirm(id, '');
  await phone.stage('done');
  expect([phone.linked.length, await registered()]).toEqual([1, true]);
});

test('what cannot be written down is no account', async () => {
  computer.linkings.confirm((await asked(true)).id, '');
  const { id } = await phone.stage('asking');
  failPut(1);
  phone.linkings.confirm(id, '');
  expect((await phone.stage('failed')).failure?.code).toBe('storage_full');
  expect([phone.linked.length, await registered()]).toEqual([0, false]);
});

test('a code of the wrong side is refused at once', async () => {
  await begins();
  const { link } = await phone.stage('showing');
  const other = new Page(meeting);
  const refused = other.linkings.beginNew(vault, { link: link! }, () => Promise.resolve());
  await expect(refused).rejects.toMatchObject({ code: 'link_same_side' });
  await phone.linkings.cancel();
});
