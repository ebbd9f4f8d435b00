/** The cards as the page is shown them: a part of protocol.ts, by which alone they are known. */

export interface OptionView {
  readonly identifier: string;
  readonly label: string;
}

/** A free time of an offer, in seconds since the Unix epoch. */
export interface SlotView {
  readonly identifier: string;
  readonly startS: number;
  readonly durationS: number;
}

export type BookingState =
  'pending' | 'held' | 'confirmed' | 'declined' | 'cancelled' | 'seated' | 'completed' | 'no_show';

/** A card that can be answered or looked at; the names are those of content/cards.ts. */
export type CardView =
  | { readonly kind: 'choices'; readonly title: string; readonly options: readonly OptionView[] }
  | {
      readonly kind: 'slot_offer';
      readonly requestId: string;
      readonly party: number;
      readonly zone: string;
      readonly slots: readonly SlotView[];
    }
  | {
      readonly kind: 'booking';
      readonly uid: string;
      readonly sequence: number;
      readonly state: BookingState;
      readonly party: number;
      readonly startS: number;
      readonly durationS: number;
      readonly zone: string;
      readonly underName: string;
      readonly business: string;
      readonly actions: readonly ('confirm' | 'change' | 'cancel')[];
    }
  | { readonly kind: 'choose'; readonly identifier: string; readonly requestId: string }
  | {
      readonly kind: 'booking_request';
      readonly party?: number;
      readonly day?: string;
      readonly at?: string;
      readonly underName: string;
    }
  | { readonly kind: 'cancel_request'; readonly uid: string }
  /** Somebody asks to be added to a group whose link they have. */
  | { readonly kind: 'join_request'; readonly group: string };

/** What a person answers to a card. */
export type CardAnswer = Extract<
  CardView,
  { kind: 'choose' } | { kind: 'booking_request' } | { kind: 'cancel_request' }
>;
