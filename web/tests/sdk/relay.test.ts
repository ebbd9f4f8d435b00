/** Several tabs at one device: who answers, and what becomes of the rest when the leader ends. */

import { expect, test } from 'vitest';

import type { Answer, Request } from '../../src/sdk/protocol.ts';
import { type Channel, type Passed, Relay } from '../../src/sdk/relay.ts';
import { settle } from '../platform/manual_timers.ts';

/** A BroadcastChannel: everybody but the sender hears it. */
class Air {
  readonly channels = new Set<Channel>();

  open(): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (passed) => {
        const copy = structuredClone(passed);
        for (const other of this.channels) {
          if (other !== channel) {
            other.onmessage?.({ data: copy } as MessageEvent<Passed>);
          }
        }
      },
    };
    this.channels.add(channel);
    return channel;
  }
}

class Tab {
  readonly heard: Answer[] = [];
  readonly channel: Channel;
  readonly relay: Relay;

  constructor(
    readonly air: Air,
    name: string,
  ) {
    this.channel = air.open();
    this.relay = new Relay(this.channel, name, (answer) => this.heard.push(answer));
  }

  ask(id: number): void {
    this.relay.ask(request(id));
  }

  follow(): this {
    this.relay.follow();
    return this;
  }

  lead(answer: (request: Request) => Promise<Answer> = answering('lead')): void {
    this.relay.lead(answer);
  }

  /** The tab is closed. */
  end(): void {
    this.air.channels.delete(this.channel);
  }
}

const request = (id: number): Request<'open'> => ({ id, operation: 'open', asked: {} });
const answering =
  (value: string) =>
  ({ id }: Request): Promise<Answer> =>
    Promise.resolve({ id, value });

function codes(heard: readonly Answer[]): unknown[] {
  return heard.map((answer) =>
    'told' in answer ? answer.told.what : 'failure' in answer ? answer.failure.code : answer.value,
  );
}

test('the only tab answers itself and is told nothing of having become the leader', async () => {
  const tab = new Tab(new Air(), 'a');
  tab.lead();
  tab.ask(1);
  await settle();
  expect(tab.heard).toEqual([{ id: 1, value: 'lead' }]);
});

test('another tab is answered by the leader, and each hears its own answers only', async () => {
  const air = new Air();
  const [one, two, three] = ['a', 'b', 'c'].map((name) => new Tab(air, name));
  one!.lead();
  two!.follow().ask(1);
  three!.follow().ask(1);
  await settle();
  expect(two!.heard.filter((answer) => 'id' in answer)).toEqual([{ id: 1, value: 'lead' }]);
  expect(three!.heard.filter((answer) => 'id' in answer)).toEqual([{ id: 1, value: 'lead' }]);
  expect(one!.heard).toEqual([]);
});

test('what is told is told in every tab', () => {
  const air = new Air();
  const [one, two] = [new Tab(air, 'a'), new Tab(air, 'b')];
  one.lead();
  one.relay.tell({ what: 'gone', conversation: '00' });
  expect(codes(one.heard)).toEqual(['gone']);
  expect(codes(two.heard)).toContain('gone');
});

test('what a leader that ends has not answered is refused, and the page reads anew', async () => {
  const air = new Air();
  const [one, two, three] = [new Tab(air, 'a'), new Tab(air, 'b'), new Tab(air, 'c')];
  one.lead(() => new Promise(() => undefined));
  two.follow().ask(1);
  three.follow().ask(1);
  one.end();
  two.ask(2);
  two.lead(answering('second'));
  await settle();
  expect(codes(two.heard).slice(-3)).toEqual(['worker_gone', 'worker_gone', 'moved']);
  expect(codes(three.heard).slice(-2)).toEqual(['worker_gone', 'moved']);
  two.ask(3);
  three.ask(3);
  await settle();
  expect(codes(two.heard).at(-1)).toBe('second');
  expect(codes(three.heard).at(-1)).toBe('second');
});

test('an answer that comes after its refusal is not heard', async () => {
  const air = new Air();
  const [one, two, three] = [new Tab(air, 'a'), new Tab(air, 'b'), new Tab(air, 'c')];
  const { promise, resolve } = Promise.withResolvers<Answer>();
  one.lead(() => promise);
  two.follow().ask(1);
  three.follow().lead();
  resolve({ id: 1, value: 'late' });
  await settle();
  expect(codes(two.heard)).not.toContain('late');
  expect(two.heard.filter((answer) => 'id' in answer)).toHaveLength(1);
});

test('what is asked early waits until it is known who leads', async () => {
  const air = new Air();
  const [one, two] = [new Tab(air, 'a'), new Tab(air, 'b')];
  one.ask(1);
  two.ask(1);
  expect([...one.heard, ...two.heard]).toEqual([]);
  one.lead();
  two.follow();
  await settle();
  expect(codes(one.heard)).toEqual(['lead']);
  expect(codes(two.heard)).toContain('lead');
});

test('who cannot have the vault says why, to its own page only', async () => {
  const air = new Air();
  const [one, two] = [new Tab(air, 'a'), new Tab(air, 'b')];
  const failure = { code: 'vault_damaged', fault: 'operator', sentence: 'Broken.' } as const;
  one.follow().ask(1);
  one.relay.fail(failure);
  one.ask(2);
  two.follow().ask(3);
  await settle();
  expect(one.heard).toEqual([
    { id: 1, failure },
    { id: 2, failure },
  ]);
  expect(two.heard).toEqual([]);
});
