/** The newest line of each conversation, kept beside it so that the list needs no history. */

import { fileKindOf } from '../base/file_kind.ts';
import { StorageUnavailable } from '../platform/database.ts';
import type { LastLine } from '../vault/conversations.ts';
import type { Core, Live } from './core.ts';
import { folded } from './reading.ts';
import { messageView } from './views.ts';

/** Characters of a message that its row in the list keeps. */
export const EXCERPT_CHARACTERS = 160;

/**
 * Look at the newest shown row again, write it beside the conversation if it has changed, and tell
 * that the conversation's row has. Not to be called inside `Core.changing`, whose turn it takes: of
 * two looks the later one counts, and a conversation that was forgotten meanwhile stays forgotten.
 */
export async function lastLine(core: Core, live: Live): Promise<void> {
  const isHere = await core.changing(live, async () => {
    if (core.live(live.id) !== live) {
      return false;
    }
    const last = await newest(core, live);
    if (JSON.stringify(last) !== JSON.stringify(live.kept.last)) {
      live.kept.last = last;
      await written(core, live);
    }
    return true;
  });
  if (isHere) {
    core.feed.tell({ what: 'conversation', conversation: live.id });
  }
}

/**
 * What the line is about is written already, and may not seem refused because a full disk takes no
 * more: then the line is written with the conversation's next change.
 */
async function written(core: Core, live: Live): Promise<void> {
  try {
    await core.vault.write([await core.conversations.put(live.kept)]);
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) {
      throw error;
    }
  }
}

async function newest(core: Core, live: Live): Promise<LastLine | undefined> {
  const rows = await core.messages.before([live.id], 1);
  const [shown] = await folded(core, [live.id], rows);
  if (shown === undefined) {
    return undefined;
  }
  const view = messageView(shown, new Map());
  return {
    message: view.id,
    text: view.text.slice(0, EXCERPT_CHARACTERS),
    kind: view.kind,
    ...(view.attachment === undefined ? {} : { file: fileKindOf(view.attachment) }),
    event: view.event,
    sender: view.sender,
    isOutgoing: view.isOutgoing,
    isDeleted: view.isDeleted,
    state: view.state,
    atMs: view.sentAtMs,
  };
}
