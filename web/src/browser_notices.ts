/** Notifications, badge, sound and the service worker's choices, from this browser's globals. */

import type { AccountSlot } from './base/account_slots.ts';
import type { NoticeSide } from './models/notifier.svelte.ts';
import { Chime } from './platform/chime.ts';
import { NoticeBoard } from './platform/notice_board.ts';
import { dropChoices, keepChoices } from './platform/notice_choices.ts';
import type { UnreadCounts } from './platform/unread_counts.ts';

/** Those of the account in this slot. Each part is absent where the browser has none. */
export function browserNotices(slot: AccountSlot, counts: UnreadCounts): NoticeSide {
  const chime = new Chime(() => ('AudioContext' in window ? new AudioContext() : undefined));
  const board = new NoticeBoard({
    notification:
      'Notification' in window
        ? {
            get permission(): NotificationPermission {
              return Notification.permission;
            },
            ask: () => Notification.requestPermission(),
          }
        : undefined,
    registration: async () =>
      'serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : undefined,
    badge: async (count) => {
      if ('setAppBadge' in navigator) {
        await navigator.setAppBadge(count);
      }
    },
  });
  return {
    board,
    isHidden: () => document.visibilityState === 'hidden',
    chime: () => void chime.play(),
    keep: (choices) => keepChoices(indexedDB, slot, choices),
    tally: (unread) => counts.put(slot, unread),
    drop: async () => {
      await counts.drop(slot);
      await dropChoices(indexedDB, slot);
    },
  };
}
