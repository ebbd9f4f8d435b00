/** What was said of a conversation: what of it is new, and who may say it. */

import { beforeEach, expect, test } from 'vitest';

import { AccountAddress, ConversationId, DeviceAddress } from '../../src/base/ids.ts';
import { allFacts, applyFacts, demandSayable, factsEvent, newsIn } from '../../src/sdk/facts.ts';
import { KeptConversation } from '../../src/vault/conversations.ts';

const anna = new AccountAddress('anna', 'localhost');
const ben = new AccountAddress('ben', 'localhost');
const secret = Uint8Array.from({ length: 16 }, (_, at) => at);
const none = new Uint8Array(0);
const picture = new Uint8Array([1, 2]);
let kept: KeptConversation;

beforeEach(() => {
  kept = new KeptConversation(ConversationId.of(new Uint8Array(16)));
  kept.title = 'Club';
  kept.admins = [anna];
  kept.setMembers([anna, ben].map((one) => new DeviceAddress(one, '0'.repeat(16))));
});

test('what is so already is no news', () => {
  expect(newsIn(kept, { title: 'Club', picture: none, link: none })).toBeUndefined();
  expect(newsIn(kept, { title: 'Club', link: secret })).toEqual({ link: secret });
  expect(newsIn(kept, { title: 'Other' })).toEqual({ title: 'Other' });
  expect(newsIn(kept, {})).toBeUndefined();
});

test('a link is the admins’', () => {
  demandSayable(kept, { link: secret }, anna);
  demandSayable(kept, { title: 'Ben’s', picture }, ben);
  for (const link of [secret, none]) {
    expect(() => {
      demandSayable(kept, { link }, ben);
    }).toThrow('without being an admin');
  }
});

test('facts are kept, and said again for who comes', () => {
  applyFacts(kept, { title: 'Other', picture, link: secret });
  expect(allFacts(kept)).toEqual({ title: 'Other', picture, link: secret });
  applyFacts(kept, { picture: none, link: none });
  expect(allFacts(kept)).toEqual({ title: 'Other' });
  kept.title = '';
  expect(allFacts(kept)).toEqual({});
});

test('each is a line of the log', () => {
  const what = (facts: Parameters<typeof factsEvent>[0]) => factsEvent(facts, 'anna').what;
  expect(what({ title: 'Club', picture, link: secret })).toBe('titled');
  expect(what({ link: secret })).toBe('linked');
  expect(what({ link: none })).toBe('unlinked');
  expect(what({ picture })).toBe('pictured');
  expect(what({ picture: none })).toBe('unpictured');
});
