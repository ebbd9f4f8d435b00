/** The parts of a message (draft-ietf-mimi-content-08 sections 4.4 and 4.5). */

import { EMPTY } from '../base/bytes.ts';

/** What a part is for (section 8.2.2); others up to 255 are kept as they are. */
export const Disposition = {
  UNSPECIFIED: 0,
  RENDER: 1,
  REACTION: 2,
  PROFILE: 3,
  INLINE: 4,
  ICON: 5,
  ATTACHMENT: 6,
  SESSION: 7,
  PREVIEW: 8,
} as const;

/** How the parts of a MultiPart belong together (section 4.4). */
export const Semantics = { CHOOSE_ONE: 0, SINGLE_UNIT: 1, PROCESS_ALL: 2 } as const;
export type Semantics = (typeof Semantics)[keyof typeof Semantics];

/** Which of the four kinds of part follows. */
export const Cardinality = { NULL: 0, SINGLE: 1, EXTERNAL: 2, MULTI: 3 } as const;

/** What every part may say. `language`: BCP 47 tags, separated by commas, or empty. */
interface AnyPart {
  readonly disposition?: number;
  readonly language?: string;
}

/** Nothing: the body of a deletion. */
export class NullPart {
  readonly cardinality = Cardinality.NULL;
  readonly disposition: number;
  readonly language: string;

  constructor(fields: AnyPart = {}) {
    this.disposition = fields.disposition ?? Disposition.RENDER;
    this.language = fields.language ?? '';
  }
}

/** Content carried along, of an IANA media type. */
export class SinglePart {
  readonly cardinality = Cardinality.SINGLE;
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly disposition: number;
  readonly language: string;

  constructor(fields: AnyPart & { readonly contentType: string; readonly content: Uint8Array }) {
    this.contentType = fields.contentType;
    this.content = fields.content;
    this.disposition = fields.disposition ?? Disposition.RENDER;
    this.language = fields.language ?? '';
  }
}

/**
 * What an ExternalPart says (section 4.5).
 *
 * `expiresS` seconds since 1970, 0 never; `sizeBytes` 0 when unknown; `encryption` an IANA AEAD
 * number (1 is AES-128-GCM, 2 AES-256-GCM), 0 none; `hashAlgorithm` an IANA Named Information
 * number (1 is SHA-256), 0 none.
 */
export interface ExternalFields extends AnyPart {
  readonly contentType: string;
  readonly url: string;
  readonly expiresS?: number;
  readonly sizeBytes?: bigint;
  readonly encryption?: number;
  readonly key?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly authenticated?: Uint8Array;
  readonly hashAlgorithm?: number;
  readonly contentHash?: Uint8Array;
  readonly description?: string;
  readonly filename?: string;
}

/** Content to fetch elsewhere (section 4.5). */
export class ExternalPart {
  readonly cardinality = Cardinality.EXTERNAL;
  readonly contentType: string;
  readonly url: string;
  readonly expiresS: number;
  readonly sizeBytes: bigint;
  readonly encryption: number;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly authenticated: Uint8Array;
  readonly hashAlgorithm: number;
  readonly contentHash: Uint8Array;
  readonly description: string;
  readonly filename: string;
  readonly disposition: number;
  readonly language: string;

  constructor(fields: ExternalFields) {
    this.contentType = fields.contentType;
    this.url = fields.url;
    this.expiresS = fields.expiresS ?? 0;
    this.sizeBytes = fields.sizeBytes ?? 0n;
    this.encryption = fields.encryption ?? 0;
    this.key = fields.key ?? EMPTY;
    this.nonce = fields.nonce ?? EMPTY;
    this.authenticated = fields.authenticated ?? EMPTY;
    this.hashAlgorithm = fields.hashAlgorithm ?? 0;
    this.contentHash = fields.contentHash ?? EMPTY;
    this.description = fields.description ?? '';
    this.filename = fields.filename ?? '';
    this.disposition = fields.disposition ?? Disposition.ATTACHMENT;
    this.language = fields.language ?? '';
  }
}

/** At least two parts that belong together. */
export class MultiPart {
  readonly cardinality = Cardinality.MULTI;
  readonly semantics: Semantics;
  readonly parts: readonly Part[];
  readonly disposition: number;
  readonly language: string;

  constructor(
    fields: AnyPart & { readonly semantics: Semantics; readonly parts: readonly Part[] },
  ) {
    this.semantics = fields.semantics;
    this.parts = fields.parts;
    this.disposition = fields.disposition ?? Disposition.RENDER;
    this.language = fields.language ?? '';
  }
}

/** Told apart by `cardinality`. */
export type Part = NullPart | SinglePart | ExternalPart | MultiPart;

/** The part itself, or the parts inside it that are not MultiParts, in part index order. */
export function leaves(part: Part): readonly Exclude<Part, MultiPart>[] {
  return part.cardinality === Cardinality.MULTI ? part.parts.flatMap(leaves) : [part];
}
