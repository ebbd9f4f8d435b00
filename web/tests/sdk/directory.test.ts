/** Which conversation stands for whom. */

import { expect, test } from 'vitest';

import { AccountAddress, ConversationId, DeviceAddress } from '../../src/base/ids.ts';
import { type Core, Live } from '../../src/sdk/core.ts';
import { activeAtMs, Directory } from '../../src/sdk/directory.ts';
import { type ConversationState, KeptConversation } from '../../src/vault/conversations.ts';
import { DOMAIN, FIRST } from './identities.ts';

const [ANNA, BEN, CEM] = ['anna', 'ben', 'cem'].map((name) => new AccountAddress(name, DOMAIN));

class Scene {
  readonly lives = new Map<string, Live>();
  readonly directory = new Directory({ lives: this.lives, address: ANNA! } as unknown as Core);

  add(
    number: number,
    others: readonly AccountAddress[],
    change: Partial<KeptConversation> = {},
  ): Live {
    const kept = new KeptConversation(ConversationId.of(new Uint8Array(16).fill(number)));
    kept.setMembers([ANNA!, ...others].map((account) => new DeviceAddress(account, FIRST)));
    const live = new Live(Object.assign(kept, { state: 'open', ...change }));
    this.lives.set(live.id.hex, live);
    return live;
  }
}

test('two without a title are direct', () => {
  const scene = new Scene();
  expect(scene.directory.peer(scene.add(1, [BEN!]))?.toString()).toBe(BEN!.toString());
  expect(scene.directory.peer(scene.add(2, [BEN!], { title: 'Team' }))).toBeUndefined();
  expect(scene.directory.peer(scene.add(3, [BEN!, CEM!]))).toBeUndefined();
  expect(scene.directory.peer(scene.add(4, []))).toBeUndefined();
});

test('the lower id is preferred, whichever came first', () => {
  const scene = new Scene();
  const high = scene.add(9, [BEN!]);
  const low = scene.add(1, [BEN!]);
  const group = scene.add(0, [BEN!], { title: 'Team' });
  expect(scene.directory.current(BEN!)).toBe(low);
  expect(scene.directory.preferred(high)).toBe(low);
  expect(scene.directory.preferred(group)).toBe(group);
  expect(scene.directory.merged(high)).toEqual([low.id, high.id]);
  expect(scene.directory.merged(group)).toEqual([group.id]);
  expect(scene.directory.current(CEM!)).toBeUndefined();
});

test('open comes before opening before gone', () => {
  const order: ConversationState[] = ['left', 'opening', 'open'];
  const scene = new Scene();
  order.forEach((state, at) => scene.add(at + 1, [BEN!], { state }));
  expect(scene.directory.withPeer(BEN!).map(({ kept }) => kept.state)).toEqual(
    [...order].reverse(),
  );
  const gone = new Scene();
  gone.add(1, [BEN!], { state: 'left' });
  expect(gone.directory.current(BEN!)).toBeUndefined();
  expect(gone.directory.shown()).toHaveLength(1);
});

test('every conversation once, the most recently active first', () => {
  const scene = new Scene();
  scene.add(1, [BEN!], { activeAtMs: 5 });
  scene.add(2, [BEN!], { activeAtMs: 50 });
  scene.add(3, [CEM!], { activeAtMs: 20 });
  scene.add(4, [BEN!, CEM!], { activeAtMs: 30 });
  const shown = scene.directory.shown();
  const names = shown.map((together) => together.map(({ id }) => id.bytes[0]));
  expect(names).toEqual([[1, 2], [4], [3]]);
  expect(shown.map(activeAtMs)).toEqual([50, 30, 20]);
});
