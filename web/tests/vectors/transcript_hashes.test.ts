/** transcript-hashes.json (RFC 9420 section 8.2). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { AuthenticatedContent } from '../../src/mls/framing.ts';
import { suite } from '../../src/mls/suite.ts';
import { confirmedTranscriptHash, interimTranscriptHash } from '../../src/mls/transcript.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly cipher_suite: number;
  readonly authenticated_content: string;
  readonly confirmation_key: string;
  readonly interim_transcript_hash_before: string;
  readonly confirmed_transcript_hash_after: string;
  readonly interim_transcript_hash_after: string;
}

test.each(VECTOR_SUITES)('both hashes of suite %i', (id) => {
  const cases = vectors<Case>('transcript-hashes').filter((item) => item.cipher_suite === id);
  expect(cases.length).toBe(1);
  for (const item of cases) {
    const crypto = suite(id);
    const message = AuthenticatedContent.fromBytes(fromHex(item.authenticated_content));
    expect(toHex(message.toBytes())).toBe(item.authenticated_content);
    const confirmed = confirmedTranscriptHash(
      crypto,
      fromHex(item.interim_transcript_hash_before),
      message.wireFormat,
      message.content.encoded,
      message.signature,
    );
    expect(toHex(confirmed)).toBe(item.confirmed_transcript_hash_after);
    const tag = crypto.mac(fromHex(item.confirmation_key), confirmed);
    expect(message.confirmationTag).toEqual(tag);
    const interim = interimTranscriptHash(crypto, confirmed, tag);
    expect(toHex(interim)).toBe(item.interim_transcript_hash_after);
  }
});
