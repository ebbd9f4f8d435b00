/** The delivery service behind sockets: frames in, frames out, as a real server's edge has it. */

import { parseCertificate } from '../../src/identity/certificate.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { ConversationId } from '../../src/base/ids.ts';
import { TIMERS } from '../../src/platform/clock.ts';
import type { Outside } from '../../src/sdk/connection.ts';
import { ServerRefused } from '../../src/sdk/errors.ts';
import type { Pushed } from '../../src/sdk/sync.ts';
import type { ClientFrame, ClientFrameOf, ServerFrame } from '../../src/wire/frames.ts';
import { HELLO } from '../wire/server_side.ts';
import { type Delivery, refusal } from './delivery.ts';
import { NOW_S } from './identities.ts';
import { Line } from './line.ts';
import { idOf, Peer } from './scripted.ts';

type Name = ClientFrame['frame'];
type Table = {
  readonly [N in Name]?: (line: Line, frame: ClientFrameOf<N>) => Promise<object> | object;
};

/** How each request is answered by a line; the name and the id of the answer are put beside it. */
const ANSWERS: Table = {
  GetAccount: async (line, { name }) => ({
    ...{ frame: 'Account', name },
    ...(await line.getAccount(name)),
  }),
  PublishDeviceList: (line, { deviceList }) => done(line.publishDeviceList(deviceList)),
  UploadKeyPackages: (line, { keyPackages, lastResort }) =>
    done(line.uploadKeyPackages(keyPackages, lastResort)),
  ClaimKeyPackages: async (line, { name, suite, devices }) => ({
    frame: 'KeyPackages',
    keyPackages: (await line.claimKeyPackages(name, suite, devices)).map((one) => [
      devices[0],
      one,
    ]),
  }),
  CreateConversation: (line, { conversation, groupInfo }) =>
    done(line.createConversation(ConversationId.of(conversation), groupInfo)),
  Append: async (line, { conversation, epoch, kind, message, idempotencyId, quiet }) => ({
    frame: 'Appended',
    ...(await line.append(
      ...([ConversationId.of(conversation), BigInt(epoch)] as const),
      ...([kind === 2 ? 'proposal' : quiet ? 'quiet' : 'message', message, idempotencyId] as const),
    )),
  }),
  AppendCommit: async (line, { conversation, epoch, message, idempotencyId, ...more }) => ({
    frame: 'Appended',
    ...(await line.appendCommit(
      ...([ConversationId.of(conversation), BigInt(epoch)] as const),
      ...([{ ...more, commit: message }, idempotencyId] as const),
    )),
  }),
  Read: async (line, { conversation, after, limit }) => ({
    ...{ frame: 'Envelopes', conversation },
    ...(await line.read(ConversationId.of(conversation), after, limit)),
  }),
  Resume: async (line, { after }) => {
    const { hasMail, moved, hasMore } = await line.resume(after);
    const all = moved.map((one) => ({ ...one, cursor: 0, epoch: 0 }));
    return { frame: 'Resumed', moved: all, mailbox: hasMail ? 1 : 0, more: hasMore };
  },
  GetCursors: async (line, { conversation }) => ({
    ...{ frame: 'Cursors', conversation },
    cursors: await line.cursors(ConversationId.of(conversation)),
  }),
  ReadMailbox: async (line, { after, limit }) => ({
    frame: 'Mailbox',
    items: (await line.readMailbox(after, limit)).map((item) => ({ ...item, sender: line.device })),
  }),
  BeginBlob: async (line, { blob, length }) => ({
    ...{ frame: 'BlobStands', length },
    offset: await line.beginBlob(blob, length),
  }),
  PutBlobChunk: async (line, { blob, offset, chunk }) => ({
    ...{ frame: 'BlobStands', length: 2 ** 30 },
    offset: await line.putBlobChunk(blob, offset, chunk),
  }),
  GetBlobChunk: async (line, { blob, offset, limit }) => ({
    ...{ frame: 'BlobChunk', length: 2 ** 30 },
    chunk: await line.getBlobChunk(blob, offset, limit),
  }),
  DropBlob: (line, { blob }) => done(line.dropBlob(blob)),
  SetWakeUp: (line, { endpoint }) => done(line.setWakeUp(endpoint)),
  DropWakeUp: (line) => done(line.dropWakeUp()),
  GetProfile: async (line, { name }) => ({ frame: 'Profile', profile: await line.profile(name) }),
  GetWakeUpKey: async (line) => ({ frame: 'WakeUpKey', key: await line.wakeUpKey() }),
  Acknowledge: (line, { conversation, seq }) => {
    line.acknowledge(conversation, seq);
    return {};
  },
  AcknowledgeMailbox: (line, { item }) => {
    line.acknowledgeMailbox(item);
    return {};
  },
};

