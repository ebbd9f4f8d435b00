/**
 * Addresses that may be followed, and those that stand bare among words.
 *
 * Only four schemes, no names or passwords before the host, no invisible characters: what an
 * address shows is where it leads. Everything takes time in proportion to the text.
 */

/** Longer addresses stay words. */
export const MAX_ADDRESS_CHARACTERS = 2048;

/**
 * An address to follow.
 *
 * `href` is what the browser opens. `host` is where it leads, as its ASCII (Punycode) spelling, to
 * be shown wherever `bare` is false; empty for mail and telephone. `bare`: the words shown are the
 * address itself, so they deceive nobody.
 */
export interface Link {
  readonly kind: 'link';
  readonly href: string;
  readonly host: string;
  readonly bare: boolean;
  readonly text: string;
}

/** Words as they are to be shown, with whatever characters their writer chose. */
export interface Words {
  readonly kind: 'text';
  readonly text: string;
}

const WEB = /^https?:\/\//i;
const MAIL = /^mailto:[^?#@/]+@[^?#@/]+(?:\?|$)/i;
/** Digits alone: a dialler runs what has stars and hashes as a command. */
const TELEPHONE = /^tel:\+?[0-9().-]{1,32}$/i;
/** White space, what is invisible, what ends an address, and the backslash that browsers turn. */
const OUTSIDE_ADDRESS = /[\s\p{Z}\p{C}<>"`\\]/u;
const NO_LINK_BEFORE = /[\p{L}\p{N}]/u;
const TRAILING = new Set("?!.,:;*_~'’”“»«…");
const CLOSING = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/** An address that may be followed, as it was written and as the browser understands it. */
export interface Target {
  readonly address: string;
  readonly url: URL;
}

/** Null when the address may not be followed. */
export function targetOf(address: string): Target | null {
  if (address.length > MAX_ADDRESS_CHARACTERS || OUTSIDE_ADDRESS.test(address)) {
    return null;
  }
  const isKnown = WEB.test(address) || MAIL.test(address) || TELEPHONE.test(address);
  if (!isKnown || !URL.canParse(address)) {
    return null;
  }
  const url = new URL(address);
  return url.username === '' && url.password === '' ? { address, url } : null;
}

/** The link to this target, shown as `text`; an empty text is none to show. */
export function linkTo(target: Target, text: string): Link {
  const { address, url } = target;
  const shown = text.trim() === '' ? address : text;
  const bare = shown === address && address.toLowerCase().includes(url.host);
  return { kind: 'link', href: url.href, host: url.host, bare, text: shown };
}

/** The words, with the web addresses among them made links. */
export function linked(text: string): readonly (Words | Link)[] {
  const pieces: (Words | Link)[] = [];
  const starts = /https?:\/\//gi;
  let done = 0;
  for (let found = starts.exec(text); found !== null; found = starts.exec(text)) {
    const start = found.index;
    const end = endOfAddress(text, start);
    starts.lastIndex = end;
    const address = withoutTail(text.slice(start, end));
    const isInside = start > 0 && NO_LINK_BEFORE.test(text.charAt(start - 1));
    const target = isInside ? null : targetOf(address);
    if (target !== null) {
      pushWords(pieces, text.slice(done, start));
      pieces.push(linkTo(target, address));
      done = start + address.length;
    }
  }
  pushWords(pieces, text.slice(done));
  return pieces;
}

function pushWords(pieces: (Words | Link)[], text: string): void {
  if (text !== '') {
    pieces.push({ kind: 'text', text });
  }
}

/** Where the characters that may be of an address end. */
function endOfAddress(text: string, start: number): number {
  const outside = new RegExp(OUTSIDE_ADDRESS, 'gu');
  outside.lastIndex = start;
  return outside.exec(text)?.index ?? text.length;
}

/** The address without the punctuation of the sentence around it. */
function withoutTail(address: string): string {
  const surplus = new Map(
    [...CLOSING].map(([close, open]) => [close, count(address, close) - count(address, open)]),
  );
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address.charAt(end - 1);
    const left = surplus.get(last) ?? 0;
    if (!TRAILING.has(last) && left <= 0) {
      break;
    }
    surplus.set(last, left - 1);
  }
  return address.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
