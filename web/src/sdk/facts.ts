/** What was said of a conversation: title, picture, link; what of it is new, and who may say it. */

import { EMPTY, equalBytes } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import type { AccountAddress } from '../base/ids.ts';
import type { Facts } from '../content/conversation.ts';
import type { KeptConversation } from '../vault/conversations.ts';
import type { EventView } from './protocol.ts';
import { mayAdministrate } from './roles.ts';

/**
 * What of it is not so already; undefined when all is: it was said again for somebody who came.
 */
export function newsIn(kept: KeptConversation, facts: Facts): Facts | undefined {
  const { title, picture, link } = facts;
  const news: Facts = {
    ...(title === undefined || title === kept.title ? {} : { title }),
    ...(picture === undefined || equalBytes(picture, kept.picture) ? {} : { picture }),
    ...(link === undefined || equalBytes(link, kept.link) ? {} : { link }),
  };
  return Object.keys(news).length === 0 ? undefined : news;
}

/** A link is the admins': who lets people in makes it. Throws RemoteError `not_admin`. */
export function demandSayable(kept: KeptConversation, facts: Facts, by: AccountAddress): void {
  if (facts.link !== undefined && !mayAdministrate(kept, by)) {
    throw new RemoteError(
      `${by.toString()} changed the invitation link of a group without being an admin; ignored.`,
      { code: 'not_admin' },
    );
  }
}

/** Make it so. */
export function applyFacts(kept: KeptConversation, { title, picture, link }: Facts): void {
  kept.title = title ?? kept.title;
  kept.picture = picture ?? kept.picture;
  kept.link = link ?? kept.link;
}

/** Everything, for somebody who has come. */
export function allFacts({ title, picture, link }: KeptConversation): Facts {
  return {
    ...(title === '' ? {} : { title }),
    ...(picture.length === 0 ? {} : { picture }),
    ...(link.length === 0 ? {} : { link }),
  };
}

/** The line of the log that says it. */
export function factsEvent({ title, picture = EMPTY, link }: Facts, by: string): EventView {
  if (title !== undefined) {
    return { what: 'titled', by, who: [], title };
  }
  if (link !== undefined) {
    return { what: link.length > 0 ? 'linked' : 'unlinked', by, who: [] };
  }
  return { what: picture.length > 0 ? 'pictured' : 'unpictured', by, who: [] };
}
