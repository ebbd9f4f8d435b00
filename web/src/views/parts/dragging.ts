/**
 * A thing that is dragged, by whatever pointer: a mouse takes it as soon as it moves, a finger after it
 * was held still for a moment, so that a finger that moves at once scrolls as everywhere. In hand it
 * pulls what it lies in along, when it comes near an edge of it.
 */
import type { Attachment } from 'svelte/attachments';

import { HOLD_MS, MOST_MOVE_PX } from './long_press.ts';

/** A mouse that was pressed has moved when it is this far away. */
const MOUSE_MOVE_PX = 6;
/** So near to an edge it pulls, and at most so far in one frame. */
const EDGE_PX = 44;
const PULL_PX = 14;

/** What is scrolled, and the part of it in which things are seen, in the window's coordinates. */
export interface Field {
  readonly scroller: Element;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What becomes of it. Places are the window's coordinates. */
export interface Drag {
  readonly field: () => Field | undefined;
  /** Somebody wants to take it where they pressed; false: it stays. */
  readonly take: (x: number) => boolean;
  readonly move: (x: number, y: number) => void;
  readonly put: () => void;
  readonly back: () => void;
}

type Grip =
  { readonly stage: 'none' } | { readonly stage: 'pressed' | 'held'; readonly pointer: number };

class Dragging {
  readonly #drag: () => Drag;
  readonly #element: HTMLElement;
  #grip: Grip = { stage: 'none' };
  #isFinger = false;
  #hasMoved = false;
  #from = { x: 0, y: 0 };
  #at = { x: 0, y: 0 };
  #hold = 0;
  #frame = 0;
  /** The click that follows is not meant. */
  #swallows = false;

  constructor(element: HTMLElement, drag: () => Drag) {
    this.#element = element;
    this.#drag = drag;
  }

  down({ button, pointerId, pointerType, clientX: x, clientY: y }: PointerEvent): void {
    this.#swallows = false;
    if (button !== 0 || this.#grip.stage !== 'none') return;
    this.#grip = { stage: 'pressed', pointer: pointerId };
    this.#isFinger = pointerType !== 'mouse';
    this.#hasMoved = false;
    this.#from = { x, y };
    this.#at = { x, y };
    if (this.#isFinger) {
      this.#hold = window.setTimeout(() => {
        this.#take();
      }, HOLD_MS);
    }
  }

  move({ pointerId, clientX: x, clientY: y }: PointerEvent): void {
    if (this.#grip.stage === 'none' || this.#grip.pointer !== pointerId) return;
    this.#at = { x, y };
    const far = Math.hypot(x - this.#from.x, y - this.#from.y);
    if (this.#grip.stage === 'pressed') {
      if (this.#isFinger && far > MOST_MOVE_PX) this.#letGo();
      else if (!this.#isFinger && far >= MOUSE_MOVE_PX) this.#take();
    }
    if (this.#grip.stage === 'held') {
      this.#hasMoved ||= far > MOST_MOVE_PX;
      this.#drag().move(x, y);
    }
  }

  up({ pointerId }: PointerEvent): void {
    if (this.#grip.stage === 'none' || this.#grip.pointer !== pointerId) return;
    const isHeld = this.#grip.stage === 'held';
    this.#letGo();
    if (isHeld) this.#drag().put();
  }

  /** The browser has taken this pointer, to scroll; without one: the thing is gone. */
  cancel(pointer?: PointerEvent): void {
    if (this.#grip.stage === 'none') return;
    if (pointer !== undefined && this.#grip.pointer !== pointer.pointerId) return;
    const isHeld = this.#grip.stage === 'held';
    this.#letGo();
    if (isHeld) this.#drag().back();
  }

  /** Held, a finger does not scroll, nor ask for what a long press asks for elsewhere. */
  prevent(event: Event): void {
    const isMeant = event.type === 'contextmenu' ? this.#isFinger : true;
    if (this.#grip.stage === 'held' && isMeant && event.cancelable) event.preventDefault();
  }

  click(event: MouseEvent): void {
    if (this.#swallows) {
      this.#swallows = false;
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  #take(): void {
    const { stage } = this.#grip;
    if (stage !== 'pressed' || !this.#drag().take(this.#from.x)) {
      this.#letGo();
      return;
    }
    const { pointer } = this.#grip;
    this.#grip = { stage: 'held', pointer };
    this.#swallows = true;
    this.#element.setPointerCapture(pointer);
    this.#drag().move(this.#at.x, this.#at.y);
    this.#frame = requestAnimationFrame(() => {
      this.#pull();
    });
  }

  #letGo(): void {
    clearTimeout(this.#hold);
    cancelAnimationFrame(this.#frame);
    this.#grip = { stage: 'none' };
  }

  #pull(): void {
    const field = this.#drag().field();
    const { x, y } = this.#at;
    if (field !== undefined && this.#hasMoved) {
      const { scroller } = field;
      const [left, top] = [scroller.scrollLeft, scroller.scrollTop];
      scroller.scrollBy(pullOf(x, field.left, field.right), pullOf(y, field.top, field.bottom));
      if (left !== scroller.scrollLeft || top !== scroller.scrollTop) this.#drag().move(x, y);
    }
    this.#frame = requestAnimationFrame(() => {
      this.#pull();
    });
  }
}

/** How far to scroll when somebody holds a thing here between two edges: the nearer, the further. */
function pullOf(at: number, from: number, to: number): number {
  const share = (gap: number): number => 1 - Math.max(0, gap) / EDGE_PX;
  const back = share(at - from);
  const on = share(to - at);
  return back > 0 ? -Math.ceil(back * PULL_PX) : on > 0 ? Math.ceil(on * PULL_PX) : 0;
}

/** `drag` is asked for anew each time: what it closes over may change while something is in hand. */
export function dragged(drag: () => Drag): Attachment<HTMLElement> {
  return (element) => {
    const dragging = new Dragging(element, drag);
    const heard: readonly (readonly [string, (event: never) => void, AddEventListenerOptions?])[] =
      [
        ['pointerdown', dragging.down.bind(dragging)],
        ['pointermove', dragging.move.bind(dragging)],
        ['pointerup', dragging.up.bind(dragging)],
        ['pointercancel', dragging.cancel.bind(dragging)],
        ['touchmove', dragging.prevent.bind(dragging), { passive: false }],
        ['contextmenu', dragging.prevent.bind(dragging)],
        ['click', dragging.click.bind(dragging), { capture: true }],
      ];
    for (const [name, listener, options] of heard) {
      element.addEventListener(name, listener as EventListener, options);
    }
    return () => {
      dragging.cancel();
      for (const [name, listener, options] of heard) {
        element.removeEventListener(name, listener as EventListener, options);
      }
    };
  };
}
