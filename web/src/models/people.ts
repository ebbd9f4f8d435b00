/** How accounts and conversations are called, and the letters and tone of their picture. */

import { displayName } from '../base/names.ts';
import type { ConversationView } from '../sdk/protocol.ts';

/** Colours that a picture may have (views/theme.css). */
export const TONES = 8;

/** Names that were cleaned before: a list asks for the same ones with every change. */
const cleaned = new Map<string, string>();
const MOST_CLEANED = 5000;

/** `anna`, or `anna@example.org` when that is not our own server. */
export function nameOf(address: string, domain: string): string {
  const [name = '', home = ''] = address.split('@', 2);
  const claimed = home === domain ? name : address;
  const known = cleaned.get(claimed);
  if (known !== undefined) {
    return known;
  }
  if (cleaned.size >= MOST_CLEANED) {
    cleaned.clear();
  }
  const shown = displayName(claimed);
  cleaned.set(claimed, shown);
  return shown;
}

/** `anna@example.org` -> `example.org`. */
export function domainOf(address: string): string {
  return address.slice(address.indexOf('@') + 1);
}

/** What a conversation is called by. */
export type Titled = Pick<ConversationView, 'title' | 'peer' | 'businessName' | 'participants'>;

/**
 * The title that people gave it, what the business that it is with calls itself, the other account,
 * or who is in it, without ourselves.
 */
export function titleOf(view: Titled, own: string): string {
  const domain = domainOf(own);
  if (view.title !== '') {
    return displayName(view.title);
  }
  if (view.businessName !== undefined) {
    return displayName(view.businessName);
  }
  if (view.peer !== undefined) {
    return nameOf(view.peer, domain);
  }
  const others = view.participants.filter((address) => address !== own);
  const shown = others.length === 0 ? [own] : others.slice(0, 4);
  return shown.map((address) => nameOf(address, domain)).join(', ');
}

/** Somebody in a conversation: of two, the other one is called as the conversation is. */
export function nameIn(view: Titled | undefined, address: string, own: string): string {
  const isTitle = view?.title === '' && view.peer === address;
  return isTitle ? titleOf(view, own) : nameOf(address, domainOf(own));
}

/** Refusals by which two people have learnt that their numbers or codes do not belong together. */
const OF_NUMBER: ReadonlySet<string> = new Set([
  'safety_number_differs',
  'wrong_party',
  'identity_key_changed',
]);

/** Whether a comparison was refused for what was compared, and not for anything around it. */
export function isOfNumber(code: string): boolean {
  return OF_NUMBER.has(code);
}

/** Up to two letters: of first and last part of a name, else its first. */
export function initialsOf(name: string): string {
  const parts = (name.split('@', 1)[0] ?? '').split(/[\s._-]+/).filter((part) => part !== '');
  const first = letter(parts[0]);
  const last = parts.length > 1 ? letter(parts.at(-1)) : '';
  return (first + last).toLocaleUpperCase() || '?';
}

/** The tone of an account's picture: the same on every device. */
export function toneOf(address: string): number {
  let hash = 0x811c9dc5;
  for (const character of address) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % TONES;
}

function letter(part: string | undefined): string {
  const segments = new Intl.Segmenter().segment(part ?? '');
  return segments[Symbol.iterator]().next().value?.segment ?? '';
}
