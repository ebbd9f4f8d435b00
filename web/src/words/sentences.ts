/** Sentences of several parts: what happened in a conversation, and what a server says. */

import type { EventView, LastView } from '../sdk/protocol.ts';
import type { Words } from './en.ts';
import { sinceOf, spanOf } from './format.ts';
import type { Language } from './plural.ts';

/** Whose eyes read it: our address, and how others are called. */
export interface Eyes {
  readonly own: string;
  readonly nameOf: (address: string) => string;
}

/** A line of the log: who did what. */
export function eventSentence(event: EventView, { own, nameOf }: Eyes, words: Words): string {
  const say = words.event;
  const isOurs = event.by === own;
  const by = nameOf(event.by);
  const who = words.common.and(event.who.map((one) => (one === own ? say.you : nameOf(one))));
  switch (event.what) {
    case 'created':
      return isOurs ? say.createdYou : say.created(by);
    case 'joined':
      if (event.who.length === 0 || (event.who.length === 1 && event.who[0] === event.by)) {
        return say.joinedAlone(who || by);
      }
      return isOurs ? say.joinedYou(who) : say.joined(by, who);
    case 'left':
      if (event.who.length === 0 || (event.who.length === 1 && event.who[0] === event.by)) {
        return isOurs ? say.leftYou : say.left(by);
      }
      return isOurs ? say.removedYou(who) : say.removed(by, who);
    case 'titled':
      return isOurs ? say.titledYou(event.title ?? '') : say.titled(by, event.title ?? '');
    case 'expiry': {
      const seconds = event.expiresAfterS ?? 0;
      if (seconds === 0) {
        return isOurs ? say.expiryOffYou : say.expiryOff(by);
      }
      const span = spanOf(seconds, words);
      return isOurs ? say.expiryYou(span) : say.expiry(by, span);
    }
    case 'identity':
      return say.identity(who || by);
    case 'pictured':
      return isOurs ? say.picturedYou : say.pictured(by);
    case 'unpictured':
      return isOurs ? say.unpicturedYou : say.unpictured(by);
    case 'linked':
      return isOurs ? say.linkedYou : say.linked(by);
    case 'unlinked':
      return isOurs ? say.unlinkedYou : say.unlinked(by);
    case 'promoted':
      return isOurs ? say.promotedYou(who) : say.promoted(by, who);
    case 'demoted':
      return isOurs ? say.demotedYou(who) : say.demoted(by, who);
    case 'out':
      return say.out;
    case 'ended':
      return say.ended;
  }
}

/** The newest line of a conversation, for its row. `isGroup`: then with the sender's name. */
export function lastSentence(last: LastView, isGroup: boolean, eyes: Eyes, words: Words): string {
  if (last.event !== undefined) {
    return eventSentence(last.event, eyes, words);
  }
  const text = last.isDeleted
    ? last.isOutgoing
      ? words.message.deletedByYou
      : words.message.deleted
    : plain(last.text) || kindWord(last, words);
  if (last.isDeleted) {
    return text;
  }
  if (last.isOutgoing) {
    return words.list.you(text);
  }
  return isGroup ? `${eyes.nameOf(last.sender)}: ${text}` : text;
}

/**
 * That a server takes nothing new: until when (a time as ISO 8601 has it) unless that is over, and
 * what its operator says of it.
 */
export function maintenanceSentence(
  said: { readonly until?: string; readonly words: string },
  nowMs: number,
  words: Words,
  language: Language,
): string {
  const untilMs = Date.parse(said.until ?? '');
  const { maintenance, until } = words.connection;
  const time = untilMs > nowMs ? until(sinceOf(untilMs, nowMs, language)) : '';
  return [maintenance, time, said.words].filter((part) => part !== '').join(' ');
}

/** One line without the marks of Markdown that people would stumble over. */
export function plain(text: string): string {
  return text
    .slice(0, 300)
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__|~~|`)/g, '')
    .replace(/\*(\S(?:[^*\n]*\S)?)\*/g, '$1')
    .replace(/^\s*(?:[-*>#]|\d+\.)\s+/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function kindWord({ kind, file = 'file' }: LastView, words: Words): string {
  switch (kind) {
    case 'file':
      return words.message[file];
    case 'card':
      return words.message.card;
    case 'text':
    case 'event':
    case 'other':
      return words.message.unknown;
  }
}
