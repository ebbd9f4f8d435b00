/** What the page asks for about profiles: the directory, and pictures for everybody. */

import { beforeEach, expect, test } from 'vitest';

import { FOUND_LIMIT, profileOperations } from '../../src/sdk/profile_operations.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen } from './players.ts';

const ANY = { words: '', kind: '', place: '' };

let delivery: Delivery;
let table: ReturnType<typeof profileOperations>;

beforeEach(async () => {
  delivery = new Delivery();
  const [anna] = await annaAndBen(delivery);
  table = profileOperations(() => anna.rooms);
});

test('the directory is asked, page by page', async () => {
  const said = {
    title: 'Zur Linde',
    kind: 'restaurant',
    postalCode: '86150',
    locality: 'Augsburg',
  };
  delivery.directory = { found: [{ name: 'linde', ...said }], more: true };
  const page = await table.searchDirectory({ ...ANY, words: 'lin', after: 'bar@localhost' });
  expect(page).toEqual({ found: [{ address: 'linde@localhost', ...said }], hasMore: true });
  expect(delivery.searched).toEqual([
    { words: 'lin', kind: '', place: '', after: 'bar', limit: FOUND_LIMIT },
  ]);
});

test('a directory that names nobody is not believed', async () => {
  const said = { title: '', kind: '', postalCode: '', locality: '' };
  delivery.directory = { found: [{ name: '../x', ...said }], more: false };
  expect(await codeOf(Promise.resolve(table.searchDirectory(ANY)))).toBe('server_misbehaved');
});

test('what is no picture is not uploaded', async () => {
  const file = new Blob(['<svg/>']);
  expect(await codeOf(Promise.resolve(table.addPublicPicture({ file })))).toBe('public_picture');
});
