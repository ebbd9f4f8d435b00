/**
 * The web app's end of the wire, for tests/interop/test_wire.py: requests and answers in JSON,
 * bytes in hexadecimal digits. It stands behind stdin.mjs under Node.
 */

import { toHex } from '../../src/base/bytes.ts';
import { PlauschError } from '../../src/base/errors.ts';
import { DeviceAddress } from '../../src/base/ids.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { signLogin } from '../../src/identity/login.ts';
import { TIMERS } from '../../src/platform/clock.ts';
import { type CloseReason, openWebSocket } from '../../src/platform/socket.ts';
import { socketUrl } from '../../src/sdk/address.ts';
import { connect, type Connection, type Outside } from '../../src/sdk/connection.ts';
import { Transport } from '../../src/sdk/transport.ts';
import { decodeServer, WireError } from '../../src/wire/codec.ts';
import { Fields } from './fields.ts';

type Answer = Readonly<Record<string, unknown>>;

/** How sockets were closed, the last one last. */
const goodbyes: CloseReason[] = [];

const outside: Outside = {
  timers: TIMERS,
  openSocket: (url, listener) =>
    openWebSocket(url, {
      opened: () => {
        listener.opened();
      },
      received: (message) => {
        listener.received(message);
      },
      closed: (reason) => {
        goodbyes.push(reason);
        listener.closed(reason);
      },
    }),
};

const connections = new Map<string, Connection>();

const operations: Readonly<
  Record<string, (name: string, asked: Fields) => Answer | Promise<Answer>>
> = {
  /** What a device makes of a server's bytes. */
  decode(_, asked) {
    try {
      return { frame: written(decodeServer(asked.bytes('raw'))) };
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      return { refused: error.message };
    }
  },

  async connect(name, asked) {
    const url = socketUrl(asked.text('url'));
    const [connection, hello] = await connect(url, () => undefined, outside);
    connections.set(name, connection);
    return { hello: written(hello) };
  },

  /** A login whose signature is nobody's. */
  async logIn(name, asked) {
    return failed(
      existing(name).ask('Login', {
        device: asked.text('device'),
        signature: new Uint8Array(64),
      }),
    );
  },

  /** Why the connection has ended, once it has. */
  async lost(name) {
    const { reason, closing } = await existing(name).lost;
    return { reason, closing: closing?.code ?? '' };
  },

  async disconnect(name) {
    await existing(name).disconnect();
    return { code: goodbyes.at(-1)?.code };
  },

  /** The first things that a transport tells, with a login that the server refuses. */
  async transport(_, asked) {
    const told = Promise.withResolvers<string>();
    const transport = new Transport(
      {
        url: socketUrl(asked.text('url')),
        domain: asked.text('domain'),
        sign: () => ({ device: asked.text('device'), signature: new Uint8Array(64) }),
        onPush: () => undefined,
        onOnline: () => Promise.resolve(),
        onChange: (_isOnline, failure) => {
          told.resolve(failure?.message ?? '');
        },
      },
      outside,
    );
    transport.start();
    const sentence = await told.promise;
    const { failure, generation } = transport;
    await transport.close();
    return { sentence, code: failure?.code, generation };
  },

  /** Keeps a device online, until `close`. */
  async stayOnline(name, asked) {
    const key = SigningKey.fromBytes(asked.bytes('key'));
    const device = DeviceAddress.parseUri(asked.text('device'));
    const back = Promise.withResolvers<undefined>();
    const transport = new Transport(
      {
        url: socketUrl(asked.text('url')),
        domain: device.account.domain,
        sign: ({ domain, nonce }) => ({
          device: device.uri,
          signature: signLogin(key, domain, nonce, device),
        }),
        onPush: () => undefined,
        onOnline: async () => {
          await transport.ask('Resume', { after: new Uint8Array(0) });
        },
        onChange: (isOnline) => {
          if (isOnline && transport.generation > 1) {
            back.resolve(undefined);
          }
        },
      },
      outside,
    );
    transports.set(name, { transport, isBack: back.promise });
    transport.start();
    return lookedUp(transport, asked.text('account'));
  },

  /** Once its connection was lost and has come back. */
  async backOnline(name, asked) {
    const { transport, isBack } = running(name);
    await isBack;
    return lookedUp(transport, asked.text('account'));
  },

  async close(name) {
    const { transport } = running(name);
    await transport.close();
    return { isOnline: transport.isOnline };
  },
};

interface Running {
  readonly transport: Transport;
  readonly isBack: Promise<undefined>;
}

const transports = new Map<string, Running>();

async function lookedUp(transport: Transport, name: string): Promise<Answer> {
  await transport.waitOnline();
  transport.hurry();
  const account = await transport.ask('GetAccount', { name });
  return { account: written(account), generation: transport.generation };
}

function running(name: string): Running {
  const found = transports.get(name);
  if (found === undefined) {
    throw new Error(`There is no transport ${name}.`);
  }
  return found;
}

function existing(name: string): Connection {
  const connection = connections.get(name);
  if (connection === undefined) {
    throw new Error(`There is no connection ${name}.`);
  }
  return connection;
}

async function failed(asking: Promise<unknown>): Promise<Answer> {
  try {
    await asking;
  } catch (error) {
    if (!(error instanceof PlauschError)) {
      throw error;
    }
    return { code: error.code, fault: error.fault, sentence: error.message };
  }
  return {};
}

/** Bytes become hexadecimal digits. */
function written(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return toHex(value);
  }
  if (Array.isArray(value)) {
    return value.map(written);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, written(item)]));
  }
  return value;
}

/** The answer to one request, both in JSON. Never throws: an error is an answer. */
export async function answer(line: string): Promise<string> {
  const asked = Fields.parse(line);
  const id = asked.number('id');
  try {
    const operation = operations[asked.text('operation')];
    if (operation === undefined) {
      throw new Error('There is no such operation.');
    }
    return JSON.stringify({ id, ...(await operation(asked.text('client'), asked)) });
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return JSON.stringify({ id, error: why });
  }
}
