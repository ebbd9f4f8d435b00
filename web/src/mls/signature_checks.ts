/**
 * Signature checks that are collected while a message is read, and settled together at the edge.
 *
 * The core is synchronous; a browser verifies signatures several times faster in WebCrypto, which
 * is not (decision 0005). So reading adds its checks to a `SignatureChecks`, and the outermost
 * operation wraps its result in an `Unverified`: nobody gets at the result before every check
 * was settled, by a `SignatureVerifier` or at once in this thread.
 */

import { GroupUsageError, ProtocolError, SignatureRefused } from './errors.ts';

/** A signature algorithm of a cipher suite. Keys and signatures are bytes. */
export interface SignatureScheme {
  /** By which a `SignatureVerifier` knows whether the platform has the algorithm. */
  readonly name: 'ed25519' | 'p256';

  /** A fresh private and public key. */
  generate(): readonly [privateKey: Uint8Array, publicKey: Uint8Array];

  /** The public key of a private one. Throws KeyRefused. */
  publicOf(privateKey: Uint8Array): Uint8Array;

  /** Throws KeyRefused for bytes that are no public key. */
  checkPublic(publicKey: Uint8Array): void;

  /** Throws KeyRefused. */
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;

  /** Whether a signature verifies under a key that `checkPublic` let pass. Never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** One signature that must verify; `failure` makes the error that is thrown when it does not. */
export interface SignatureCheck {
  readonly scheme: SignatureScheme;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly failure: () => Error;
}

/** Verifies many signatures, somewhere else than in this thread. */
export interface SignatureVerifier {
  /** For each check, in order, whether its signature verifies. */
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>;
}

/** The failure of a check whose place has no name of its own. */
export function signatureRefused(): SignatureRefused {
  return new SignatureRefused('The signature does not verify.');
}

/** The checks of one operation, in the order in which it came upon them. */
export class SignatureChecks {
  readonly #checks: SignatureCheck[] = [];

  get count(): number {
    return this.#checks.length;
  }

  add(check: SignatureCheck): void {
    this.#checks.push(check);
  }

  /** Throws the failure of the first check that does not verify. */
  async settle(verifier: SignatureVerifier): Promise<void> {
    if (this.#checks.length === 0) {
      return;
    }
    const answers = await verifier.verify(this.#checks);
    for (const [index, check] of this.#checks.entries()) {
      if (answers[index] !== true) {
        throw check.failure();
      }
    }
  }

  /** The same in this thread, at once. */
  settleNow(): void {
    for (const { scheme, publicKey, message, signature, failure } of this.#checks) {
      if (!scheme.verify(publicKey, message, signature)) {
        throw failure();
      }
    }
  }
}

/**
 * The result of an operation whose signature checks are still open.
 *
 * `conclude` makes the result; it runs once, after all checks verified, so that what it changes
 * stays unchanged when one of them fails. It is settled once, by one of two methods.
 */
export class Unverified<T> {
  readonly #checks: SignatureChecks;
  readonly #conclude: () => T;
  #settled = false;

  constructor(checks: SignatureChecks, conclude: () => T) {
    this.#checks = checks;
    this.#conclude = conclude;
  }

  /** Signatures that wait for their verification. */
  get count(): number {
    return this.#checks.count;
  }

  /** The result. Throws the failure of the first check that does not verify. */
  async settle(verifier: SignatureVerifier): Promise<T> {
    this.#begin();
    await this.#checks.settle(verifier);
    return this.#conclude();
  }

  /** The same in this thread, at once. */
  settleNow(): T {
    this.#begin();
    this.#checks.settleNow();
    return this.#conclude();
  }

  /** The same checks with a further step in their conclusion; settle this one in its place. */
  followedBy<U>(step: (result: T) => U): Unverified<U> {
    this.#begin();
    return new Unverified(this.#checks, () => step(this.#conclude()));
  }

  #begin(): void {
    if (this.#settled) {
      throw new GroupUsageError('This result was already settled; run the operation again.');
    }
    this.#settled = true;
  }
}

/**
 * Run an operation that verifies signatures; its result waits for them, and so does a ProtocolError
 * that it throws: had it verified each signature where it came upon it, a bad one would have ended
 * it before. Otherwise whoever forges a message chooses what its reader believes to be wrong.
 *
 * Any other error says nothing of the message, e.g. that the judge must first ask somebody; it is
 * thrown at once.
 */
export function unverified<T>(operation: (checks: SignatureChecks) => T): Unverified<T> {
  const checks = new SignatureChecks();
  let conclude: () => T;
  try {
    const result = operation(checks);
    conclude = () => result;
  } catch (error) {
    if (!(error instanceof ProtocolError)) {
      throw error;
    }
    conclude = () => {
      throw error;
    };
  }
  return new Unverified(checks, conclude);
}

/** Verifies in this thread, one after another: for tests, and where there is no WebCrypto. */
export const HERE: SignatureVerifier = {
  verify: (checks) =>
    Promise.resolve(
      checks.map(({ scheme, publicKey, message, signature }) =>
        scheme.verify(publicKey, message, signature),
      ),
    ),
};
