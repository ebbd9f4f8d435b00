/** The business's model, for the views that are shown only while there is one. */
import type { Business } from '../../models/business.svelte.ts';
import { useApp } from '../context.ts';

/** Throws Error where there is no business: such a view is never shown then. */
export function useBusiness(): Business {
  const { business } = useApp();
  if (business === undefined) {
    throw new Error('This view belongs to a business.');
  }
  return business;
}
