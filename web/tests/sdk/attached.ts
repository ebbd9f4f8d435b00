/** An attachment as somebody might send it. */

import { Attachment, Facts, Preview } from '../../src/content/attachment.ts';
import { StreamKey } from '../../src/content/stream.ts';
import { DOMAIN } from './identities.ts';

export function anAttachment(change: Partial<Attachment> = {}): Attachment {
  return new Attachment({
    domain: DOMAIN,
    blob: new Uint8Array(32).fill(7),
    secret: new StreamKey(new Uint8Array(32), new Uint8Array(7)),
    digest: new Uint8Array(32),
    sizeBytes: 1000,
    contentType: 'image/png',
    name: 'picture.png',
    preview: null,
    facts: new Facts({}),
    ...change,
  });
}

export function aPreview(): Preview {
  return new Preview('image/webp', Uint8Array.of(1, 2, 3));
}
