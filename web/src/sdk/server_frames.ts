/** The server in frames: each word of `server.ts` as one request over the transport. */

import type { AccountOwn } from '../vault/account_own.ts';
import { signLogin } from '../identity/login.ts';
import { APPLICATION, type Envelope as WireEnvelope, PROPOSAL } from '../wire/frames.ts';
import type { Push } from '../wire/session.ts';
import type { Greet } from './account.ts';
import { socketUrl } from './address.ts';
import { connect, type Outside } from './connection.ts';
import type { Envelope, Server } from './server.ts';
import type { Pushed } from './sync.ts';
import { logIn, type SignedLogin, type Transport } from './transport.ts';

/** The login of a device, for the server that asks for it. */
export function signedLogin(
  own: AccountOwn,
): (hello: { readonly domain: string; readonly nonce: Uint8Array }) => SignedLogin {
  return ({ domain, nonce }) => ({
    device: own.device.uri,
    signature: signLogin(own.deviceKey, domain, nonce, own.device),
  });
}

/** How a device that has no account yet reaches a server. */
export function greeting(outside: Outside): Greet {
  return async (serverUrl) => {
    const url = socketUrl(serverUrl);
    const never = new AbortController().signal;
    const [connection, hello] = await connect(url, () => undefined, outside, never);
    return {
      domain: hello.domain,
      register: async (own, invitation) => {
        await connection.ask('Register', {
          name: own.device.account.name,
          kind: own.kind,
          invitation,
          certificate: own.certificate,
          deviceList: own.deviceList,
        });
      },
      logIn: async (own) => {
        const domain = own.device.account.domain;
        await logIn(connection, hello, { url, domain, sign: signedLogin(own) });
      },
      disconnect: () => connection.disconnect(),
    };
  };
}

/** What is pushed, in the words of this program; undefined for what nobody here listens to. */
export function pushedOf(push: Push): Pushed | undefined {
  switch (push.frame) {
    case 'Delivery': {
      const { conversation, head, envelopes } = push;
      return { push: 'delivery', conversation, head, envelopes: envelopes.map(envelopeOf) };
    }
    case 'MailboxMoved':
      return { push: 'mail' };
    case 'CursorMoved':
      return {
        push: 'cursor',
        conversation: push.conversation,
        device: push.device,
        seq: push.seq,
      };
    case 'DeviceListMoved':
      return { push: 'device_list', name: push.name };
    case 'Ephemeral':
    case 'PairingMessage':
      return undefined;
  }
}

/** The part of the server that is about reports, profiles and wake-ups. */
function servicesOver(
  transport: Transport,
): Pick<
  Server,
  | ('report' | 'wakeUpKey' | 'setWakeUp' | 'dropWakeUp')
  | ('profile' | 'publishProfile' | 'withdrawProfile' | 'searchDirectory')
> {
  return {
    report: async (report) => {
      await transport.ask('Report', report);
    },
    profile: async (name) => (await transport.ask('GetProfile', { name })).profile,
    publishProfile: async (profile) => {
      await transport.ask('PublishProfile', { profile });
    },
    withdrawProfile: async (profile) => {
      await transport.ask('WithdrawProfile', { profile });
    },
    searchDirectory: (query) => transport.ask('SearchDirectory', query),
    wakeUpKey: async () => (await transport.ask('GetWakeUpKey', {})).key,
    setWakeUp: async (endpoint) => {
      await transport.ask('SetWakeUp', { endpoint });
    },
    dropWakeUp: async () => {
      await transport.ask('DropWakeUp', {});
    },
  };
}

/** The part of the server that is about blobs. */
function blobsOver(
  transport: Transport,
): Pick<Server, 'beginBlob' | 'putBlobChunk' | 'getBlobChunk' | 'dropBlob'> {
  return {
    beginBlob: async (blob, length, digest) =>
      (await transport.ask('BeginBlob', { blob, length, digest })).offset,
    putBlobChunk: async (blob, offset, chunk) =>
      (await transport.ask('PutBlobChunk', { blob, offset, chunk })).offset,
    getBlobChunk: async (blob, offset, limit) =>
      (await transport.ask('GetBlobChunk', { blob, offset, limit })).chunk,
    dropBlob: async (blob) => {
      await transport.ask('DropBlob', { blob });
    },
  };
}

/** The server behind a transport. */
export function serverOver(transport: Transport): Server {
  return {
    ...blobsOver(transport),
    ...servicesOver(transport),
    get isOnline() {
      return transport.isOnline;
    },
    get generation() {
      return transport.generation;
    },
    waitOnline: () => transport.waitOnline(),
    getAccount: (name) => transport.ask('GetAccount', { name }),
    publishDeviceList: async (deviceList, certificates) => {
      await transport.ask('PublishDeviceList', { deviceList, certificates });
    },
    uploadKeyPackages: async (keyPackages, lastResort) => {
      await transport.ask('UploadKeyPackages', { keyPackages, lastResort });
    },
    claimKeyPackages: async (name, suite, devices) => {
      const answer = await transport.ask('ClaimKeyPackages', { name, suite, devices });
      return answer.keyPackages.map(([, keyPackage]) => keyPackage);
    },
    createConversation: async ({ bytes: conversation }, groupInfo) => {
      await transport.ask('CreateConversation', { conversation, groupInfo });
    },
    append: ({ bytes: conversation }, epoch, kind, message, idempotencyId) =>
      transport.ask('Append', {
        conversation,
        epoch: Number(epoch),
        kind: kind === 'proposal' ? PROPOSAL : APPLICATION,
        message,
        idempotencyId,
        quiet: kind !== 'message',
      }),
    appendCommit: ({ bytes: conversation }, epoch, bundle, idempotencyId) =>
      transport.ask('AppendCommit', {
        conversation,
        epoch: Number(epoch),
        message: bundle.commit,
        idempotencyId,
        groupInfo: bundle.groupInfo,
        welcome: bundle.welcome,
        welcomeTo: [...bundle.welcomeTo],
      }),
    read: async ({ bytes: conversation }, after, limit) => {
      const answer = await transport.ask('Read', { conversation, after, limit });
      return { head: answer.head, envelopes: answer.envelopes.map(envelopeOf) };
    },
    resume: async (after) => {
      const { mailbox, moved, more } = await transport.ask('Resume', { after });
      return { hasMail: mailbox > 0, moved, hasMore: more };
    },
    cursors: async ({ bytes: conversation }) =>
      (await transport.ask('GetCursors', { conversation })).cursors,
    readMailbox: async (after, limit) =>
      (await transport.ask('ReadMailbox', { after, limit })).items,
    keepBackup: async ({ adoptionKey, lookup }, record, blob, believed) => {
      await transport.ask('KeepBackup', { lookup, adoptionKey, record, blob, believed });
    },
    dropBackup: async () => {
      await transport.ask('DropBackup', {});
    },
    acknowledge: (conversation, seq) => {
      transport.tell('Acknowledge', { conversation, seq });
    },
    acknowledgeMailbox: (item) => {
      transport.tell('AcknowledgeMailbox', { item });
    },
  };
}

function envelopeOf(envelope: WireEnvelope): Envelope {
  return envelope;
}
