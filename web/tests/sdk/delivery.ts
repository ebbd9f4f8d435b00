/**
 * A delivery service in memory: what the server keeps for its devices. Each has a line to it (line.ts).
 */

import { toHex } from '../../src/base/bytes.ts';
import type { ConversationId } from '../../src/base/ids.ts';
import { parseCertificate } from '../../src/identity/certificate.ts';
import { parseProfile } from '../../src/identity/profile.ts';
import { RATCHET_TREE } from '../../src/mls/extension.ts';
import { openMessage, WireFormat } from '../../src/mls/framing.ts';
import { GroupInfo } from '../../src/mls/group_info.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { type Refusal, ServerRefused, Unreachable } from '../../src/sdk/errors.ts';
import type { Recovery } from '../../src/sdk/recovery_settings.ts';
import type {
  Appended,
  Bundle,
  DirectoryPage,
  DirectoryQuery,
  Envelope,
  HandedIn,
  MailboxItem,
  ShownAccount,
} from '../../src/sdk/server.ts';
import type { Pushed } from '../../src/sdk/sync.ts';
import { NOW_S } from './identities.ts';
import type { Line } from './line.ts';
import { isGenuine, stampOf } from './stamps.ts';

const KIND = { message: 1, quiet: 1, proposal: 2, commit: 3 } as const;

/** One account's backup. */
export interface KeptBackup {
  readonly recovery: Recovery;
  readonly record: Uint8Array;
  readonly blob: Uint8Array;
}

/** A stretch of a log that somebody may read; `to` undefined: to its end. */
interface Stay {
  readonly from: number;
  to: number | undefined;
}

/** One conversation. `stays`: each device's last one; `over`: those before, of who came again. */
export class Log {
  readonly envelopes: Envelope[] = [];
  readonly stays = new Map<string, Stay>();
  readonly over: (readonly [device: string, stay: Stay])[] = [];
  readonly cursors = new Map<string, number>();
  readonly answers = new Map<string, Appended>();
  epoch = 0;

  constructor(
    readonly id: Uint8Array,
    readonly groupInfo: Uint8Array,
  ) {}

  get head(): number {
    return this.envelopes.length;
  }

  get members(): string[] {
    return [...this.stays].filter(([, { to }]) => to === undefined).map(([device]) => device);
  }

  /** What this device may read. */
  readableFor(device: string): readonly Envelope[] {
    const stays = [...this.over, ...this.stays].flatMap(([who, stay]) =>
      who === device ? [stay] : [],
    );
    return this.envelopes.filter(({ seq }) =>
      stays.some(({ from, to }) => seq > from && seq <= (to ?? this.head)),
    );
  }

  /** How far this device may read; 0 for a stranger. */
  endFor(device: string): number {
    const stay = this.stays.get(device);
    return stay === undefined ? 0 : (stay.to ?? this.head);
  }
}

/** What the server keeps for one device. */
export class Kept {
  readonly mail: MailboxItem[] = [];
  readonly packages: Uint8Array[] = [];
  readonly lastResorts = new Map<number, Uint8Array>();
  items = 0;
}

export interface Stored {
  readonly length: number;
  bytes: Uint8Array;
}

/** The server. */
export class Delivery {
  readonly accounts = new Map<string, ShownAccount>();
  readonly devices = new Map<string, Kept>();
  readonly logs = new Map<string, Log>();
  readonly blobs = new Map<string, Stored>();
  readonly wakeUpKey = new Uint8Array(65).fill(4);

  /** What nobody is woken for, by its place in the log. */
  readonly quietSeqs: number[] = [];

  /** Signed profiles by account name. */
  readonly profiles = new Map<string, Uint8Array>();

  /** What the directory answers, and what it was asked. */
  directory: DirectoryPage = { found: [], more: false };
  readonly searched: DirectoryQuery[] = [];

  /** Endpoints by device. */
  readonly wakeUps = new Map<string, string>();
  readonly lines = new Set<Line>();

  readonly reportingKey = new Uint8Array(32).fill(7);

  /** By whom. */
  readonly reports: (readonly [device: string, report: HandedIn])[] = [];

  /** By account. */
  readonly backups = new Map<string, KeptBackup>();

  /** The lookup of each account's recovery key that counts; "" when backups were turned off. */
  readonly recoveryKeys = new Map<string, string>();

  /** Every conversation has its own time; it passes with every envelope. */
  nowMs = NOW_S * 1000;

  register(name: string, shown: ShownAccount, device: string): void {
    this.accounts.set(name, shown);
    this.device(device);
  }

  /** An account's next profile, above the number that there is. */
  publishProfile(account: string, raw: Uint8Array): void {
    const known = this.profiles.get(account);
    if (known !== undefined && parseProfile(raw).seq <= parseProfile(known).seq) {
      throw refusal('stale_profile');
    }
    this.profiles.set(account, raw);
  }

  device(uri: string): Kept {
    const kept = this.devices.get(uri) ?? new Kept();
    this.devices.set(uri, kept);
    return kept;
  }

  log(id: ConversationId | Uint8Array): Log {
    const found = this.logs.get(id instanceof Uint8Array ? toHex(id) : id.hex);
    if (found === undefined) {
      throw refusal('unknown_conversation');
    }
    return found;
  }

