/* eslint-disable @typescript-eslint/no-unnecessary-condition, @typescript-eslint/switch-exhaustiveness-check, @typescript-eslint/no-unnecessary-type-assertion -- this server answers the few frames of a pairing only */
/** A relay for pairings in memory, as the server has it, and what it may do to its guests. */

import { toHex } from '../../src/base/bytes.ts';
import type { Outside } from '../../src/sdk/connection.ts';
import type { ClientFrameOf, ServerFrame } from '../../src/wire/frames.ts';
import { HELLO } from '../wire/server_side.ts';
import { ManualTimers } from '../platform/manual_timers.ts';
import { Peer, refused } from './scripted.ts';

interface Half {
  token: string;
  peer: Peer | undefined;
  readonly messages: Uint8Array[];
}

type Opened = ClientFrameOf<'OpenPairing'>;

/** The server. */
export class PairingServer {
  readonly timers = new ManualTimers();
  readonly peers: Peer[] = [];

  /** What becomes of a message on its way to the other side (0 goes to side 1): none, one, many. */
  alter: (side: number, message: Uint8Array) => readonly Uint8Array[] = (_, message) => [message];

  /** What the server says to be. */
  domain: string = HELLO.frame === 'Hello' ? HELLO.domain : '';
  isThere = true;

  /** Whether it lets in without saying so. */
  isSilent = false;
  readonly #pairings = new Map<string, readonly [Half, Half]>();
  readonly #of = new Map<Peer, readonly [name: string, side: number]>();

  get outside(): Outside {
    return {
      timers: this.timers,
      openSocket: (_, listener) => {
        const peer: Peer = new Peer(listener, (frame) => {
          switch (frame.frame) {
            case 'OpenPairing':
              return this.#open(peer, frame);
            case 'SendPairing':
              return this.#send(peer, frame);
            case 'EndPairing':
              return this.#end(peer, frame.id);
            default:
              return [];
          }
        });
        this.peers.push(peer);
        if (this.isThere) {
          peer.open();
          peer.say({ ...HELLO, domain: this.domain } as ServerFrame);
        } else {
          peer.cut();
        }
        return peer;
      },
    };
  }

  get count(): number {
    return this.#pairings.size;
  }

  /** Every connection is lost; `forgets`: as by a restart. */
  cut(forgets = false): void {
    for (const peer of this.#of.keys()) {
      peer.cut();
    }
    this.#of.clear();
    for (const [half, other] of this.#pairings.values()) {
      half.peer = undefined;
      other.peer = undefined;
    }
    if (forgets) {
      this.#pairings.clear();
    }
  }

  #open(peer: Peer, { after, id, pairing, side, token }: Opened): ServerFrame[] {
    const name = toHex(pairing);
    const fresh = (): Half => ({ token: '', peer: undefined, messages: [] });
    const halves = this.#pairings.get(name) ?? ([fresh(), fresh()] as const);
    this.#pairings.set(name, halves);
    const [mine, other] = side === 0 ? halves : [halves[1], halves[0]];
    if (mine.token !== '' && mine.token !== toHex(token)) {
      return [refused(id, 'pairing_taken', 'Another device is here.')];
    }
    mine.token = toHex(token);
    mine.peer = peer;
    this.#of.set(peer, [name, side]);
    const missed = other.messages
      .slice(after)
      .map((message, at) => pushed(after + at + 1, message));
    return this.isSilent ? missed : [...missed, { frame: 'Done', id }];
  }

  #send(peer: Peer, { id, message, number }: ClientFrameOf<'SendPairing'>): ServerFrame[] {
    const [name, side] = this.#of.get(peer) ?? ['', 0];
    const halves = this.#pairings.get(name);
    if (halves === undefined) {
      return [refused(id, 'pairing_over', 'It is over.')];
    }
    const [mine, other] = side === 0 ? halves : [halves[1], halves[0]];
    if (number === mine.messages.length + 1) {
      for (const passed of this.alter(side, message)) {
        mine.messages.push(passed);
        other.peer?.say(pushed(mine.messages.length, passed));
      }
    }
    return [{ frame: 'Done', id }];
  }

  #end(peer: Peer, id: number): ServerFrame[] {
    const [name, side] = this.#of.get(peer) ?? ['', 0];
    const halves = this.#pairings.get(name);
    this.#pairings.delete(name);
    halves?.[side === 0 ? 1 : 0].peer?.say({
      ...{ frame: 'Closing', code: 'pairing_over', sentence: 'It is over.', retryAfterMs: 0 },
    });
    return [{ frame: 'Done', id }];
  }
}

function pushed(number: number, message: Uint8Array): ServerFrame {
  return { frame: 'PairingMessage', number, message };
}
