/** A business's public profile as the page is told it (protocol.ts). */

/** Minutes after midnight of the opening day; the second may be beyond 1,440. */
export type SpanPair = readonly [opensMinute: number, closesMinute: number];

/** In German and in English; one of them may be empty. */
export interface WordingView {
  readonly de: string;
  readonly en: string;
}

export interface AddressView {
  readonly street: string;
  readonly postalCode: string;
  readonly locality: string;
  readonly country: string;
}

/** Who answers for the business; what is unknown or does not apply is empty. */
export interface ImprintView {
  readonly name: string;
  readonly legalForm: string;
  readonly representative: string;
  readonly address: AddressView;
  readonly email: string;
  readonly telephone: string;
  readonly contactUrl: string;
  readonly register: string;
  readonly registerNumber: string;
  readonly vatId: string;
  readonly further: string;
}

/** What a business says of itself, signed by it and no older than what this device has seen. */
export interface ProfileView {
  /** Of the account. */
  readonly account: string;
  readonly seq: number;
  readonly issuedAtMs: number;
  readonly name: string;
  readonly kind: string;
  readonly address: AddressView;
  readonly telephone: string;
  readonly email: string;
  readonly spoken: readonly string[];
  readonly description: WordingView;
  readonly privacy: WordingView;
  readonly privacyUrl: string;
  readonly imprint: ImprintView;
  /** Seven lists, Monday first. */
  readonly weekly: readonly (readonly SpanPair[])[];
  readonly specialDays: readonly {
    readonly date: string;
    readonly note: string;
    readonly spans: readonly SpanPair[];
  }[];
  /** Closed on the public holidays of this federal state; empty: not. */
  readonly holidayState: string;
  readonly links: readonly { readonly label: string; readonly url: string }[];
}