  /** Put something into a log past every check; returns its envelope. */
  inject(log: Log, envelope: Omit<Envelope, 'seq' | 'acceptedAtMs' | 'stamp'>): Envelope {
    this.nowMs += 1;
    const placed = { ...envelope, seq: log.head + 1, acceptedAtMs: this.nowMs };
    const stored = { ...placed, stamp: stampOf(this.reportingKey, log.id, placed) };
    log.envelopes.push(stored);
    return stored;
  }

  /** Tell those of these devices that are online. */
  push(devices: Iterable<string>, pushed: Pushed): void {
    const wanted = new Set(devices);
    for (const line of this.lines) {
      if (wanted.has(line.device)) {
        line.hear(pushed);
      }
    }
  }

  deliver(log: Log, envelope: Envelope, devices: Iterable<string> = log.members): void {
    const { id: conversation } = log;
    const pushed = {
      push: 'delivery',
      conversation,
      head: log.head,
      envelopes: [envelope],
    } as const;
    this.push(devices, pushed);
  }

  append(
    device: string,
    id: ConversationId,
    epoch: bigint,
    kind: keyof typeof KIND,
    message: Uint8Array,
    idempotencyId: Uint8Array,
  ): Appended {
    const log = this.log(id);
    const name = `${device} ${toHex(idempotencyId)}`;
    const before = log.answers.get(name);
    if (before !== undefined) {
      return before;
    }
    if (!log.members.includes(device)) {
      throw refusal('unknown_conversation');
    }
    if (Number(epoch) !== log.epoch) {
      throw refusal('stale_epoch', { epoch: log.epoch, head: log.head });
    }
    const envelope = this.inject(log, {
      epoch: log.epoch,
      kind: KIND[kind],
      sender: device,
      message,
    });
    if (kind === 'quiet') {
      this.quietSeqs.push(envelope.seq);
    }
    const answer = { seq: envelope.seq, acceptedAtMs: envelope.acceptedAtMs };
    log.answers.set(name, answer);
    if (kind !== 'commit') {
      this.deliver(log, envelope);
    }
    return answer;
  }

  appendCommit(
    device: string,
    id: ConversationId,
    epoch: bigint,
    bundle: Bundle,
    idempotencyId: Uint8Array,
  ): Appended {
    const log = this.log(id);
    const heard = new Set(log.members);
    const { head } = log;
    const answer = this.append(device, id, epoch, 'commit', bundle.commit, idempotencyId);
    if (log.head === head) {
      return answer; // asked again
    }
    log.epoch += 1;
    this.#settle(log, bundle.groupInfo, answer.seq);
    for (const uri of bundle.welcomeTo) {
      this.mail(uri, log.id, answer, bundle.welcome);
    }
    this.deliver(log, log.envelopes.at(-1)!, heard);
    return answer;
  }

  report(device: string, report: HandedIn): void {
    if (!report.messages.every((one) => isGenuine(this.reportingKey, one))) {
      throw refusal('not_genuine');
    }
    this.reports.push([device, report]);
  }

  mail(
    uri: string,
    conversation: Uint8Array,
    { seq, acceptedAtMs }: Appended,
    welcome: Uint8Array,
  ): void {
    const kept = this.device(uri);
    kept.items += 1;
    kept.mail.push({ item: kept.items, conversation, seq, acceptedAtMs, welcome });
    this.push([uri], { push: 'mail' });
  }

  #settle(log: Log, groupInfo: Uint8Array, seq: number): void {
    const now = new Set(devicesIn(groupInfo));
    for (const [device, stay] of log.stays) {
      if (stay.to === undefined && !now.has(device)) {
        stay.to = seq;
      }
    }
    for (const device of now) {
      const last = log.stays.get(device);
      if (last !== undefined && last.to === undefined) {
        continue;
      }
      log.stays.set(device, { from: seq, to: undefined });
      if (last !== undefined) {
        log.over.push([device, last]);
      }
      if ((log.cursors.get(device) ?? 0) >= (last?.to ?? 0)) {
        log.cursors.set(device, seq);
      }
    }
  }
}

/** A refusal of the server's. */
export function refusal(code: string, more: Partial<Refusal> = {}): ServerRefused {
  return new ServerRefused(`Refused: ${code}.`, { fault: 'local', ...more, code });
}

export function offline(): Unreachable {
  return new Unreachable('The connection is gone.');
}

/** The devices in the tree of a GroupInfo. */
export function devicesIn(groupInfo: Uint8Array): readonly string[] {
  const [, reader] = openMessage(groupInfo, WireFormat.GROUP_INFO);
  const parsed = GroupInfo.read(reader);
  const raw = parsed.extension(RATCHET_TREE);
  const tree = RatchetTree.fromBytes(suite(parsed.groupContext.cipherSuite), raw!);
  return Array.from(
    tree.leaves(),
    ([, { credential }]) => parseCertificate(credential.body).device.uri,
  );
}

/** `anna` of `mimi://localhost/d/anna/0000`. */
export function accountOf(device: string): string {
  return device.split('/').at(-2) ?? '';
}

export function suiteOf(keyPackage: Uint8Array): number {
  return parseKeyPackage(keyPackage).cipherSuite;
}
