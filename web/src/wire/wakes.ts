/**
 * Frames about wake-ups: where an empty web push reaches a device that is not connected.
 *
 * A wake-up has no content (RFC 8030), so that there is nothing in it to encrypt or to leak; the
 * server signs it by its own key (VAPID, RFC 8292), which the browser has to be told.
 */

import { bytes, REQUEST_ID, text } from './frame.ts';

/** Most of an endpoint: the longest that a push service is known to give. */
export const ENDPOINT_CHARACTERS = 1024;

export const WAKE_CLIENT_FRAMES = {
  /**
   * Wake this device at `endpoint`, the URL that a push service gave to its browser; in place of
   * the one before, and of another device's with the same endpoint. Answer: `Done`.
   */
  SetWakeUp: { tag: 90, fields: { id: REQUEST_ID, endpoint: text(ENDPOINT_CHARACTERS) } },

  /** Wake this device no more. Answer: `Done`, also when it was not to be woken. */
  DropWakeUp: { tag: 91, fields: { id: REQUEST_ID } },

  /** By which key does the server sign its wake-ups? Answer: `WakeUpKey`. */
  GetWakeUpKey: { tag: 92, fields: { id: REQUEST_ID } },
} as const;

export const WAKE_SERVER_FRAMES = {
  /** The server's public key: a point of P-256, uncompressed, as browsers take it. */
  WakeUpKey: { tag: 93, fields: { id: REQUEST_ID, key: bytes(65, 65) } },
} as const;
