/** The browser's WebSocket behind our interface: Node's own, and one that a test plays. */

import { afterEach, describe, expect, test, vi } from 'vitest';

import { OperatorError } from '../../src/base/errors.ts';
import { type CloseReason, openWebSocket, type SocketListener } from '../../src/platform/socket.ts';

/** Stands in for `WebSocket`; the test is the network. */
class PlayedWebSocket extends EventTarget {
  static latest: PlayedWebSocket;

  binaryType = 'blob';
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  readonly closedWith: (number | undefined)[] = [];

  constructor(readonly url: string) {
    super();
    PlayedWebSocket.latest = this;
  }

  send(raw: Uint8Array): void {
    this.sent.push(raw);
    this.bufferedAmount += raw.length;
  }

  close(code?: number): void {
    this.closedWith.push(code);
  }

  message(content: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: content }));
  }

  end(code: number, reason: string): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}

function listener(): SocketListener & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    opened: () => told.push('opened'),
    received: (message) => told.push(message),
    closed: (reason) => told.push(reason),
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('with a network that is played', () => {
  function opened(): [ReturnType<typeof openWebSocket>, PlayedWebSocket, unknown[]] {
    vi.stubGlobal('WebSocket', PlayedWebSocket);
    const { told, ...listening } = listener();
    const socket = openWebSocket('ws://localhost/v1/socket', listening);
    return [socket, PlayedWebSocket.latest, told];
  }

  test('bytes come as bytes, texts as texts', () => {
    const [, played, told] = opened();
    expect([played.url, played.binaryType]).toEqual(['ws://localhost/v1/socket', 'arraybuffer']);
    played.dispatchEvent(new Event('open'));
    played.message(Uint8Array.of(1, 2).buffer);
    played.message('text');
    expect(told).toEqual(['opened', Uint8Array.of(1, 2), 'text']);
  });

  test('what is neither is no bytes', () => {
    const [, played, told] = opened();
    played.message(new Blob([]));
    expect(typeof told[0]).toBe('string');
  });

  test('what is sent is counted until it has left', () => {
    const [socket, played] = opened();
    socket.send(Uint8Array.of(1, 2, 3));
    expect(played.sent).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(socket.bufferedBytes).toBe(3);
    played.bufferedAmount = 0;
    expect(socket.bufferedBytes).toBe(0);
  });

  test('a goodbye is a normal one, and the other side may give its reason', () => {
    const [socket, played, told] = opened();
    socket.close();
    expect(played.closedWith).toEqual([1000]);
    played.end(1012, 'restart');
    expect(told).toEqual([{ code: 1012, sentence: 'restart' } satisfies CloseReason]);
  });
});

describe('a browser that does not even try', () => {
  function refusing(error: Error): () => void {
    vi.stubGlobal('WebSocket', function refuse() {
      throw error;
    });
    return () => openWebSocket('ws://localhost/', listener());
  }

  test('says so in a sentence', () => {
    const blocked = new DOMException('insecure', 'SecurityError');
    const opening = refusing(blocked);
    expect(opening).toThrow(OperatorError);
    expect(opening).toThrow(
      'This browser opens no connection to ws://localhost/: check the address.',
    );
  });

  test('for another reason is a fault of the program', () => {
    expect(refusing(new RangeError('odd'))).toThrow(RangeError);
  });
});

describe("Node's own WebSocket", () => {
  test('where nobody listens, it is closed without a goodbye', async () => {
    const { told, ...listening } = listener();
    const ended = Promise.withResolvers<CloseReason>();
    openWebSocket('ws://127.0.0.1:1/v1/socket', {
      ...listening,
      closed: (reason) => {
        ended.resolve(reason);
      },
    });
    expect((await ended.promise).code).toBe(1006);
    expect(told).toEqual([]);
  });

  test('with an address that is none, nothing begins', () => {
    expect(() => openWebSocket('http//nowhere', listener())).toThrow(OperatorError);
  });
});
