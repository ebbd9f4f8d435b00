/** From what the vault holds to what the page is shown (protocol.ts). */

import { lenientTextFrom, toHex } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { type Card, cardOf, type CustomerCard } from '../content/cards.ts';
import { factsOf } from '../content/conversation.ts';
import { isForwarded } from '../content/forwarded.ts';
import { joinRequestOf } from '../content/join_request.ts';
import type { MimiContent } from '../content/mimi.ts';
import { mentionsIn, readableText, readings } from '../content/text.ts';
import type { KeptConversation } from '../vault/conversations.ts';
import { type MessageRow, placeOf } from '../vault/messages.ts';
import { attachmentOf } from './attachments.ts';
import type { BusinessNames } from './business_names.ts';
import type { Core } from './core.ts';
import { activeAtMs, type Directory, type Together } from './directory.ts';
import { factsEvent } from './facts.ts';
import type { Folded } from './history.ts';
import type {
  CardAnswer,
  CardView,
  ContactView,
  ConversationView,
  EventView,
  LastView,
  MessageKind,
  MessageView,
  QuoteView,
} from './protocol.ts';

/** Characters of a message that another one quotes. */
export const QUOTE_CHARACTERS = 200;

/** A row of the list of conversations. */
export function conversationView(
  core: Core,
  directory: Directory,
  names: BusinessNames,
  together: Together,
): ConversationView {
  const [live, ...behind] = together;
  const { kept } = live;
  const peer = directory.peer(live);
  const others = live.others(core.address);
  const businessName = peer === undefined || kept.isRequest ? '' : names.of(peer);
  const trusted = others.map((address) => core.trust.account(address));
  return {
    id: kept.id.hex,
    ...(behind.length === 0 ? {} : { insteadOf: behind.map(({ id }) => id.hex) }),
    kind: peer === undefined ? 'group' : 'direct',
    title: kept.title,
    ...(peer === undefined ? {} : { peer: peer.toString() }),
    ...(businessName === '' ? {} : { businessName }),
    participants: kept.participants.map(String),
    admins: kept.presentAdmins.map(String),
    ...(kept.picture.length === 0 ? {} : { picture: kept.picture.slice() }),
    ...(kept.link.length === 0 ? {} : { link: toHex(kept.link) }),
    state: live.isAwaited ? 'opening' : kept.state,
    isRequest: kept.isRequest,
    isBlocked: peer !== undefined && core.trust.account(peer)?.isBlocked === true,
    changed: trusted
      .filter((account) => account?.state === 'changed')
      .map((account) => String(account?.address)),
    unread: together.reduce((sum, one) => sum + one.kept.unread, 0),
    ...lastOf(together.map((one) => one.kept)),
    activeAtMs: activeAtMs(together),
    isPinned: kept.isPinned,
    isArchived: kept.isArchived,
    mutedUntilMs: kept.mutedUntilMs,
    isMentionsOnly: kept.isMentionsOnly,
    draft: kept.draft,
    expiresAfterS: kept.expiresAfterS,
  };
}

/** The newest line of those that are shown as one. */
function lastOf(all: readonly KeptConversation[]): { readonly last?: LastView } {
  const lines = all.flatMap((kept) => kept.last ?? []);
  const newest = Math.max(...lines.map(({ atMs }) => atMs));
  const last = lines.find(({ atMs }) => atMs === newest);
  if (last === undefined) {
    return {};
  }
  const { text, kind, file, sender, isOutgoing, isDeleted, state, atMs } = last;
  const event = last.event as EventView | undefined;
  const shown = { text, kind, sender, isOutgoing, isDeleted, state, atMs };
  const view = file === undefined ? shown : { ...shown, file };
  return { last: event === undefined ? view : { ...view, event } };
}

