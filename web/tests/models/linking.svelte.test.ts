/** A device being linked, as the page shows it. */

import { expect, test } from 'vitest';

import { SdkError } from '../../src/sdk/errors.ts';
import { Linking } from '../../src/models/linking.svelte.ts';
import type { Messenger } from '../../src/models/messenger.ts';
import type { LinkingView } from '../../src/sdk/protocol.ts';

/** What was asked of the device, and what it answers. */
class Asked {
  readonly asked: [operation: string, fields: unknown][] = [];
  answer: unknown = undefined;
  refusal: Error | undefined;

  get messenger(): Messenger {
    return {
      ask: (operation: string, fields: unknown) => {
        this.asked.push([operation, fields]);
        return this.refusal === undefined
          ? Promise.resolve(this.answer)
          : Promise.reject(this.refusal);
      },
    } as unknown as Messenger;
  }
}

const ASKING: LinkingView = { id: 7, side: 'existing', stage: 'asking', asksDigits: true };

/** A linking that asks. */
async function asking(): Promise<{ readonly linking: Linking; readonly device: Asked }> {
  const device = new Asked();
  device.answer = { id: 7, side: 'existing', stage: 'connecting' };
  const linking = new Linking(device.messenger, 'Firefox');
  await linking.answer('https://example.org/#/link/x');
  linking.hear(ASKING);
  return { linking, device };
}

test('a code that the camera has read is said to be one', async () => {
  const { device, linking } = await asking();
  await linking.answer('https://example.org/#/link/y', true);
  expect(device.asked.map(([operation]) => operation)).toEqual(['linkWith', 'linkWith']);
  const [first, second] = device.asked.map(([, fields]) => JSON.stringify(fields));
  expect(first).toBe('{"link":"https://example.org/#/link/x","isScanned":false,"name":"Firefox"}');
  expect(second).toBe('{"link":"https://example.org/#/link/y","isScanned":true,"name":"Firefox"}');
});

test('the yes is to what is shown, with the digits', async () => {
  const { device, linking } = await asking();
  await linking.agree('123 456');
  expect(device.asked.at(-1)).toEqual(['confirmLinking', { id: 7, digits: '123 456' }]);
  await linking.agree();
  expect(device.asked.at(-1)).toEqual(['confirmLinking', { id: 7 }]);
});

test('who mistypes may type again, until the device says that it is over', async () => {
  const { device, linking } = await asking();
  device.refusal = new SdkError('Other ones.', { code: 'link_digits_differ' });
  await linking.agree('1');
  expect(linking.view).toMatchObject({ stage: 'asking', failure: { code: 'link_digits_differ' } });
  const failure = { code: 'link_digits_differ', fault: 'local', sentence: 'Over.' } as const;
  const over: LinkingView = { id: 7, side: 'existing', stage: 'failed', failure };
  linking.hear(over);
  await linking.agree('2');
  expect(linking.view).toEqual(over);
});

test('another refusal ends it here', async () => {
  const { device, linking } = await asking();
  device.refusal = new SdkError('Nobody.', { code: 'nothing_to_link' });
  await linking.agree();
  expect(linking.view).toMatchObject({ id: 7, stage: 'failed' });
  expect(linking.isOver).toBe(true);
});

test('ended, nothing is shown, and nothing can be said yes to', async () => {
  const { device, linking } = await asking();
  await linking.end();
  expect([linking.view, device.asked.at(-1)]).toEqual([undefined, ['cancelLinking', {}]]);
  const { length } = device.asked;
  await linking.agree('123456');
  linking.hear(ASKING);
  expect([linking.view, device.asked.length]).toEqual([undefined, length]);
});

test('for staff, whose device it is to be goes along, on either way', async () => {
  const { device, linking } = await asking();
  await linking.end();
  await linking.begin('Marie');
  const [, begun] = device.asked.at(-1)!;
  await linking.end();
  await linking.answer('a link', false, 'Marie');
  const [, answered] = device.asked.at(-1)!;
  expect([begun, answered]).toMatchObject([{ staff: 'Marie' }, { link: 'a link', staff: 'Marie' }]);
});
