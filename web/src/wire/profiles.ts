/**
 * Frames about public profiles of businesses, and the directory in which they may be found.
 *
 * A profile is signed by the business's identity key (identity/profile.ts). What the directory says
 * of a business is the server's summary; who opens one asks for its signed profile.
 */

import { bytes, FLAG, int, list, record, REQUEST_ID, TOKEN, WORD } from './frame.ts';

export const PROFILE_BYTES = 16 * 1024;

/** Businesses in one answer of the directory. */
export const MOST_FOUND = 50;

const SIGNED_PROFILE = bytes(0, PROFILE_BYTES);

/** A business in the directory: its account's name, and what it is called, is and where. */
export const LISTED = record('Listed', {
  name: WORD,
  title: TOKEN,
  kind: WORD,
  postalCode: WORD,
  locality: TOKEN,
});

export const PROFILE_CLIENT_FRAMES = {
  /** The next public profile of this account, in place of the one before. Answer: `Done`. */
  PublishProfile: { tag: 110, fields: { id: REQUEST_ID, profile: SIGNED_PROFILE } },

  /** This account has no public profile any more: the signed one is empty. Answer: `Done`. */
  WithdrawProfile: { tag: 111, fields: { id: REQUEST_ID, profile: SIGNED_PROFILE } },

  /** The public profile of the account `name`. Answer: `Profile`. */
  GetProfile: { tag: 112, fields: { id: REQUEST_ID, name: WORD } },

  /**
   * Businesses that want to be found: by the beginnings of words of their name, their kind, and the
   * beginning of their town or postal code; empty is any. Answer: `Directory`.
   *
   * `after`: the last account of the answer before, empty at first.
   */
  SearchDirectory: {
    tag: 114,
    fields: {
      id: REQUEST_ID,
      words: TOKEN,
      kind: WORD,
      place: TOKEN,
      after: WORD,
      limit: int(1, MOST_FOUND),
    },
  },
} as const;

export const PROFILE_SERVER_FRAMES = {
  /** The newest signed profile, which may be a withdrawal; empty when there never was one. */
  Profile: { tag: 113, fields: { id: REQUEST_ID, profile: SIGNED_PROFILE } },

  /** What was found, by account name. `more`: ask again after the last of them. */
  Directory: { tag: 115, fields: { id: REQUEST_ID, found: list(LISTED), more: FLAG } },
} as const;
