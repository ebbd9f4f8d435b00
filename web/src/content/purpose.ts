/** What a message does to the history: the first question about any content. */

import { CONVERSATION_TYPE } from './conversation.ts';
import { Cardinality, Disposition, leaves, type MimiContent } from './mimi.ts';
import { RPC_TYPE } from './rpc.ts';
import { STATUS_TYPE } from './status.ts';
import { TEAM_TYPE } from './team.ts';

/**
 * One word for it; what is not of the other kinds is shown.
 *
 * `show`: a new entry of the history: text, card, file. `edit`: new content for the message that
 * `replaces` names. `delete`: takes back the message or reaction that `replaces` names. `reaction`:
 * a sign on the message that `inReplyTo` names. `status`: a status report. `title`: about the
 * conversation itself. `nothing`: an empty message that replaces nothing. `team`: a fact of a
 * business's team. `rpc`: a call to a business's agent, or its answer.
 */
export type Purpose =
  ('show' | 'edit' | 'delete' | 'reaction' | 'status' | 'title' | 'nothing') | ('team' | 'rpc');

/** What the message is for; its parts may still turn out malformed. */
export function purposeOf(content: MimiContent): Purpose {
  const parts = leaves(content.part);
  const types = new Set<string>();
  for (const part of parts) {
    if (part.cardinality === Cardinality.SINGLE) {
      types.add(part.contentType);
    }
  }
  if (parts.every((part) => part.cardinality === Cardinality.NULL)) {
    return content.replaces === null ? 'nothing' : 'delete';
  }
  if (types.has(STATUS_TYPE)) {
    return 'status';
  }
  if (types.has(RPC_TYPE)) {
    return 'rpc';
  }
  if (types.has(TEAM_TYPE)) {
    return 'team';
  }
  if (types.has(CONVERSATION_TYPE)) {
    return 'title';
  }
  if (content.replaces !== null) {
    return 'edit';
  }
  const isReaction = content.part.disposition === Disposition.REACTION;
  return isReaction && content.inReplyTo !== null ? 'reaction' : 'show';
}
