/** Where in the app a person is, as the part of the address behind `#`; links name an account. */

import { fromBase64Url, toBase64Url } from '../base/base64url.ts';
import { concat, fromHex, toHex } from '../base/bytes.ts';

export type Route =
  | { readonly page: 'list' }
  | {
      readonly page: 'conversation';
      readonly id: string;
      readonly side: 'none' | 'details';
      /** Details of this participant instead of the conversation's. */
      readonly contact?: string;
    }
  | {
      readonly page: 'settings';
      readonly section: Section;
      /** The code of another device's link that was opened. */
      readonly link?: string;
    }
  /** One of the business's pages; `detail`: a day, a guest or a section of it. */
  | { readonly page: 'business'; readonly part: Part; readonly detail: string }
  /** An invitation link that was opened: whom to ask, and for which group. */
  | ({ readonly page: 'join' } & Joining);

/** `admin`: an account's name; `group` and `secret` are hex. */
export interface Joining {
  readonly admin: string;
  readonly group: string;
  readonly secret: string;
}

export const SECTIONS = ['all', 'devices', 'recovery', 'privacy', 'about'] as const;
export type Section = (typeof SECTIONS)[number];

export const PARTS = ['plan', 'guests', 'waiting', 'figures', 'house'] as const;
export type Part = (typeof PARTS)[number];

const DETAIL = /^[A-Za-z0-9._-]{1,128}$/;
const ID = /^[0-9a-f]{1,64}$/;
const ADDRESS = /^[a-z0-9._-]+@[a-z0-9.:-]+$/;
const LINK = /^\/([a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?)\/?$/;
const DEVICE_LINK = /^#?\/link\/([A-Za-z0-9_-]{20,128})$/;
const JOIN_LINK = /^(?:https?:\/\/([^/#?]+)\/?)?#?\/join\/([^/]+)\/([A-Za-z0-9_-]{43})$/;
const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/;
const ID_BYTES = 16;
const LINKED_TEXT = /^[#?](?:.*&)?text=([^&]*)/;
/** Most of a text that a link brings along. */
export const LINKED_CHARACTERS = 500;
/** Controls, and what turns a line round. */
const UNPRINTED = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const NO_LINKS: ReadonlySet<string> = new Set(['index.html']);

/** Of `location.hash`; anything unknown is the list. */
export function routeOf(hash: string): Route {
  const [page, first = '', second = '', third = ''] = hash.replace(/^#?\/?/, '').split('/');
  if (page === 'c' && ID.test(first)) {
    const contact = decoded(third);
    return {
      page: 'conversation',
      id: first,
      side: second === 'details' ? 'details' : 'none',
      ...(second === 'details' && ADDRESS.test(contact) ? { contact } : {}),
    };
  }
  const joining = joiningIn(hash);
  if (joining !== undefined) {
    return { page: 'join', ...joining };
  }
  const part = PARTS.find((one) => one === page);
  if (part !== undefined) {
    return { page: 'business', part, detail: DETAIL.test(first) ? first : '' };
  }
  const link = linkIn(hash);
  if (link !== undefined) {
    return { page: 'settings', section: 'devices', link };
  }
  if (page === 'settings') {
    return { page: 'settings', section: SECTIONS.find((one) => one === first) ?? 'all' };
  }
  return { page: 'list' };
}

/**
 * Whom an invitation link asks, and for what: of a whole link or what is behind its `#`; undefined
 * when it is none. A link to another server is for another place, so its text is not taken here.
 */
export function joiningIn(text: string, host?: string): Joining | undefined {
  const [, there, admin = '', code = ''] = JOIN_LINK.exec(text.trim()) ?? [];
  const raw = fromBase64Url(code);
  if (raw?.length !== 2 * ID_BYTES || !NAME.test(admin) || (there ?? host) !== host) {
    return undefined;
  }
  const [group, secret] = [raw.subarray(0, ID_BYTES), raw.subarray(ID_BYTES)];
  return { admin, group: toHex(group), secret: toHex(secret) };
}

/** The link by which people may ask: all that names the group is behind the `#`. */
export function joinLink(origin: string, { admin, group, secret }: Joining): string {
  const code = toBase64Url(concat(fromHex(group), fromHex(secret)));
  return `${origin}/#/join/${admin}/${code}`;
}

/** The page of a business; a text goes behind the `#`, where the server does not see it. */
export function pageLink(origin: string, name: string, text = ''): string {
  const quoted = encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${origin}/${name}${quoted === '' ? '' : `#text=${quoted}`}`;
}

/** The code in the link of another device, `#/link/CODE`; undefined when it is none. */
export function linkIn(hash: string): string | undefined {
  return DEVICE_LINK.exec(hash)?.[1];
}

/** The hash of a route. */
export function hashOf(route: Route): string {
  switch (route.page) {
    case 'list':
      return '#/';
    case 'join':
      return joinLink('', route).slice(1);
    case 'business':
      return `#/${route.part}${route.detail === '' ? '' : `/${route.detail}`}`;
    case 'settings':
      return route.section === 'all' ? '#/settings' : `#/settings/${route.section}`;
    case 'conversation': {
      const contact = route.contact === undefined ? '' : `/${encodeURIComponent(route.contact)}`;
      return `#/c/${route.id}${route.side === 'details' ? `/details${contact}` : ''}`;
    }
  }
}

/** Whether an address is a link that is meant for one account: to somebody, a group or a device. */
export function isLink(path: string, hash: string): boolean {
  const isOfHash = joiningIn(hash) !== undefined || linkIn(hash) !== undefined;
  return isOfHash || linkedName(path) !== undefined;
}

/** The name in a link like `https://example.org/linde`, of `location.pathname`. */
export function linkedName(path: string): string | undefined {
  const name = LINK.exec(path)?.[1];
  return name === undefined || NO_LINKS.has(name) ? undefined : name;
}

/**
 * The text that a link brings along, `https://example.org/linde#text=Hallo` or `?text=`, for the
 * person to look at and send; "" when there is none. Behind the `#` the server does not see it.
 */
export function linkedText(search: string, hash: string): string {
  const given = LINKED_TEXT.exec(hash)?.[1] ?? LINKED_TEXT.exec(search)?.[1] ?? '';
  const text = decoded(given.replaceAll('+', ' ')).replace(UNPRINTED, ' ').trim();
  return Array.from(text).slice(0, LINKED_CHARACTERS).join('');
}

/**
 * What a person typed or scanned as an address: `anna`, `anna@example.org`, a link to an account
 * or `mimi://example.org/u/anna`; undefined when it is none of these. Our server's `domain` is not
 * always the `host` that serves it.
 */
export function addressIn(
  typed: string,
  { domain, host }: { readonly domain: string; readonly host: string },
): string | undefined {
  const text = typed.trim().toLowerCase();
  const link = /^(?:https?:\/\/)([^/]+)\/([^/?#]+)\/?(?:[?#].*)?$/.exec(text);
  const uri = /^mimi:\/\/([^/]+)\/u\/([^/]+)$/.exec(text);
  const [, place, name] = link ?? uri ?? [];
  const address =
    place !== undefined && name !== undefined
      ? `${name}@${place === host ? domain : place}`
      : text.includes('@')
        ? text.replace(/^@/, '')
        : `${text}@${domain}`;
  const whole = address.includes('@') ? address : `${address}@${domain}`;
  const [local = ''] = whole.split('@', 1);
  return LINK.test(`/${local}`) && ADDRESS.test(whole) ? whole : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
