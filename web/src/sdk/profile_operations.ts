/** What the page asks for about profiles and the directory (profile_shapes.ts). */

import { PICTURE_BYTES } from '../base/business.ts';
import { AccountAddress, NameRefused } from '../base/ids.ts';
import type { Core } from './core.ts';
import { ServerMisbehaved } from './errors.ts';
import { pictureView, problemsOf } from './profile_draft.ts';
import type { DirectoryView, FoundBusinessView, ProfileOperations } from './profile_shapes.ts';
import type { Asked, Table } from './protocol.ts';
import { uploadPicture } from './public_picture.ts';
import type { DirectoryPage } from './server.ts';
import type { Rooms } from './rooms.ts';

/** Businesses on a page of the directory. */
export const FOUND_LIMIT = 20;

/** Each of them, done by the rooms that are there when it is asked for. */
export function profileOperations(rooms: () => Rooms): Pick<Table, keyof ProfileOperations> {
  return {
    profile: (asked) => rooms().profile(asked),
    ownProfile: () => rooms().profiles.own(),
    keepProfileDraft: async ({ profile }) => {
      await rooms().profiles.keepDraft(profile);
      return undefined;
    },
    checkProfile: ({ profile }) => problemsOf(profile),
    publishProfile: ({ profile }) => rooms().profiles.publish(profile),
    withdrawProfile: async () => {
      await rooms().profiles.withdraw();
      return undefined;
    },
    addPublicPicture: async ({ file }) => {
      const content = new Uint8Array(await file.slice(0, PICTURE_BYTES + 1).arrayBuffer());
      return pictureView(await uploadPicture(rooms().core.server, content));
    },
    searchDirectory: (asked) => search(rooms().core, asked),
  };
}

async function search(core: Core, asked: Asked<'searchDirectory'>): Promise<DirectoryView> {
  const { after = '', kind, place, words } = asked;
  const page = await core.server.searchDirectory({
    ...{ words, kind, place, limit: FOUND_LIMIT },
    after: after === '' ? '' : AccountAddress.parse(after).name,
  });
  const found = page.found.map((one) => entryOf(core.address.domain, one));
  return { found, hasMore: page.more };
}

function entryOf(
  domain: string,
  { name, ...said }: DirectoryPage['found'][number],
): FoundBusinessView {
  try {
    return { address: new AccountAddress(name, domain).toString(), ...said };
  } catch (error) {
    if (error instanceof NameRefused) {
      throw new ServerMisbehaved(`The server's directory names nobody: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}