/** One message; `quoted` are the messages that others answer, by their ids. */
export function messageView(folded: Folded, quoted: ReadonlyMap<string, QuoteView>): MessageView {
  const { row, content, first } = folded;
  const event = eventOf(row, first);
  const card = content === undefined ? undefined : cardIn(content);
  const attachment = content === undefined ? undefined : attachmentOf(content);
  const answers = first?.inReplyTo?.hex;
  const words = content === undefined ? [] : readings(content);
  const isMarkdown = words.length > 0 && words.every(({ kind }) => kind === 'markdown');
  return {
    id: row.messageId.hex,
    conversation: row.conversation.hex,
    place: placeOf(row),
    sender: row.sender.toString(),
    isOutgoing: row.isOutgoing,
    kind: kindOf(row),
    text: content === undefined ? '' : textOf(content, isMarkdown, attachment !== undefined),
    isMarkdown,
    mentions: content === undefined ? [] : mentionsIn(content).map(String),
    ...(card === undefined ? {} : { card }),
    ...(attachment === undefined ? {} : { attachment }),
    ...(event === undefined ? {} : { event }),
    ...(answers === undefined ? {} : { answers: quoted.get(answers) ?? { id: answers } }),
    reactions: Array.from(folded.reactions, ([sign, by]) => ({ sign, by: by.map(String) })),
    isEdited: folded.isEdited,
    isDeleted: folded.isDeleted,
    isForwarded: content !== undefined && isForwarded(content),
    state: folded.state,
    ...(row.failure === '' ? {} : { failure: row.failure }),
    sentAtMs: row.sentAtMs,
    ...(row.expiresAtMs === undefined ? {} : { expiresAtMs: row.expiresAtMs }),
    isForkSuspected: row.isForkSuspected,
  };
}

/** What another message quotes of this one. */
export function quoteView({ row, content }: Folded): QuoteView {
  const text = content === undefined ? '' : readableText(content).slice(0, QUOTE_CHARACTERS);
  return { id: row.messageId.hex, sender: row.sender.toString(), text };
}

/** An account as the page sees it. */
export function contactView(core: Core, address: AccountAddress): ContactView {
  const kept = core.trust.account(address);
  return {
    address: address.toString(),
    kind: kept?.kind ?? 'person',
    state: kept?.state ?? 'pinned',
    isBlocked: kept?.isBlocked ?? false,
  };
}

function kindOf({ kind }: MessageRow): MessageKind {
  switch (kind) {
    case 'text':
    case 'card':
    case 'file':
    case 'event':
      return kind;
    case 'title':
      return 'event';
    case 'other':
    case 'reaction':
    case 'edit':
    case 'delete':
    case 'team':
      return 'other';
  }
}

/** Markdown as it was written where all of it is; what an attachment is called is not its text. */
function textOf(content: MimiContent, isMarkdown: boolean, hasAttachment: boolean): string {
  const words = readings(content);
  if (isMarkdown) {
    return words.map(({ text }) => text).join('\n\n');
  }
  return hasAttachment
    ? words
        .filter(({ kind }) => kind !== 'named')
        .map(({ text }) => text)
        .join('\n')
    : readableText(content);
}

function eventOf(row: MessageRow, content: MimiContent | undefined): EventView | undefined {
  if (row.kind === 'event') {
    return JSON.parse(lenientTextFrom(row.content)) as EventView;
  }
  if (row.kind !== 'title' || content === undefined) {
    return undefined;
  }
  return factsEvent(factsOf(content) ?? {}, row.sender.toString());
}

function cardIn(content: MimiContent): CardView | undefined {
  const card = cardOf(content);
  if (card !== null) {
    return cardView(card);
  }
  const asked = joinRequestOf(content);
  return asked && { kind: 'join_request', group: asked.conversation.hex };
}

function cardView(card: Card): CardView {
  switch (card.kind) {
    case 'choices':
    case 'booking':
    case 'choose':
      return card;
    case 'slotOffer':
      return { ...card, kind: 'slot_offer' };
    case 'bookingRequest': {
      const { party, day, at, underName } = card;
      return {
        kind: 'booking_request',
        ...(party === null ? {} : { party }),
        ...(day === null ? {} : { day }),
        ...(at === null ? {} : { at }),
        underName,
      };
    }
    case 'cancelRequest':
      return { ...card, kind: 'cancel_request' };
  }
}

/** The card that a person's answer travels as. */
export function customerCard(answer: CardAnswer): CustomerCard {
  switch (answer.kind) {
    case 'choose':
      return answer;
    case 'booking_request': {
      const { party = null, day = null, at = null, underName } = answer;
      return { kind: 'bookingRequest', party, day, at, underName };
    }
    case 'cancel_request':
      return { kind: 'cancelRequest', uid: answer.uid };
  }
}