async function done(step: Promise<void>): Promise<object> {
  await step;
  return { frame: 'Done' };
}

/** Where devices connect to. */
export class Office {
  readonly peers: Peer[] = [];

  /** What was asked over all connections. */
  readonly heard: Name[] = [];
  isOpen = true;

  /** Its clock, as it is told at each login. */
  nowMs = NOW_S * 1000;

  constructor(readonly delivery: Delivery) {}

  get outside(): Outside {
    return {
      timers: TIMERS,
      openSocket: (_, listener) => {
        let line: Line | undefined;
        const peer: Peer = new Peer(listener, (frame) => {
          this.heard.push(frame.frame);
          if (frame.frame === 'Login') {
            line = this.#logIn(peer, frame);
          } else {
            void this.#answer(peer, line, frame);
          }
          return [];
        });
        this.peers.push(peer);
        if (this.isOpen) {
          peer.open();
          peer.say(HELLO);
        } else {
          peer.cut();
        }
        return peer;
      },
    };
  }

  /** All connections are lost. */
  cut(): void {
    for (const line of this.delivery.lines) {
      line.cut();
    }
    this.delivery.lines.clear();
    for (const peer of this.peers.splice(0)) {
      peer.cut();
    }
  }

  #logIn(peer: Peer, { id, device }: ClientFrameOf<'Login'>): Line | undefined {
    const kept = this.delivery.devices.get(device);
    if (kept === undefined) {
      peer.say(refusedFrame(id, refusal('unknown_device')));
      return undefined;
    }
    const line = new Line(this.delivery, device);
    line.connect();
    line.listener = (pushed) => {
      peer.say(pushFrame(pushed));
    };
    const { length: keyPackages } = kept.packages;
    const hasLastResort = kept.lastResorts.size > 0;
    peer.say({ frame: 'LoggedIn', id, serverTimeMs: this.nowMs, keyPackages, hasLastResort });
    return line;
  }

  async #answer(peer: Peer, line: Line | undefined, frame: ClientFrame): Promise<void> {
    const id = idOf(frame);
    try {
      if (frame.frame === 'Register') {
        this.#register(frame);
        peer.say({ frame: 'Done', id });
        return;
      }
      const answer = ANSWERS[frame.frame] as
        ((line: Line, frame: ClientFrame) => Promise<object> | object) | undefined;
      if (line === undefined || answer === undefined) {
        throw refusal('not_allowed');
      }
      const found = await answer(line, frame);
      if ('frame' in found) {
        peer.say({ ...found, id } as ServerFrame);
      }
    } catch (error) {
      if (error instanceof ServerRefused) {
        peer.say(refusedFrame(id, error));
      }
    }
  }

  #register({ name, kind, deviceList, certificate }: ClientFrameOf<'Register'>): void {
    if (this.delivery.accounts.has(name)) {
      throw refusal('name_taken');
    }
    const { identityKey } = parseDeviceList(deviceList);
    const { device } = parseCertificate(certificate);
    this.delivery.register(name, { kind, identityKey, deviceList }, device.uri);
  }
}

function refusedFrame(id: number, error: ServerRefused): ServerFrame {
  const { code, fault, message: sentence, retryAfterMs, epoch, head } = error;
  return { frame: 'Refused', id, code, fault, sentence, retryAfterMs, epoch, head };
}

function pushFrame(pushed: Pushed): ServerFrame {
  switch (pushed.push) {
    case 'delivery': {
      const { conversation, head, envelopes } = pushed;
      return { frame: 'Delivery', conversation, head, envelopes: [...envelopes] };
    }
    case 'mail':
      return { frame: 'MailboxMoved', item: 1 };
    case 'cursor':
      return { frame: 'CursorMoved', ...pushed };
    case 'device_list':
      return { frame: 'DeviceListMoved', name: pushed.name };
  }
}
