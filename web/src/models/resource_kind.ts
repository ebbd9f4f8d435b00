/** What a business books, as its people call it: its resources' kind when they have one, else places. */

import type { BusinessView, ResourceKind } from '../sdk/protocol.ts';

export type NamedKind = ResourceKind | 'place';

/** Of a business that has nothing to book yet. */
export const FIRST_KINDS: Readonly<Record<BusinessView['kind'], ResourceKind>> = {
  restaurant: 'table',
  hairdresser: 'person',
  shop: 'person',
};

/** `of`: the kind of the business, which says it as long as there are no resources. */
export function namedKindOf(
  resources: readonly { readonly kind: ResourceKind }[],
  of: BusinessView['kind'] = 'restaurant',
): NamedKind {
  const kinds = new Set(resources.map(({ kind }) => kind));
  const [kind = FIRST_KINDS[of]] = kinds;
  return kinds.size > 1 ? 'place' : kind;
}
