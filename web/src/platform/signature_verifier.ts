/**
 * Signatures verified by the browser (decision 0005): WebCrypto takes a tenth of the time that the
 * core's own code takes, and works on a whole batch beside this thread.
 *
 * Where the browser lacks an algorithm, or refuses a key or signature by throwing, the core's own
 * code answers.
 */

import { fromHex, toHex } from '../base/bytes.ts';
import type {
  SignatureCheck,
  SignatureScheme,
  SignatureVerifier,
} from '../mls/signature_checks.ts';

/** Imported keys remembered at once: those of a large group. */
const REMEMBERED_KEYS = 2048;

/** Bytes of one of the two numbers of an ECDSA signature over P-256. */
const SCALAR_LENGTH = 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** How WebCrypto names a scheme, and how a signature looks there. */
interface Translation {
  readonly importAs: AlgorithmIdentifier | EcKeyImportParams;
  readonly verifyAs: AlgorithmIdentifier | EcdsaParams;
  readonly signature: (raw: Uint8Array) => Uint8Array | undefined;
}

const TRANSLATIONS: Readonly<Record<SignatureScheme['name'], Translation>> = {
  ed25519: {
    importAs: 'Ed25519',
    verifyAs: 'Ed25519',
    signature: (raw) => raw,
  },
  p256: {
    importAs: { name: 'ECDSA', namedCurve: 'P-256' },
    verifyAs: { name: 'ECDSA', hash: 'SHA-256' },
    signature: derToRaw,
  },
};

/** RFC 8032 section 7.1, test 1: a signature of the empty message. */
const KNOWN_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const KNOWN_SIGNATURE =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b' +
  'd25bf5f0595bbe24655141438e7a100b';

/** Verifies batches with WebCrypto. One instance serves a worker for its life. */
export class WebCryptoVerifier implements SignatureVerifier {
  readonly #subtle: SubtleCrypto | undefined;
  readonly #keys = new Map<string, Promise<CryptoKey>>();
  #hasEd25519: Promise<boolean> | undefined;

  /** `subtle` is `crypto.subtle`, which is undefined where the page is not a secure context. */
  constructor(subtle: SubtleCrypto | undefined) {
    this.#subtle = subtle;
  }

  async verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    const subtle = this.#subtle;
    if (subtle === undefined) {
      return checks.map(verifyHere);
    }
    this.#hasEd25519 ??= knowsEd25519(subtle);
    const hasEd25519 = await this.#hasEd25519;
    return Promise.all(
      checks.map(async (check) =>
        check.scheme.name === 'ed25519' && !hasEd25519
          ? verifyHere(check)
          : await this.#verifyThere(subtle, check),
      ),
    );
  }

  async #verifyThere(subtle: SubtleCrypto, check: SignatureCheck): Promise<boolean> {
    const translation = TRANSLATIONS[check.scheme.name];
    const signature = translation.signature(check.signature);
    if (signature === undefined) {
      return false;
    }
    try {
      const key = await this.#importKey(subtle, check, translation);
      return await subtle.verify(translation.verifyAs, key, own(signature), own(check.message));
    } catch {
      return verifyHere(check);
    }
  }

  #importKey(
    subtle: SubtleCrypto,
    check: SignatureCheck,
    translation: Translation,
  ): Promise<CryptoKey> {
    const name = `${check.scheme.name}/${toHex(check.publicKey)}`;
    let key = this.#keys.get(name);
    if (key === undefined) {
      if (this.#keys.size >= REMEMBERED_KEYS) {
        this.#keys.clear();
      }
      key = subtle.importKey('raw', own(check.publicKey), translation.importAs, false, ['verify']);
      this.#keys.set(name, key);
    }
    return key;
  }
}

/**
 * The two numbers of a DER-encoded ECDSA signature in a row, as WebCrypto wants them; undefined
 * unless `der` is the one encoding of numbers that fit (RFC 3279 section 2.2.3, X.690).
 */
export function derToRaw(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 127) {
    return undefined;
  }
  const raw = new Uint8Array(2 * SCALAR_LENGTH);
  let at = 2;
  for (const end of [SCALAR_LENGTH, 2 * SCALAR_LENGTH]) {
    const number = readInteger(der, at);
    if (number === undefined) {
      return undefined;
    }
    const digits = number[0] === 0 ? number.subarray(1) : number;
    if (digits.length > SCALAR_LENGTH) {
      return undefined;
    }
    raw.set(digits, end - digits.length);
    at += 2 + number.length;
  }
  return at === der.length ? raw : undefined;
}

/** The contents of the non-negative INTEGER that begins at `at`, in its shortest form. */
function readInteger(der: Uint8Array, at: number): Uint8Array | undefined {
  const length = der[at + 1];
  if (der[at] !== 0x02 || length === undefined || length === 0 || at + 2 + length > der.length) {
    return undefined;
  }
  const number = der.subarray(at + 2, at + 2 + length);
  const [first = 0, second = 0] = number;
  const isNegative = first >= 0x80;
  const isPadded = length > 1 && first === 0 && second < 0x80;
  return isNegative || isPadded ? undefined : number;
}

/** Whether the browser has the algorithm, and does it as RFC 8032 says. */
async function knowsEd25519(subtle: SubtleCrypto): Promise<boolean> {
  try {
    const raw = own(fromHex(KNOWN_KEY));
    const key = await subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    const signature = own(fromHex(KNOWN_SIGNATURE));
    return await subtle.verify('Ed25519', key, signature, new Uint8Array(0));
  } catch {
    return false;
  }
}

function verifyHere({ scheme, publicKey, message, signature }: SignatureCheck): boolean {
  return scheme.verify(publicKey, message, signature);
}

/** A copy in a buffer that is surely not shared, which WebCrypto asks for. */
function own(raw: Uint8Array): Bytes {
  return new Uint8Array(raw);
}
