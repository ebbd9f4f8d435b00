/** What a business can be: kinds and legal forms, as profiles name them (spec/profile.md). */

export const KINDS = [
  'restaurant',
  'cafe',
  'hairdresser',
  'shop',
  'practice',
  'craft',
  'hotel',
  'other',
] as const;

/** How much a profile may have, where more than its own check has to know (spec/profile.md). */
export const MOST_LINKS = 8;
export const MOST_PICTURES = 6;
export const PICTURE_BYTES = 512 * 1024;
export const PICTURE_PIXELS = 4_096;

/** What an imprint has to say of a business of this form. */
export interface LegalForm {
  /** It acts through somebody, who is named. */
  readonly isRepresented: boolean;
  /** It stands in a register, which is named with the number. */
  readonly isRegistered: boolean;
}

const BOTH: LegalForm = { isRepresented: true, isRegistered: true };
const REPRESENTED: LegalForm = { isRepresented: true, isRegistered: false };

export const LEGAL_FORMS = {
  'sole trader': { isRepresented: false, isRegistered: false },
  'e.K.': { isRepresented: false, isRegistered: true },
  GbR: REPRESENTED,
  eGbR: BOTH,
  OHG: BOTH,
  KG: BOTH,
  'GmbH & Co. KG': BOTH,
  'UG (haftungsbeschränkt)': BOTH,
  GmbH: BOTH,
  AG: BOTH,
  PartG: BOTH,
  'e.G.': BOTH,
  'e.V.': BOTH,
  'public body': REPRESENTED,
  other: REPRESENTED,
} as const satisfies Readonly<Record<string, LegalForm>>;

/** What is known of a form of this name; undefined of one that there is not. */
export function legalForm(name: string): LegalForm | undefined {
  return Object.hasOwn(LEGAL_FORMS, name)
    ? LEGAL_FORMS[name as keyof typeof LEGAL_FORMS]
    : undefined;
}
