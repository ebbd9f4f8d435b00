/**
 * Errors that say whose fault it is and what to do (habit 3 of the house).
 *
 * Every error a user can meet derives from `PlauschError`; its text is a sentence for people,
 * its `code` a stable word for programs.
 */

/**
 * Who has to change something for the operation to succeed.
 *
 * `local`: the caller: a wrong argument, a missing file, a call in the wrong state.
 * `remote`: the other side: a peer or a server sent what the protocol does not allow.
 * `operator`: the machine: disk full, database away, no network.
 */
export type Fault = 'local' | 'remote' | 'operator';

export interface ErrorOptions {
  readonly code?: string;
  readonly fault?: Fault;
  readonly cause?: unknown;
}

/**
 * Base of all expected failures.
 *
 * `code` is lower_snake_case and stable; `message` is one clear sentence: what is wrong, where,
 * and what to do about it.
 */
export class PlauschError extends Error {
  static readonly fault: Fault = 'local';
  static readonly code: string = 'error';

  readonly code: string;
  readonly fault: Fault;

  constructor(sentence: string, options: ErrorOptions = {}) {
    super(sentence, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = options.code ?? new.target.code;
    this.fault = options.fault ?? new.target.fault;
  }
}

/** The caller asked for something that cannot be. */
export class LocalError extends PlauschError {
  static override readonly fault: Fault = 'local';
  static override readonly code: string = 'usage';
}

/** The other side broke the protocol or refused. */
export class RemoteError extends PlauschError {
  static override readonly fault: Fault = 'remote';
  static override readonly code: string = 'protocol';
}

/** The machine or its surroundings failed. */
export class OperatorError extends PlauschError {
  static override readonly fault: Fault = 'operator';
  static override readonly code: string = 'unavailable';
}
