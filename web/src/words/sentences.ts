/** Sentences about what happened in a conversation, for its log and for its row in the list. */

import type { EventView, LastView } from '../sdk/protocol.ts';
import type { Words } from './en.ts';
import { spanOf } from './format.ts';

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
