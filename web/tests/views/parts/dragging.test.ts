/** A thing in hand belongs to the pointer that took it. */

import { beforeEach, expect, test, vi } from 'vitest';

import { dragged } from '../../../src/views/parts/dragging.ts';

/** What of an element a thing that is dragged needs. */
class Piece extends EventTarget {
  readonly setPointerCapture = vi.fn();
}

let became: string[];
let piece: Piece;
let leave: (() => void) | undefined;

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', () => 0);
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
  became = [];
  piece = new Piece();
  const attach = dragged(() => ({
    field: () => undefined,
    take: () => became.push('taken') > 0,
    move: () => undefined,
    put: () => became.push('put'),
    back: () => became.push('back'),
  }));
  leave = attach(piece as unknown as HTMLElement) ?? undefined;
});

function point(what: string, pointerId: number, clientX: number): void {
  const fields = { button: 0, pointerId, pointerType: 'mouse', clientX, clientY: 0 };
  piece.dispatchEvent(Object.assign(new Event(what), fields));
}

function take(): void {
  point('pointerdown', 1, 0);
  point('pointermove', 1, 20);
}

test('what the browser does with another finger leaves it in hand', () => {
  take();
  point('pointercancel', 2, 20);
  expect(became).toEqual(['taken']);
  point('pointerup', 1, 20);
  expect(became).toEqual(['taken', 'put']);
});

test('it goes back when the browser takes its own pointer', () => {
  take();
  point('pointercancel', 1, 20);
  expect(became).toEqual(['taken', 'back']);
});

test('it goes back when it leaves the page', () => {
  take();
  leave?.();
  expect(became).toEqual(['taken', 'back']);
});
