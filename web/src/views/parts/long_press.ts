/** A long press of a finger, or the right button of a mouse: both ask for the actions on a thing. */
import type { Attachment } from 'svelte/attachments';

/** So long is a finger held still to mean more than a tap, and so far may it move meanwhile. */
export const HOLD_MS = 480;
export const MOST_MOVE_PX = 10;

/** Calls `open` with the pointer's place; the click that follows a long press does nothing. */
export function longPress(open: (x: number, y: number) => void): Attachment<HTMLElement> {
  return (element) => {
    let timer = 0;
    let from = { x: 0, y: 0 };
    let swallows = false;
    const stop = (): void => {
      clearTimeout(timer);
      timer = 0;
    };
    const down = ({ pointerType, clientX: x, clientY: y }: PointerEvent): void => {
      swallows = false;
      if (pointerType === 'touch') {
        from = { x, y };
        timer = window.setTimeout(() => {
          swallows = true;
          open(x, y);
        }, HOLD_MS);
      }
    };
    const move = ({ clientX: x, clientY: y }: PointerEvent): void => {
      if (timer !== 0 && Math.hypot(x - from.x, y - from.y) > MOST_MOVE_PX) {
        stop();
      }
    };
    const menu = (event: MouseEvent): void => {
      event.preventDefault();
      if (timer === 0 && !swallows) {
        open(event.clientX, event.clientY);
      }
    };
    const click = (event: MouseEvent): void => {
      if (swallows) {
        swallows = false;
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    };
    const heard = [
      ['pointerdown', down],
      ['pointermove', move],
      ['pointerup', stop],
      ['pointercancel', stop],
      ['contextmenu', menu],
    ] as const;
    for (const [name, listener] of heard) {
      element.addEventListener(name, listener as EventListener);
    }
    element.addEventListener('click', click, true);
    return () => {
      stop();
      for (const [name, listener] of heard) {
        element.removeEventListener(name, listener as EventListener);
      }
      element.removeEventListener('click', click, true);
    };
  };
}
