import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { publicAddresses } from '../../../src/views/media/public_addresses.svelte.ts';

const GIF = new Blob([Uint8Array.from('GIF89a\x02\0\x03\0', (one) => one.charCodeAt(0))]);
const [FIRST, SECOND, FORGED] = ['11', '22', '33'];

let asked: (readonly [address: string, integrity: unknown])[];
let made: number;
let revoked: string[];

beforeEach(() => {
  [asked, made, revoked] = [[], 0, []];
  vi.stubGlobal('fetch', (address: string, { integrity }: RequestInit) => {
    asked.push([address, integrity]);
    return address.endsWith(FORGED)
      ? Promise.reject(new TypeError('Integrity check failed.'))
      : Promise.resolve(new Response(GIF));
  });
  vi.stubGlobal('URL', {
    createObjectURL: () => `blob:${(made += 1)}`,
    revokeObjectURL: (address: string) => revoked.push(address),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A view that shows these; returns what it has, and how it ends. */
function shown(digests: () => readonly string[]) {
  let addresses: () => Readonly<Record<string, string>> = () => ({});
  const stop = $effect.root(() => {
    addresses = publicAddresses(() => 'linde', digests);
  });
  flushSync();
  return { addresses: () => addresses(), stop };
}

const SOON = { timeout: 60_000 }; // Of what happens at once; a test that fails takes as long.

test('those that are the signed ones are there until the view ends', async () => {
  const { addresses, stop } = shown(() => [FIRST, FORGED]);
  await vi.waitFor(() => {
    expect(addresses()).toEqual({ [FIRST]: 'blob:1' });
  }, SOON);
  expect(asked).toEqual([
    ['/v1/pictures/linde/11', 'sha256-EQ=='],
    ['/v1/pictures/linde/33', 'sha256-Mw=='],
  ]);
  expect(revoked).toEqual([]);
  stop();
  expect(revoked).toEqual(['blob:1']);
});

test('others are fetched anew, and what comes too late is let go', async () => {
  let wanted = $state([FIRST]);
  const { addresses, stop } = shown(() => wanted);
  wanted = [SECOND];
  flushSync();
  await vi.waitFor(() => {
    expect([Object.keys(addresses()), revoked.length]).toEqual([[SECOND], 1]);
  }, SOON);
  stop();
  expect(revoked).toHaveLength(made);
  expect(addresses()).toEqual({});
});

test('none asks for nothing', () => {
  const { stop } = shown(() => []);
  stop();
  expect(asked).toEqual([]);
});
