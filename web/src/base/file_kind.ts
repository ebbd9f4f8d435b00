/** What a file is to people, by what its sender says of it. */

/** `voice`: a recording that is played in place; `picture`: one that every browser draws. */
export type FileKind = 'voice' | 'picture' | 'file';

/** What is known of a file before it is here. */
export interface Described {
  readonly mediaType: string;
  readonly durationMs?: number;
}

export function fileKindOf({ mediaType, durationMs }: Described): FileKind {
  if (mediaType.startsWith('audio/') && durationMs !== undefined) {
    return 'voice';
  }
  return /^image\/(?:jpeg|png|webp|gif|avif)$/.test(mediaType) ? 'picture' : 'file';
}
