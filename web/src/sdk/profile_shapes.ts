/** A business's public profile as the page is told it, and what it asks about it (protocol.ts). */

import type { HoursView } from './business_shapes.ts';

/** Minutes after midnight of the opening day; the second may be beyond 1,440. */
export type SpanView = readonly [opensMinute: number, closesMinute: number];

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
  readonly weekly: readonly (readonly SpanView[])[];
  readonly specialDays: readonly {
    readonly date: string;
    readonly note: string;
    readonly spans: readonly SpanView[];
  }[];
  /** Closed on the public holidays of this federal state; empty: not. */
  readonly holidayState: string;
  readonly links: readonly { readonly label: string; readonly url: string }[];
  readonly pictures: readonly PublicPictureView[];
}

/** A public picture on the server; `text` says what is on it. `blob` and `digest` are hex. */
export interface PublicPictureView {
  readonly blob: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly text: string;
}

/** Our own profile as it is written, which may still be wrong or lack something. */
export interface ProfileDraft {
  readonly name: string;
  readonly kind: string;
  readonly address: AddressView;
  readonly telephone: string;
  readonly email: string;
  readonly zone: string;
  readonly hours: HoursView;
  readonly spoken: readonly string[];
  readonly description: WordingView;
  readonly privacy: WordingView;
  readonly privacyUrl: string;
  readonly imprint: ImprintView;
  readonly links: readonly { readonly label: string; readonly url: string }[];
  readonly pictures: readonly PublicPictureView[];
  /** It may be found in the server's directory. */
  readonly isListed: boolean;
}

/** What everybody sees now. */
export interface PublishedView {
  readonly seq: number;
  readonly issuedAtMs: number;
  readonly profile: ProfileDraft;
}

/** Our own profile: what is public, and what was written since. */
export interface OwnProfileView {
  readonly published?: PublishedView;
  readonly draft?: ProfileDraft;
  /** Not on a device of staff. */
  readonly canPublish: boolean;
  /** Whether something is public is not known without the server. */
  readonly isUnknown: boolean;
}

/**
 * Something that is wrong in a field, named as in `imprint.email`, or lacks to go public
 * (`lacking`). `at`: in which of several; `most`: how much there may be.
 */
export interface ProfileProblemView {
  readonly field: string;
  readonly why: ProfileWhy;
  readonly at?: number;
  readonly most?: number;
}

export type ProfileWhy =
  | ('missing' | 'lacking' | 'long' | 'many' | 'line' | 'space' | 'hidden' | 'unknown')
  | ('form' | 'twice' | 'order' | 'reach');

/** A business in the server's directory, as the server says. */
export interface FoundBusinessView {
  readonly address: string;
  readonly title: string;
  readonly kind: string;
  readonly postalCode: string;
  readonly locality: string;
}

/** A page of the directory. */
export interface DirectoryView {
  readonly found: readonly FoundBusinessView[];
  readonly hasMore: boolean;
}

type Nothing = Readonly<Record<string, never>>;
interface Written {
  readonly profile: ProfileDraft;
}

/** What the page asks for about profiles. */
export interface ProfileOperations {
  /** Of a business; undefined when it has none. */
  profile: (asked: { readonly address: string }) => ProfileView | undefined;
  /** Our own. */
  ownProfile: (asked: Nothing) => OwnProfileView;
  /** Keep what is written until it is published, or forget it. */
  keepProfileDraft: (asked: { readonly profile?: ProfileDraft }) => undefined;
  /** What keeps this from going public; nothing is sent. */
  checkProfile: (asked: Written) => readonly ProfileProblemView[];
  /** Sign it, and show it to everybody in place of the one before. */
  publishProfile: (asked: Written) => PublishedView;
  withdrawProfile: (asked: Nothing) => undefined;
  /** Upload a picture for everybody, as it is; it is seen once a profile shows it. */
  addPublicPicture: (asked: { readonly file: Blob }) => PublicPictureView;
  /**
   * Businesses that want to be found: by how words of their name begin, their kind, how their town
   * or postal code begins; empty is any. `after`: the last address of the page before.
   */
  searchDirectory: (asked: {
    readonly words: string;
    readonly kind: string;
    readonly place: string;
    readonly after?: string;
  }) => DirectoryView;
}
