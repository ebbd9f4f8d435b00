/** The one error of this room. */

import { RemoteError } from '../base/errors.ts';

/** Bytes that are not the content they should be; `code` says which rule they break. */
export class ContentError extends RemoteError {
  static override readonly code: string = 'bad_content';
}
