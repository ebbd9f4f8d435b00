/** The order of frames: what may be sent when, and which answer belongs to what. */

import { describe, expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { WireError } from '../../src/wire/codec.ts';
import {
  CLIENT_FRAMES,
  type ClientFrame,
  type ClientFrameName,
  SERVER_FRAMES,
  type ServerFrame,
} from '../../src/wire/frames.ts';
import {
  ALLOWED,
  ANSWERS,
  ClientSession,
  isPush,
  PUSHED_IN,
  PUSHES,
  type State,
  STEPS,
  UNANSWERED,
} from '../../src/wire/session.ts';
import { CONVERSATION, decodeClient, DEVICE, encodeServer, HELLO } from './server_side.ts';
import { type Example, isFromDevice, readExample, WIRE } from './vectors.ts';

/** One valid frame of every type. */
function samples(ofDevice: boolean): Example[] {
  const found = new Map<string, Example>();
  for (const example of WIRE.examples) {
    if (isFromDevice(example) === ofDevice && !found.has(example.frame)) {
      found.set(example.frame, example);
    }
  }
  return [...found.values()];
}

const CLIENT = samples(true).map(readExample);
const SERVER = samples(false).map(readExample) as unknown as ServerFrame[];
const PUSH: ServerFrame = { frame: 'MailboxMoved', item: 3 };

const client = (name: ClientFrameName): ClientFrame => CLIENT.find(({ frame }) => frame === name)!;

function down(session: ClientSession, frame: ServerFrame): ServerFrame {
  return session.receiveBytes(encodeServer(frame));
}

function refusal(id: number, code = 'limit'): ServerFrame {
  const said = { code, sentence: 'No.', fault: 'local', retryAfterMs: 0, epoch: -1, head: -1 };
  return { frame: 'Refused', id, ...said };
}

/** A session in a state, with nothing unanswered. */
function sessionIn(state: State): ClientSession {
  const session = new ClientSession();
  down(session, HELLO);
  if (state === 'registering') {
    session.sendFrame({ ...client('Register'), id: session.nextId() } as ClientFrame);
  } else if (state === 'recovering') {
    session.sendFrame({ ...client('GetBackup'), id: session.nextId() } as ClientFrame);
  } else if (state === 'meeting' || state === 'pairing') {
    const id = session.nextId();
    session.sendFrame({ ...client('OpenPairing'), id } as ClientFrame);
    if (state === 'pairing') {
      down(session, { frame: 'Done', id });
    }
  } else if (state === 'closed') {
    down(session, { frame: 'Closing', code: 'replaced', sentence: 'Bye.', retryAfterMs: 0 });
  } else if (state !== 'opening') {
    const id = session.nextId();
    session.sendFrame({ frame: 'Login', id, device: DEVICE, signature: new Uint8Array(64) });
    if (state !== 'logging_in') {
      down(session, {
        frame: 'LoggedIn',
        id,
        serverTimeMs: 0,
        keyPackages: 0,
        hasLastResort: true,
      });
    }
    if (state === 'resumed') {
      const resume = session.nextId();
      session.sendFrame({ frame: 'Resume', id: resume, after: new Uint8Array(0) });
      down(session, { frame: 'Resumed', id: resume, moved: [], mailbox: 0, more: false });
    }
  }
  expect(session.state).toBe(state);
  return session;
}

function broken(session: ClientSession, frame: ServerFrame): WireError {
  const before = session.state;
  try {
    down(session, frame);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    expect(session.state).toBe(before);
    return error as WireError;
  }
  throw new Error(`${frame.frame} was taken.`);
}

const STATES = Object.keys(ALLOWED) as State[];

describe('the tables are those of Python', () => {
  test('answers', () => {
    const asked = WIRE.frames.filter(({ answer }) => answer !== undefined);
    expect(ANSWERS).toEqual(Object.fromEntries(asked.map(({ name, answer }) => [name, answer])));
  });

  test('frames without an answer, and pushes', () => {
    expect([...UNANSWERED].sort()).toEqual(WIRE.session.unanswered);
    expect([...PUSHES].sort()).toEqual(WIRE.session.pushes);
    expect(Object.keys(CLIENT_FRAMES).sort()).toEqual(
      [...Object.keys(ANSWERS), ...UNANSWERED].sort(),
    );
  });

  test('when pushes may come', () => {
    const pushed = STATES.map((state) => [
      state,
      [...PUSHES]
        .filter((name) => PUSHED_IN[name as keyof typeof PUSHED_IN].includes(state))
        .sort(),
    ]);
    expect(Object.fromEntries(pushed)).toEqual(WIRE.session.pushed);
  });

  test('what is allowed', () => {
    const allowed = STATES.map((state) => [state, [...ALLOWED[state]].sort()]);
    expect(Object.fromEntries(allowed)).toEqual(WIRE.session.allowed);
  });

  test('steps', () => {
    const steps = STATES.flatMap((state) =>
      Object.entries(STEPS[state]).map(([frame, after]) => [state, frame, after].join(' ')),
    );
    expect(steps.sort()).toEqual(WIRE.session.steps.map((step) => step.join(' ')).sort());
  });
});

test('a registration, then a login, then pushes', () => {
  const session = sessionIn('opening');
  session.sendFrame({ ...client('Register'), id: 1 } as ClientFrame);
  expect(session.state).toBe('registering');
  down(session, { frame: 'Done', id: 1 });
  expect(session.state).toBe('opening');
  session.sendFrame({ frame: 'Login', id: 2, device: DEVICE, signature: new Uint8Array(64) });
  expect(session.state).toBe('logging_in');
  down(session, { frame: 'LoggedIn', id: 2, serverTimeMs: 1, keyPackages: 1, hasLastResort: true });
  expect(session.state).toBe('logged_in');
  session.sendFrame({ frame: 'Resume', id: 3, after: new Uint8Array(0) });
  down(session, PUSH); // may overtake the answer
  down(session, { frame: 'Resumed', id: 3, moved: [], mailbox: 0, more: true });
  session.sendFrame({ frame: 'Resume', id: 4, after: CONVERSATION });
  down(session, { frame: 'Resumed', id: 4, moved: [], mailbox: 0, more: false });
  expect([session.state, session.unanswered]).toEqual(['resumed', 0]);
  down(session, { frame: 'Closing', code: 'server_restart', sentence: 'Bye.', retryAfterMs: 0 });
  expect(session.state).toBe('closed');
});

test('two devices meet before either has logged in', () => {
  const session = sessionIn('meeting');
  const message = Uint8Array.of(1);
  down(session, { frame: 'PairingMessage', number: 1, message }); // may overtake the answer
  down(session, { frame: 'Done', id: 1 });
  expect(session.state).toBe('pairing');
  session.sendFrame({ frame: 'SendPairing', id: 2, number: 1, message });
  down(session, { frame: 'PairingMessage', number: 2, message });
  down(session, { frame: 'Done', id: 2 });
  session.sendFrame({ frame: 'EndPairing', id: 3 });
  down(session, refusal(3));
  expect([session.state, session.unanswered]).toEqual(['pairing', 0]);
});

test.each(['GetBackup', 'AdoptDevice'] as const)('%s leads back to the opening', (name) => {
  const answer = SERVER.find(({ frame }) => frame === ANSWERS[name])!;
  for (const given of [answer, refusal(1)]) {
    const session = sessionIn('opening');
    session.sendFrame({ ...client(name), id: 1 } as ClientFrame);
    expect(session.state).toBe('recovering');
    down(session, { ...given, id: 1 } as ServerFrame);
    expect([session.state, session.unanswered]).toEqual(['opening', 0]);
  }
});

test.each(['Register', 'Login', 'OpenPairing'] as const)(
  'a refused %s leads back to the opening',
  (name) => {
    const session = sessionIn('opening');
    session.sendFrame({ ...client(name), id: 1 } as ClientFrame);
    down(session, refusal(1, 'bad_signature'));
    expect([session.state, session.unanswered]).toEqual(['opening', 0]);
  },
);

describe.each(STATES)('while %s', (state) => {
  test.each(CLIENT)('$frame is sent if it is allowed', (frame) => {
    const session = sessionIn(state);
    const before = session.unanswered;
    const numbered = 'id' in frame ? { ...frame, id: session.nextId() } : frame;
    if (ALLOWED[state].has(frame.frame)) {
      expect(decodeClient(session.sendFrame(numbered))).toEqual(numbered);
      expect(session.unanswered).toBe(before + (UNANSWERED.has(frame.frame) ? 0 : 1));
      return;
    }
    expect(() => session.sendFrame(numbered)).toThrow(LocalError);
    expect(() => session.sendFrame(numbered)).toThrow(/cannot be sent while the connection is/);
    expect([session.state, session.unanswered]).toEqual([state, before]);
  });
});

describe('Hello', () => {
  test('comes before anything is sent', () => {
    const session = new ClientSession();
    expect(session.hello).toBeUndefined();
    expect(() => session.sendFrame(client('Login'))).toThrow("waiting for the server's Hello");
  });

  test.each(SERVER.filter(({ frame }) => frame !== 'Hello' && frame !== 'Closing'))(
    'comes before $frame',
    (frame) => {
      expect(broken(new ClientSession(), frame).message).toContain('not Hello');
    },
  );

  test('may be replaced by a goodbye', () => {
    const session = new ClientSession();
    down(session, { frame: 'Closing', code: 'too_many', sentence: 'Full.', retryAfterMs: 1 });
    expect(session.state).toBe('closed');
  });

  test('comes once', () => {
    const session = sessionIn('opening');
    expect(session.hello).toEqual(HELLO);
    const error = broken(session, HELLO);
    expect([error.code, error.message]).toEqual([
      'wrong_state',
      'The server sent Hello a second time.',
    ]);
  });

  test('of another version is refused', () => {
    const error = broken(new ClientSession(), { ...HELLO, version: 2 });
    expect([error.code, error.fault]).toEqual(['bad_version', 'remote']);
    expect(error.message).toContain('version 2');
  });
});

describe('pushes', () => {
  const pushes = SERVER.filter(isPush);

  test.each(pushes)('$frame comes only when it may', (frame) => {
    for (const state of STATES.filter((one) => one !== 'closed')) {
      if (PUSHED_IN[frame.frame].includes(state)) {
        expect(down(sessionIn(state), frame)).toEqual(frame);
      } else {
        expect(broken(sessionIn(state), frame).message).toMatch(/pushed \w+ while the connection/);
      }
    }
  });

  test('are those of the vectors', () => {
    expect(pushes.map(({ frame }) => frame).sort()).toEqual(WIRE.session.pushes);
    expect(isPush(HELLO)).toBe(false);
  });
});

describe('answers', () => {
  const answers = SERVER.filter(({ frame }) => Object.values<string>(ANSWERS).includes(frame));
  const requests = CLIENT.filter(({ frame }) => Object.hasOwn(ANSWERS, frame));

  test.each(requests)('$frame takes its own answer only', (request) => {
    for (const answer of answers) {
      const session = sessionIn(STATES.find((state) => ALLOWED[state].has(request.frame))!);
      const id = session.nextId();
      session.sendFrame({ ...request, id } as ClientFrame);
      const given = { ...answer, id } as ServerFrame;
      if (ANSWERS[request.frame as keyof typeof ANSWERS] === answer.frame) {
        expect(down(session, given)).toEqual(given);
        expect(session.unanswered).toBe(0);
      } else {
        const error = broken(session, given);
        expect(error.code).toBe('bad_answer');
        expect(error.message).toBe(`${answer.frame} is no answer to ${request.frame}.`);
      }
    }
  });

  test('to nothing, and second ones, are refused', () => {
    const session = sessionIn('logged_in');
    expect(broken(session, { frame: 'Done', id: 77 }).message).toContain('was not asked');
    const id = session.nextId();
    session.sendFrame({ frame: 'GetAccount', id, name: 'cem' });
    down(session, refusal(id));
    expect(broken(session, refusal(id)).code).toBe('bad_answer');
  });

  test('that refuse without an id belong to no request', () => {
    const session = sessionIn('logged_in');
    session.sendFrame({ frame: 'GetAccount', id: session.nextId(), name: 'cem' });
    expect(down(session, refusal(0))).toEqual(refusal(0));
    expect(session.unanswered).toBe(1);
  });
});

test('an id in use is the mistake of the caller', () => {
  const session = sessionIn('logged_in');
  session.sendFrame({ frame: 'GetAccount', id: 9, name: 'cem' });
  expect(() => session.sendFrame({ frame: 'GetAccount', id: 9, name: 'cem' })).toThrow(LocalError);
  expect(session.unanswered).toBe(1);
});

test('a frame with a value that is none was never sent', () => {
  const session = sessionIn('opening');
  const signature = new Uint8Array(63);
  const id = session.nextId();
  expect(() => session.sendFrame({ frame: 'Login', id, device: DEVICE, signature })).toThrow(
    'Login.signature cannot be sent: it has to be 64 bytes.',
  );
  expect([session.state, session.unanswered]).toEqual(['opening', 0]);
});

test('ids are never used twice', () => {
  const session = new ClientSession();
  const ids = Array.from({ length: 1000 }, () => session.nextId());
  expect(new Set(ids).size).toBe(1000);
  expect(Math.min(...ids)).toBe(1);
});

test('after Closing there is nothing', () => {
  const session = sessionIn('closed');
  expect(broken(session, PUSH).message).toBe('The server sent a frame after Closing.');
  expect(() => session.sendFrame(client('Resume'))).toThrow('while the connection is closed.');
});

test('bytes that are no frame leave everything as it was', () => {
  const session = sessionIn('logging_in');
  expect(() => session.receiveBytes(Uint8Array.of(0x92, 4, 0xc0))).toThrow(WireError);
  expect([session.state, session.unanswered]).toEqual(['logging_in', 1]);
});

test('every frame of the server is known to the session', () => {
  const known = new Set<string>([...PUSHES, ...Object.values(ANSWERS)]);
  expect(Object.keys(SERVER_FRAMES).filter((name) => !known.has(name))).toEqual([
    'Hello',
    'Refused',
    'Closing',
  ]);
});

test('any walk through the states keeps count of what is unanswered', () => {
  let seed = 7;
  const dice = (sides: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * sides);
  };
  for (let walk = 0; walk < 40; walk += 1) {
    const session = sessionIn('opening');
    const asked = new Map<number, ClientFrameName>();
    for (let turn = 0; turn < 60; turn += 1) {
      const sample = CLIENT[dice(CLIENT.length)]!;
      if (asked.size > 0 && dice(2) === 0) {
        const [id, request] = [...asked][dice(asked.size)]!;
        const answer = SERVER.find(
          ({ frame }) => frame === ANSWERS[request as keyof typeof ANSWERS],
        );
        down(session, dice(3) === 0 ? refusal(id) : ({ ...answer, id } as ServerFrame));
        asked.delete(id);
      } else if (ALLOWED[session.state].has(sample.frame)) {
        const id = session.nextId();
        session.sendFrame('id' in sample ? { ...sample, id } : sample);
        if ('id' in sample) {
          asked.set(id, sample.frame);
        }
      }
      expect(session.unanswered).toBe(asked.size);
    }
  }
});
