/** What a conversation of the stage is unless a scene says otherwise. */

import type { ConversationView } from '../../src/sdk/protocol.ts';

export function blankConversation(nowMs: number): Omit<ConversationView, 'id'> {
  return {
    kind: 'direct',
    title: '',
    participants: [],
    admins: [],
    state: 'open',
    isRequest: false,
    isBlocked: false,
    changed: [],
    unread: 0,
    activeAtMs: nowMs,
    isPinned: false,
    isArchived: false,
    mutedUntilMs: 0,
    isMentionsOnly: false,
    draft: '',
    expiresAfterS: 0,
  };
}
