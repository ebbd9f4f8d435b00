/** Where the arrow keys lead in the plan: from booking to booking, or a booking in hand to a place. */

import type { Axis, Piece, Row, Target } from './day_plan.ts';

/** Moves are in steps of this. */
export const STEP_MINUTES = 15;
const HOUR = 60;

/** Rows down and minutes later, for each key that moves. */
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -STEP_MINUTES],
  ArrowRight: [0, STEP_MINUTES],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  PageUp: [0, -HOUR],
  PageDown: [0, HOUR],
};

/** Where a key takes a booking that is in hand; undefined for a key that moves nothing. */
export function movedBy(
  key: string,
  { resource, minute }: Target,
  rows: readonly Row[],
  axis: Axis,
): Target | undefined {
  const move = MOVES[key];
  if (move === undefined) {
    return undefined;
  }
  const [down, later] = move;
  const at = rows.findIndex(({ identifier }) => identifier === resource);
  const row = rows[Math.max(0, Math.min(rows.length - 1, at + down))];
  return {
    resource: row?.identifier ?? resource,
    minute: withinAxis(minute + later, axis),
  };
}

/** A begin that can be seen: not before the picture's, and a step before its end at the latest. */
export function withinAxis(minute: number, { fromMinute, toMinute }: Axis): number {
  return Math.max(fromMinute, Math.min(toMinute - STEP_MINUTES, minute));
}

/** One piece of a plan, by the row in which it has the focus. */
export function keyOf(row: Row, piece: Piece): string {
  return `${row.identifier}|${piece.key}`;
}

/** Whether a key walks through the plan. */
export function isStep(key: string): boolean {
  return /^Arrow(Left|Right|Up|Down)$/.test(key);
}

/**
 * The key of the piece to which an arrow leads: the next one in the row, or the one nearest in time
 * in the next row that has any; undefined at the edge.
 */
export function walkedTo(
  key: string,
  row: Row,
  piece: Piece,
  rows: readonly Row[],
): string | undefined {
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const next = row.pieces[row.pieces.indexOf(piece) + (key === 'ArrowLeft' ? -1 : 1)];
    return next && keyOf(row, next);
  }
  const at = rows.indexOf(row);
  const rest = key === 'ArrowUp' ? rows.slice(0, at).reverse() : rows.slice(at + 1);
  const other = rest.find(({ pieces }) => pieces.length > 0);
  const [nearest] = [...(other?.pieces ?? [])].sort(
    (one, two) =>
      Math.abs(one.fromMinute - piece.fromMinute) - Math.abs(two.fromMinute - piece.fromMinute),
  );
  return other && nearest && keyOf(other, nearest);
}

/** The stretches of the picture in which the business is closed. */
export function closedIn(
  spans: readonly { readonly opensMinute: number; readonly closesMinute: number }[],
  { fromMinute, toMinute }: Axis,
): readonly (readonly [number, number])[] {
  const gaps: (readonly [number, number])[] = [];
  let from = fromMinute;
  for (const { opensMinute, closesMinute } of spans) {
    if (opensMinute > from) {
      gaps.push([from, opensMinute]);
    }
    from = Math.max(from, closesMinute);
  }
  return from < toMinute ? [...gaps, [from, toMinute]] : gaps;
}
