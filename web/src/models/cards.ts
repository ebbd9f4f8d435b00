/** Which cards were answered already, and which booking is the newest, among the messages shown. */

import type { CardAnswer, MessageView } from '../sdk/protocol.ts';

/** What the cards of a conversation have come to. */
export interface CardStates {
  /** By a card's message: the identifier that we chose, last. */
  readonly chosen: ReadonlyMap<string, string>;
  /** By a booking's uid: the message with its newest state. */
  readonly newest: ReadonlyMap<string, string>;
}

const NO_CARDS: CardStates = { chosen: new Map(), newest: new Map() };

/**
 * What the readable text of a card says before it repeats, as a list numbered from 1, the `count`
 * things that there are to choose: the buttons replace that. Without such a list, all of it.
 */
export function leadOf(text: string, count: number): string {
  const lines = text.split('\n');
  const numbered = lines.flatMap((line, at) => {
    const number = /^\s*(\d{1,3})\. /.exec(line)?.[1];
    return number === undefined ? [] : [{ at, number: Number(number) }];
  });
  const list = numbered.find(
    (_, from) =>
      count > 0 &&
      Array.from({ length: count }).every((_, at) => numbered[from + at]?.number === at + 1),
  );
  return lines.slice(0, list?.at).join('\n').trim();
}

/** An answer names the message it is for; one from another device of ours perhaps only the offer. */
export function cardStates(messages: readonly MessageView[]): CardStates {
  if (!messages.some(({ card }) => card !== undefined)) {
    return NO_CARDS;
  }
  const chosen = new Map<string, string>();
  const newest = new Map<string, string>();
  const sequences = new Map<string, number>();
  const asked: MessageView[] = [];
  for (const message of messages) {
    const { card, isDeleted } = message;
    if (card === undefined || isDeleted) {
      continue;
    }
    if (card.kind === 'choices' || card.kind === 'slot_offer') {
      asked.push(message);
    } else if (card.kind === 'booking' && !message.isOutgoing) {
      if (card.sequence >= (sequences.get(card.uid) ?? 0)) {
        sequences.set(card.uid, card.sequence);
        newest.set(card.uid, message.id);
      }
    } else if (card.kind === 'choose' && message.isOutgoing) {
      const question = message.answers?.id ?? questionOf(asked, card);
      if (question !== undefined) {
        chosen.set(question, card.identifier);
      }
    }
  }
  return { chosen, newest };
}

function questionOf(
  asked: readonly MessageView[],
  { identifier, requestId }: Extract<CardAnswer, { kind: 'choose' }>,
): string | undefined {
  return asked.findLast(({ card }) => {
    if (card?.kind === 'slot_offer') {
      return (
        card.requestId === requestId && card.slots.some((slot) => slot.identifier === identifier)
      );
    }
    return (
      requestId === '' &&
      card?.kind === 'choices' &&
      card.options.some((option) => option.identifier === identifier)
    );
  })?.id;
}
