import { expect, test } from 'vitest';

import {
  addressIn,
  hashOf,
  isLink,
  joiningIn,
  joinLink,
  linkedName,
  linkedText,
  routeOf,
  type Route,
  pageLink,
} from '../../src/models/route.ts';

const ROUTES: readonly Route[] = [
  { page: 'list' },
  { page: 'conversation', id: '0af3', side: 'none' },
  { page: 'conversation', id: '0af3', side: 'details' },
  { page: 'conversation', id: '0af3', side: 'details', contact: 'ben@example.org:7480' },
  { page: 'settings', section: 'all' },
  { page: 'settings', section: 'privacy' },
];

test.each(ROUTES)('%j comes back from its address', (route) => {
  expect(routeOf(hashOf(route))).toEqual(route);
});

test.each([
  '',
  '#',
  '#/',
  '#/nowhere',
  '#/c/',
  '#/c/../../etc',
  '#/c/XYZ',
  `#/c/${'a'.repeat(65)}`,
  '#javascript:alert(1)',
])('%j is the list', (hash) => {
  expect(routeOf(hash)).toEqual({ page: 'list' });
});

test('a contact that is none is left out', () => {
  for (const contact of ['%', '%E0%A4%A', '<b>', 'a%20b@c', '']) {
    expect(routeOf(`#/c/aa/details/${contact}`)).toEqual({
      page: 'conversation',
      id: 'aa',
      side: 'details',
    });
  }
  expect(routeOf('#/settings/nonsense')).toEqual({ page: 'settings', section: 'all' });
});

test.each([
  ['/linde', 'linde'],
  ['/zur.linde/', 'zur.linde'],
  ['/', undefined],
  ['/index.html', undefined],
  ['/a/b', undefined],
  ['/Linde', undefined],
  ['/.well-known', undefined],
  ['/%6cinde', undefined],
])('the path %j is a link to %j', (path, name) => {
  expect(linkedName(path)).toBe(name);
});

const HERE = { domain: 'example.org', host: 'app.example.org:8443' };

test.each([
  ['anna', 'anna@example.org'],
  [' Anna ', 'anna@example.org'],
  ['anna@elsewhere.example', 'anna@elsewhere.example'],
  ['@anna@elsewhere.example', 'anna@elsewhere.example'],
  ['@anna', 'anna@example.org'],
  ['https://elsewhere.example/linde', 'linde@elsewhere.example'],
  ['https://elsewhere.example/linde/?from=poster#x', 'linde@elsewhere.example'],
  ['https://app.example.org:8443/linde', 'linde@example.org'],
  ['HTTPS://App.Example.org:8443/Linde', 'linde@example.org'],
  ['mimi://elsewhere.example/u/cem', 'cem@elsewhere.example'],
])('%j is the address %j', (typed, address) => {
  expect(addressIn(typed, HERE)).toBe(address);
});

test.each([
  '',
  '  ',
  'anna müller',
  'anna@',
  '@',
  'https://elsewhere.example/',
  'https://elsewhere.example/a/b',
  'mimi://elsewhere.example/r/aabb',
  'javascript:alert(1)',
  'a@b@c d',
  '.anna',
  'x'.repeat(33),
])('%j is none', (typed) => {
  expect(addressIn(typed, HERE)).toBeUndefined();
});

const CODE = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const JOINING = {
  admin: 'anna',
  group: '000102030405060708090a0b0c0d0e0f',
  secret: '101112131415161718191a1b1c1d1e1f',
};

test('an invitation link says whom to ask, and for what', () => {
  const link = joinLink('https://example.org', JOINING);
  expect(link).toBe(`https://example.org/#/join/anna/${CODE}`);
  expect(joiningIn(link, 'example.org')).toEqual(JOINING);
  expect(joiningIn(`#/join/anna/${CODE}`)).toEqual(JOINING);
  const route = routeOf(`#/join/anna/${CODE}`);
  expect(route).toEqual({ page: 'join', ...JOINING });
  expect(hashOf(route)).toBe(`#/join/anna/${CODE}`);
});

test.each([
  '',
  `#/join/anna/${CODE}A`,
  `#/join/anna/${CODE.slice(1)}`,
  `#/join/Anna Maier/${CODE}`,
  `#/join/../${CODE}`,
  `#/link/anna/${CODE}`,
  `https://elsewhere.example/#/join/anna/${CODE}`,
  `javascript:/join/anna/${CODE}`,
])('%j is no invitation link of this server', (text) => {
  expect(joiningIn(text, 'example.org')).toBeUndefined();
});

test.each([
  ['', '', ''],
  ['?text=Hallo', '', 'Hallo'],
  ['', '#text=Tisch%20f%C3%BCr%202%20%26%20mehr%3F', 'Tisch für 2 & mehr?'],
  ['?text=server', '#text=behind', 'behind'],
  ['?a=b&text=x+y&c=d', '', 'x y'],
  ['?nottext=x', '#/c/00', ''],
  ['?text=%E0%A4%A', '', ''],
  ['?text=a%00b%E2%80%AEc%0Ad', '', 'a b c d'],
  ['?text=' + 'x'.repeat(2_000), '', 'x'.repeat(500)],
  ['?text=%3Cimg%20src=x%3E', '', '<img src=x>'],
])('the text that a link brings along: %s%s', (search, hash, text) => {
  expect(linkedText(search, hash)).toBe(text);
});

test('the pages of a business have addresses', () => {
  expect(routeOf('#/plan')).toEqual({ page: 'business', part: 'plan', detail: '' });
  const day = { page: 'business', part: 'plan', detail: '2026-11-27' } as const;
  expect(routeOf(hashOf(day))).toEqual(day);
  expect(hashOf({ page: 'business', part: 'house', detail: '' })).toBe('#/house');
  expect(routeOf('#/guests/<img>')).toEqual({ page: 'business', part: 'guests', detail: '' });
  expect(routeOf('#/kitchen')).toEqual({ page: 'list' });
});

test.each([
  ['/linde', ''],
  ['/linde', '#text=Hello'],
  ['/', `#/join/anna/${'A'.repeat(42)}w`],
  ['/', `#/link/${'A'.repeat(40)}`],
])('%s%s is a link for one account', (path, hash) => {
  expect(isLink(path, hash)).toBe(true);
});

test.each([
  ['/', ''],
  ['/', '#/c/0af3'],
  ['/', '#/settings/devices'],
  ['/index.html', '#/'],
  ['/', '#/link/short'],
])('%s%s is none', (path, hash) => {
  expect(isLink(path, hash)).toBe(false);
});

test('the link of a business brings a text along, which comes out as it went in', () => {
  expect(pageLink('https://example.org', 'linde')).toBe('https://example.org/linde');
  const text = "Ein Tisch (innen) für 2+2, bitte! 100% 'sicher'";
  const link = pageLink('https://example.org', 'linde', text);
  expect(link).not.toMatch(/[ !'()*]/);
  expect(linkedText('', new URL(link).hash)).toBe(text);
  expect(pageLink('https://example.org', 'linde', '\ud800')).toContain('#text=%EF%BF%BD');
});
