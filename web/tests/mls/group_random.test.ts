/**
 * Random lives of groups, against themselves: after every commit all members agree.
 *
 * Each case prints its seed when it fails; run one again with PLAUSCH_SEED=<seed>. Lost and
 * reordered messages, races between committers, restarts from what was saved, both framings, every
 * suite.
 */

import { expect, test } from 'vitest';

import { equalBytes, toHex, utf8 } from '../../src/base/bytes.ts';
import { PLAUSCH } from '../../src/mls/credential.ts';
import { ValidationError } from '../../src/mls/errors.ts';
import { RequiredCapabilities } from '../../src/mls/extension.ts';
import type { PendingCommit } from '../../src/mls/group.ts';
import type { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { nameOf, type Player, Scene, untouched, welcomeAnybody } from './group_players.ts';
import { type Chance, forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

const STEPS = 60;

/** Whole lives take long on a machine that has other things to do as well. */
const SLOW_MS = 240_000;
const MOST_MEMBERS = 11;
const LIVES = process.env['PLAUSCH_SEED'] === undefined ? 2 : 1;
const SHARED = utf8('shared');
const psks = new KnownPsks(new Map([[toHex(SHARED), utf8('secret of everybody')]]));

type Act = readonly [weight: number, act: () => void];

/** A message in the network: its receiver, the bytes, what it says and its epoch. */
interface Letter {
  readonly receiver: Player;
  readonly raw: Uint8Array;
  readonly text: Uint8Array;
  readonly epoch: bigint;
}

/** One group's random life. */
class Life {
  readonly scene: Scene;
  commits = 0;
  #made = 3;
  #late: Letter[] = [];
  readonly #seen = new Set<string>();

  /** Devices that somebody has proposed to add, by name. */
  readonly #waiting = new Map<string, readonly [Player, KeyPackageBundle]>();

  constructor(
    suiteId: number,
    readonly chance: Chance,
  ) {
    this.scene = Scene.of(['d0', 'd1', 'd2'], { suiteId });
  }

  // -- who and what

  get #size(): number {
    return this.scene.players.size;
  }

  #anybody(): Player {
    return this.chance.pick([...this.scene.players.values()]);
  }

  #newcomer(): Player {
    this.#made += 1;
    return this.scene.newcomer(`d${this.#made}`);
  }

  #maybe(percent = 50): boolean {
    return this.chance.integer(1, 100) <= percent;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => there(left.splice(this.chance.integer(0, left.length - 1), 1)[0]));
  }

  step(): void {
    const hasRoom = this.#size < MOST_MEMBERS;
    const acts: Act[] = [
      [
        4,
        () => {
          this.#update();
        },
      ],
      [
        hasRoom ? 4 : 0,
        () => {
          this.#add();
        },
      ],
      [
        this.#size > 2 ? 2 : 0,
        () => {
          this.#remove();
        },
      ],
      [
        3,
        () => {
          this.#proposeAndCommit();
        },
      ],
      [
        2,
        () => {
          this.#race();
        },
      ],
      [
        hasRoom ? 1 : 0,
        () => {
          this.#external();
        },
      ],
      [
        1,
        () => {
          this.#resync();
        },
      ],
      [
        1,
        () => {
          this.#psk();
        },
      ],
      [
        1,
        () => {
          this.#rekey();
        },
      ],
      [
        1,
        () => {
          this.#context();
        },
      ],
      [
        4,
        () => {
          this.#talk();
        },
      ],
      [
        3,
        () => {
          this.#network();
        },
      ],
      [
        3,
        () => {
          this.#anybody().restart();
        },
      ],
    ];
    this.chance.pick(acts.flatMap(([weight, act]) => Array.from({ length: weight }, () => act)))();
  }

  // -- commits

  /** Everybody follows, some of them after a restart. */
  #finish(committer: Player, made: PendingCommit): void {
    let pending = made;
    if (this.#maybe()) {
      committer.restart();
      pending = there(committer.group.pending);
    }
    for (const other of this.scene.others(committer)) {
      if (this.#maybe(20)) {
        other.restart();
      }
      other.follow(pending.commit, { psks });
    }
    if (this.#maybe()) {
      pending.accept();
    } else {
      committer.follow(pending.commit);
    }
    this.#committed();
  }

  #committed(): void {
    this.commits += 1;
    this.scene.tidy();
    this.#late = this.#late.filter(({ receiver }) => this.scene.players.has(receiver.name));
    this.scene.agree();
  }

  #update(): void {
    const player = this.#anybody();
    this.#finish(player, player.commit({ private: this.#maybe() }));
  }

  #add(): void {
    const by = this.#anybody();
    const newcomers = this.chance.list(3, () => this.#newcomer(), 1);
    const bundles = newcomers.map((one) => one.bundle());
    const treeInWelcome = this.#maybe();
    const pending = by.commit({
      adds: bundles.map((item) => item.message),
      forcePath: this.#maybe(),
      private: this.#maybe(),
      treeInWelcome,
    });
    for (const other of this.scene.others(by)) {
      other.follow(pending.commit, { psks });
    }
    pending.accept();
    const ratchetTree = treeInWelcome ? undefined : by.group.ratchetTree();
    for (const [index, one] of newcomers.entries()) {
      one.join(pending.welcome, there(bundles[index]), { ratchetTree });
      this.scene.players.set(one.name, one);
    }
    this.#committed();
  }

  #remove(): void {
    const by = this.#anybody();
    const others = this.#shuffled(this.scene.others(by));
    const leaving = others.slice(0, this.chance.integer(1, Math.min(3, others.length)));
    const removes = leaving.map(({ group }) => group.ownLeaf);
    this.#finish(by, by.commit({ removes, private: this.#maybe() }));
  }

  #proposeAndCommit(): void {
    this.chance.list(
      4,
      () => {
        this.#propose(this.#anybody());
      },
      1,
    );
    const committer = this.#anybody();
    const pending = committer.commit({ private: this.#maybe(), psks });
    const added = pending.added.map(nameOf);
    for (const other of this.scene.others(committer)) {
      other.follow(pending.commit, { psks });
    }
    pending.accept();
    this.scene.tidy();
    for (const name of added) {
      const [player, bundle] = there(this.#waiting.get(name));
      player.join(pending.welcome, bundle, { psks });
      this.scene.players.set(name, player);
    }
    this.#committed();
  }

  #propose(player: Player): void {
    const { group } = player;
    const options = { private: this.#maybe() };
    const chosen = this.chance.integer(0, 4);
    let raw: Uint8Array;
    if (chosen === 0 && this.#size < MOST_MEMBERS) {
      const newcomer = this.#newcomer();
      const bundle = newcomer.bundle();
      this.#waiting.set(newcomer.name, [newcomer, bundle]);
      raw = group.proposeAdd(bundle.message, options);
    } else if (chosen === 1 && this.#size > 4) {
      raw = group.proposeRemove(this.#anybody().group.ownLeaf, options);
    } else if (chosen === 2) {
      raw = group.proposePsk(group.externalPsk(SHARED), options);
    } else {
      raw = group.proposeUpdate(options);
    }
    if (this.#maybe()) {
      player.restart();
    }
    this.scene.deliver(player, raw);
  }

  /** Two commit; the server takes one, in an order of its own. */
  #race(): void {
    if (this.#size < 3) {
      return;
    }
    const [one, two] = this.#shuffled([...this.scene.players.values()]);
    const [lost, won] = [there(one).commit(), there(two).commit()];
    if (this.#maybe()) {
      lost.drop();
    }
    for (const other of this.scene.others(there(two))) {
      other.follow(won.commit);
    }
    won.accept();
    expect(there(one).group.pending).toBe(undefined);
    this.#committed();
  }

  #external(): void {
    const newcomer = this.#newcomer();
    const joining = newcomer.knock(this.#anybody().group.groupInfo());
    for (const other of this.scene.players.values()) {
      other.follow(joining.commit, { allowExternal: welcomeAnybody });
    }
    newcomer.group = joining.accept();
    this.scene.players.set(newcomer.name, newcomer);
    this.#committed();
  }

  /** A device that has lost its state takes its own place again. */
  #resync(): void {
    const lost = this.#anybody();
    const others = this.scene.others(lost);
    if (others.length === 0) {
      return;
    }
    const groupInfo = this.chance.pick(others).group.groupInfo();
    const joining = lost.knock(groupInfo, { resyncLeaf: lost.group.ownLeaf });
    for (const other of others) {
      other.follow(joining.commit, { allowExternal: welcomeAnybody });
    }
    lost.group = joining.accept();
    this.#late = this.#late.filter(({ receiver }) => receiver !== lost);
    this.#committed();
  }

  #psk(): void {
    const by = this.#anybody();
    const inject = [by.group.externalPsk(SHARED)];
    this.#finish(by, by.commit({ inject, psks, forcePath: this.#maybe() }));
  }

  #rekey(): void {
    const by = this.#anybody();
    const identity = by.newIdentity();
    this.#finish(by, by.commit({ identity }));
    by.signer = identity.signerPrivate;
    by.signatureKey = by.group.signatureKey;
  }

  #context(): void {
    const by = this.#anybody();
    const required = new RequiredCapabilities([], [], [PLAUSCH]).toExtension();
    this.#finish(by, by.commit({ extensions: this.#maybe() ? [required] : [] }));
  }

  // -- messages

  #talk(): void {
    const player = this.#anybody();
    this.chance.list(
      5,
      () => {
        const text = this.chance.bytes(400);
        const raw = player.group.encrypt(text);
        for (const receiver of this.scene.others(player)) {
          if (this.#maybe(90)) {
            this.#late.push({ receiver, raw, text, epoch: player.group.epoch });
          }
        }
      },
      1,
    );
  }

  /** Some of what is under way arrives, in any order, some of it twice. */
  #network(): void {
    const letters = this.#shuffled(this.#late);
    this.#late = letters.slice(20);
    for (const letter of letters.slice(0, 20)) {
      const { receiver, raw, text } = letter;
      const where = `${receiver.name} ${toHex(raw)}`;
      if (this.#seen.has(where) || !this.#knows(letter)) {
        untouched([receiver], () => {
          expect(() => receiver.read(raw)).toThrow(ValidationError);
        });
        continue;
      }
      this.#seen.add(where);
      expect(equalBytes(receiver.read(raw).plaintext, text)).toBe(true);
      if (this.#maybe(10)) {
        this.#late.push(letter);
      }
    }
  }

  /** Whether the receiver still has, and ever had, the keys of the letter's epoch. */
  #knows({ receiver, epoch }: Letter): boolean {
    const { epoch: current, past } = receiver.group.state;
    return current.number === epoch || past.some((item) => item.context.epoch === epoch);
  }
}

test.each(ALL_SUITES)(
  'everybody agrees after every commit in suite %i',
  (suiteId) => {
    forAll(LIVES, (chance) => {
      const life = new Life(suiteId, chance);
      for (let step = 0; step < STEPS; step += 1) {
        life.step();
      }
      expect(life.commits).toBeGreaterThan(STEPS / 5);
      life.scene.chat();
    });
  },
  SLOW_MS,
);
