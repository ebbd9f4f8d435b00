/** Where a message stands among those of its conversation. */

/** Compared number by number. */
export type Place = readonly [ordinalMs: number, seq: number, position: number];

/** Less than 0 when `one` comes first. */
export function comparePlaces(one: Place, other: Place): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
