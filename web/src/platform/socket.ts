/** A WebSocket behind the little that a connection needs of it. */

import { OperatorError } from '../base/errors.ts';

/** Told by a socket, in this order; nothing more after `closed`. */
export interface SocketListener {
  opened(): void;

  /** One message: bytes, or a text. */
  received(message: Uint8Array | string): void;

  /** The end, however it came: after `close`, by the other side, or because nothing was reached. */
  closed(reason: CloseReason): void;
}

/** WebSocket's number (RFC 6455, 7.4) and the words beside it; 1006: without a goodbye. */
export interface CloseReason {
  readonly code: number;
  readonly sentence: string;
}

export interface Socket {
  /** Bytes that are sent but have not left this machine. */
  readonly bufferedBytes: number;

  /** One binary message. What is sent to a socket that is closing is lost. */
  send(raw: Uint8Array<ArrayBuffer>): void;

  /** Say goodbye once everything sent has left. Twice is once. */
  close(): void;
}

/**
 * Begins to connect; the listener is told nothing before the socket is returned.
 *
 * Throws OperatorError when the browser does not even try.
 */
export type OpenSocket = (url: string, listener: SocketListener) => Socket;

const NORMAL_CLOSURE = 1000;

/** The browser's WebSocket. */
export const openWebSocket: OpenSocket = (url, listener) => {
  const socket = started(url);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => {
    listener.opened();
  });
  socket.addEventListener('message', (event: MessageEvent<unknown>) => {
    listener.received(
      event.data instanceof ArrayBuffer ? new Uint8Array(event.data) : String(event.data),
    );
  });
  socket.addEventListener('close', ({ code, reason }) => {
    listener.closed({ code, sentence: reason });
  });
  return {
    get bufferedBytes(): number {
      return socket.bufferedAmount;
    },
    send: (raw) => {
      socket.send(raw);
    },
    close: () => {
      socket.close(NORMAL_CLOSURE);
    },
  };
};

function started(url: string): WebSocket {
  try {
    return new WebSocket(url);
  } catch (error) {
    if (!(error instanceof DOMException)) {
      throw error;
    }
    throw new OperatorError(`This browser opens no connection to ${url}: check the address.`, {
      cause: error,
    });
  }
}
