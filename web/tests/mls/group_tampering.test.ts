/** Welcomes for others, and every byte of every message changed. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { DecryptionFailed, ProtocolError } from '../../src/mls/errors.ts';
import { parsePublicMessage, PublicMessage } from '../../src/mls/framing.ts';
import { join, type StagedJoin } from '../../src/mls/group.ts';
import type { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { Remove } from '../../src/mls/proposal.ts';
import { suite } from '../../src/mls/suite.ts';
import { parseWelcome, Welcome } from '../../src/mls/welcome.ts';
import { EncryptedGroupSecrets } from '../../src/mls/welcome_header.ts';
import {
  DAY_S,
  flipped,
  NOW_S,
  Player,
  refused,
  replaced,
  Scene,
  untouched,
  welcomeAnybody,
} from './group_players.ts';
import { there } from './tree_players.ts';

function joined(scene: Scene, raw: Uint8Array, bundle: KeyPackageBundle, nowS = NOW_S): StagedJoin {
  return join(raw, bundle, scene.judge.ask, nowS).settleNow();
}

// -- Welcomes

test('a Welcome for somebody else', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const { welcome } = scene.player('anna').commit({ adds: [cora.bundle().message] });
  refused('welcome-for-us', () => joined(scene, welcome, cora.bundle()));
});

test('a Welcome renamed to another key package', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const [used, other] = [cora.bundle(), cora.bundle()];
  const { welcome } = scene.player('anna').commit({ adds: [used.message] });
  const renamed = replaced(welcome, used.ref, other.ref);
  expect(() => joined(scene, renamed, other)).toThrow(DecryptionFailed);
});

test('a Welcome whose group does not contain us', () => {
  // A hostile member seals the secrets of a group without us to our key package.
  const scene = Scene.of(['anna', 'bela']);
  const accomplice = scene.newcomer('mallory').bundle();
  const victim = scene.newcomer('cora').bundle();
  const pending = scene.player('anna').commit({ adds: [accomplice.message] });
  const welcome = parseWelcome(pending.welcome);
  const { encryptedGroupInfo: sealed } = welcome;
  const secrets = welcome.openSecrets(suite(1), accomplice.ref, accomplice.initPrivate).toBytes();
  const { initKey } = victim.keyPackage;
  const entry = new EncryptedGroupSecrets(
    victim.ref,
    ...suite(1).encryptWithLabel(initKey, 'Welcome', sealed, secrets),
  );
  const forged = new Welcome(1, [entry], sealed).toMessage();
  refused('welcome-own-leaf', () => joined(scene, forged, victim));
});

test('a Welcome to a key package that expired long ago', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bundle = scene.newcomer('cora').bundle();
  const { welcome } = scene.player('anna').commit({ adds: [bundle.message] });
  joined(scene, welcome, bundle, NOW_S + 59 * DAY_S);
  refused('welcome-lifetime', () => joined(scene, welcome, bundle, NOW_S + 70 * DAY_S));
});

test('a Welcome for another suite', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bundle = scene.newcomer('cora').bundle();
  const pending = scene.player('anna').commit({ adds: [bundle.message] });
  const { secrets, encryptedGroupInfo } = parseWelcome(pending.welcome);
  const other = new Welcome(3, secrets, encryptedGroupInfo).toMessage();
  refused('welcome-suite', () => joined(scene, other, bundle));
});

// -- tampering with every byte

/** Every byte changed, one at a time: each is refused with the room's own error. */
function everyByteCounts(raw: Uint8Array, step: (raw: Uint8Array) => unknown): void {
  for (let place = 0; place < raw.length; place += 1) {
    const bad = flipped(raw, place, 1 << (place % 8));
    let failure: unknown;
    try {
      step(bad);
    } catch (error) {
      failure = error;
    }
    if (!(failure instanceof ProtocolError)) {
      throw new Error(`Byte ${place} does not count.`, { cause: failure });
    }
  }
}

test('every byte of an application message counts', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('hello'), utf8('in the clear'));
  untouched([bela], () => {
    everyByteCounts(raw, (bad) => bela.stage(bad));
  });
  expect(bela.read(raw).plaintext).toEqual(utf8('hello'));
});

test.each([false, true])('every byte of a handshake message counts, encrypted: %s', (encrypted) => {
  const options = { private: encrypted };
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const proposal = anna.group.proposeAdd(scene.newcomer('cora').bundle().message, options);
  const { commit } = anna.commit({ ...options, byReference: false });
  untouched([bela], () => {
    everyByteCounts(proposal, (bad) => bela.stage(bad));
    everyByteCounts(commit, (bad) => bela.stage(bad));
  });
  bela.follow(commit);
});

test('every byte of an external commit counts', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { commit } = scene.newcomer('cora').knock(anna.group.groupInfo());
  untouched([bela], () => {
    everyByteCounts(commit, (bad) => bela.stage(bad, { allowExternal: welcomeAnybody }));
  });
});

test('every byte of a Welcome counts', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bundle = scene.newcomer('cora').bundle();
  const { welcome } = scene.player('anna').commit({ adds: [bundle.message] });
  everyByteCounts(welcome, (bad) => joined(scene, bad, bundle));
  joined(scene, welcome, bundle);
});

test('every byte of a GroupInfo counts', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const raw = scene.player('anna').group.groupInfo();
  everyByteCounts(raw, (bad) => cora.knock(bad));
});

test('every byte of a key package that is added counts', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const { message } = scene.newcomer('cora').bundle();
  untouched([anna], () => {
    everyByteCounts(message, (bad) => anna.commit({ adds: [bad] }));
  });
});

test('a message cut short or long', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  for (const raw of [anna.group.encrypt(utf8('x')), anna.commit().commit]) {
    untouched([bela], () => {
      for (let end = 0; end < raw.length; end += 1) {
        expect(() => bela.stage(raw.slice(0, end))).toThrow(ProtocolError);
      }
      expect(() => bela.stage(Uint8Array.of(...raw, 0))).toThrow(ProtocolError);
    });
  }
});

test('a message for another group', () => {
  const scene = Scene.of(['anna', 'bela']);
  const bela = scene.player('bela');
  const other = Player.make('anna', 1, scene.judge);
  other.found([], utf8('another group id'));
  const raw = other.group.encrypt(utf8('wrong door'));
  refused('group-id', () => bela.stage(raw));
  refused('group-id', () => bela.stage(other.commit().commit));
});

test('public application messages and missing tags', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  untouched([bela], () => {
    refused('public-application', () => bela.stage(anna.frame(utf8('in the open'))));
    const { authenticated } = parsePublicMessage(anna.frame(new Remove(1)));
    refused('membership-tag', () => bela.stage(new PublicMessage(authenticated).toMessage()));
  });
});

test('the order of acceptance does not matter', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const staged = [0, 1, 2, 3, 4, 5].map((number) =>
    bela.stageMessage(anna.group.encrypt(Uint8Array.of(number))),
  );
  for (const place of [4, 0, 5, 2, 1, 3]) {
    expect(there(staged[place]).accept().plaintext).toEqual(Uint8Array.of(place));
  }
});
