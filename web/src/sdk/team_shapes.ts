/**
 * What the business's own devices keep for each other, encrypted in their own conversation: a part of
 * protocol.ts. Guests never see any of it.
 */

/** One of the business's devices: who works with it, "" when nobody has said, and as what. */
export interface StaffView {
  readonly device: string;
  readonly name: string;
  readonly role: 'owner' | 'staff';
  readonly isThis: boolean;
  /** It is no device of the business any more. */
  readonly isGone: boolean;
}

export interface TeamNoteView {
  readonly conversation: string;
  readonly id: string;
  readonly text: string;
  /** The device that wrote it. */
  readonly device: string;
  readonly atMs: number;
}

export interface QuickReplyView {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** The facts as they stand: of each the last one. */
export interface TeamView {
  readonly staff: readonly StaffView[];
  readonly assignments: readonly { readonly conversation: string; readonly device: string }[];
  readonly labels: readonly { readonly conversation: string; readonly label: string }[];
  readonly notes: readonly TeamNoteView[];
  readonly quickReplies: readonly QuickReplyView[];
  readonly answering: readonly {
    readonly conversation: string;
    readonly device: string;
    readonly untilMs: number;
  }[];
  /** Which device it is, empty when there was none yet; when it last answered, 0: never yet. */
  readonly agent: {
    readonly device: string;
    readonly isThere: boolean;
    readonly lastThereMs: number;
  };
}

/** What one device says to the others. An empty `device`, `text` or `title` takes it back. */
export type TeamFact =
  | { readonly kind: 'assignment'; readonly conversation: string; readonly device: string }
  | {
      readonly kind: 'label';
      readonly conversation: string;
      readonly label: string;
      readonly isOn: boolean;
    }
  | {
      readonly kind: 'note';
      readonly conversation: string;
      readonly id: string;
      readonly text: string;
    }
  | {
      readonly kind: 'quickReply';
      readonly id: string;
      readonly title: string;
      readonly text: string;
    }
  | { readonly kind: 'answering'; readonly conversation: string; readonly untilS: number }
  | {
      readonly kind: 'staffName';
      readonly device: string;
      readonly name: string;
      readonly role: 'owner' | 'staff';
    };
