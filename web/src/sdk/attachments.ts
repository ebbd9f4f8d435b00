/** Pictures, files and voice notes inside messages, as the page sees them. */

import { type Attachment, attachmentsOf } from '../content/attachment.ts';
import type { MimiContent } from '../content/mimi.ts';
import type { AttachmentView } from './protocol.ts';

/** The first attachment of a message, undefined when it has none that this device can fetch. */
export function attachmentOf(content: MimiContent): AttachmentView | undefined {
  const [attachment] = attachmentsOf(content);
  return attachment && viewOf(attachment);
}

function viewOf({ name, contentType, sizeBytes, facts, preview }: Attachment): AttachmentView {
  const { width, height, durationMs, waveform } = facts;
  return {
    name,
    mediaType: contentType,
    sizeBytes,
    ...(width === 0 ? {} : { width, height }),
    ...(durationMs === 0 ? {} : { durationMs }),
    ...(waveform.length === 0 ? {} : { waveform: [...waveform] }),
    ...(preview === null ? {} : { preview: preview.content }),
  };
}
