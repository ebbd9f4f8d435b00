/** Connections to a scripted server, for the tests of connections. */

import { connect, type Connection } from '../../src/sdk/connection.ts';
import type { ServerFrame } from '../../src/wire/frames.ts';
import type { AnswerTo, Push } from '../../src/wire/session.ts';
import { DEVICE, type HELLO } from '../wire/server_side.ts';
import { Scripted } from './scripted.ts';

export const SERVER = 'ws://localhost:7480/v1/socket';
export const SIGNATURE = new Uint8Array(64);

export function connected(script: Scripted): Promise<readonly [Connection, typeof HELLO]> {
  return connect(SERVER, () => undefined, script.outside);
}

/** A connection on which everything is allowed, and what was pushed on it. */
export async function resumed(script: Scripted): Promise<[Connection, Push[]]> {
  const pushes: Push[] = [];
  const [connection] = await connect(SERVER, (push) => pushes.push(push), script.outside);
  await connection.ask('Login', { device: DEVICE, signature: SIGNATURE });
  await connection.ask('Resume', { after: new Uint8Array(0) });
  return [connection, pushes];
}

export function lookUp(connection: Connection, name: string): Promise<AnswerTo<'GetAccount'>> {
  return connection.ask('GetAccount', { name });
}

export function account(id: number, name: string): ServerFrame {
  const nothing = new Uint8Array(0);
  return { frame: 'Account', id, name, kind: 'person', identityKey: nothing, deviceList: nothing };
}

/** A server that knows everybody. */
export function knowing(script = new Scripted()): Scripted {
  script.answer = (frame) => (frame.frame === 'GetAccount' ? [account(frame.id, frame.name)] : []);
  return script;
}
