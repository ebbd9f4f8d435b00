/** Steps that may be refused. */

import { PlauschError } from '../base/errors.ts';

/** What the step gives; undefined when it was refused, which `refused` is told. Defects go on. */
export async function attempt<T>(
  step: () => Promise<T>,
  refused: (error: PlauschError) => void,
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof PlauschError)) {
      throw error;
    }
    refused(error);
    return undefined;
  }
}
