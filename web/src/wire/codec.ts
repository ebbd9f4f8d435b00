/**
 * Frames to bytes and back (spec/wire.md): msgpack, decoded strictly into types.
 *
 * Nothing but `WireError` is thrown on hostile bytes.
 */

import { encode as encodeMsgpack } from '@msgpack/msgpack';

import { LocalError, RemoteError } from '../base/errors.ts';
import { expectation, type Fields, fitsText, int, type Kind, type Layout } from './frame.ts';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  SERVER_FRAMES,
  type ServerFrame,
  type ServerFrameName,
} from './frames.ts';
import { Reader, Unreadable } from './reader.ts';

/** Limit of an ordinary frame from a device. */
export const FRAME_BYTES = 256 * 1024;

/** Limit of a frame with a GroupInfo, a Commit's bundle or a report, and of any server frame. */
export const BUNDLE_BYTES = 2 * 1024 * 1024;

/** Limit of the MLS message in `Append` and `SendEphemeral`. */
export const MESSAGE_BYTES = 64 * 1024;

/**
 * The other side sent what the protocol does not allow; the connection cannot go on.
 *
 * `code` is `bad_frame`, `too_large`, `wrong_state`, `bad_version` or `bad_answer`.
 */
export class WireError extends RemoteError {
  static override readonly code: string = 'bad_frame';
}

const TAG = int(0, 0x7f);

const SERVER_FRAMES_BY_TAG: ReadonlyMap<number, readonly [ServerFrameName, Layout]> = new Map(
  Object.entries(SERVER_FRAMES).map(([name, layout]) => [
    layout.tag,
    [name as ServerFrameName, layout],
  ]),
);

/**
 * The frame as one WebSocket binary message.
 *
 * Throws LocalError for a value that the other side could not read, e.g. a fraction.
 */
export function encode(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  const { tag, fields }: Layout = CLIENT_FRAMES[frame.frame];
  return encodeMsgpack([tag, ...elements(frame.frame, fields, { ...frame })]);
}

/** A frame from the server. Throws WireError. */
export function decodeServer(raw: Uint8Array): ServerFrame {
  if (raw.length > BUNDLE_BYTES) {
    throw new WireError(
      `The frame has ${raw.length} bytes, and at most ${BUNDLE_BYTES} are accepted here; send ` +
        'less at once.',
      { code: 'too_large' },
    );
  }
  try {
    return readServer(new Reader(raw));
  } catch (error) {
    if (!(error instanceof Unreadable)) {
      throw error;
    }
    throw new WireError(
      `The frame could not be read: ${error.reason}. Frames are described in spec/wire.md.`,
    );
  }
}

function readServer(reader: Reader): ServerFrame {
  const length = reader.listLength();
  const found = SERVER_FRAMES_BY_TAG.get(length === 0 ? -1 : reader.int(TAG));
  if (found === undefined) {
    throw new Unreadable('its tag is no frame of a server');
  }
  const [name, { fields }] = found;
  const values = reader.fields(fields, length - 1);
  reader.finish();
  return { frame: name, ...values } as ServerFrame; // the layout is where this type comes from
}

/** The fields' values in their order, each looked at. */
function elements(
  owner: string,
  fields: Fields,
  values: Readonly<Record<string, unknown>>,
): unknown[] {
  return Object.entries(fields).map(([name, kind]) =>
    element(`${owner}.${name}`, kind, values[name]),
  );
}

function element(place: string, kind: Kind, value: unknown): unknown {
  if (kind.kind === 'list' && Array.isArray(value) && value.length <= kind.most) {
    return value.map((item) => element(place, kind.item, item));
  }
  if (kind.kind === 'record' && typeof value === 'object' && value !== null) {
    return elements(place, kind.fields, { ...value });
  }
  if (!fits(kind, value)) {
    throw new LocalError(`${place} cannot be sent: it has to be ${expectation(kind)}.`);
  }
  return value;
}

/** Devices send no pairs; lists and records are looked at item by item. */
function fits(kind: Kind, value: unknown): boolean {
  switch (kind.kind) {
    case 'int':
      return (
        Number.isSafeInteger(value) && Number(value) >= kind.least && Number(value) <= kind.most
      );
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && fitsText(value, kind.most);
    case 'bytes':
      return value instanceof Uint8Array && value.length >= kind.least && value.length <= kind.most;
    case 'flag':
      return typeof value === 'boolean';
    case 'list':
    case 'pair':
    case 'record':
      return false;
  }
}
