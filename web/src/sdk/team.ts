/**
 * The team conversation: where the devices of a business talk among themselves.
 *
 * It is the group without a title whose only participant is the account itself; of several, which two
 * devices may begin at the same moment, the one with the lowest id is spoken in, and all are listened
 * to. It is machinery: not in the list of conversations, and what is said in it is no message.
 */

import { fromHex, toHex } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import { ConversationId, DeviceAddress } from '../base/ids.ts';
import { callMessage } from '../content/rpc.ts';
import { type Fact, factOf, foldFacts, keyOf, teamMessage } from '../content/team.ts';
import { decode, type MimiContent } from '../content/mimi.ts';
import { Turns } from '../platform/turns.ts';
import type { MessageRow } from '../vault/messages.ts';
import { AgentLine } from './agent_line.ts';
import { begin } from './beginning.ts';
import { compose, newSalt, sendable } from './composing.ts';
import type { Live } from './core.ts';
import type { Device } from './device.ts';
import { SdkError } from './errors.ts';
import type { Event } from './events.ts';
import { failureOf } from './failure.ts';
import type { Answered, Asked, StaffView, Table, TeamFact, TeamView, Told } from './protocol.ts';

type StaffName = Extract<Fact, { fact: 'staff_name' }>;

/** Rows whose facts hold no longer, before they are let go of. */
const MOST_OUTDATED = 200;

/** One device's part in its team. */
export class Team {
  readonly #device: Device;
  readonly #tell: (told: Told) => void;
  readonly #agent: AgentLine;
  readonly #beginning = new Turns();
  readonly #hearing = new Turns();

  constructor(device: Device, tell: (told: Told) => void) {
    this.#device = device;
    this.#tell = tell;
    this.#agent = new AgentLine(device.core);
  }

  /** What the devices have said to each other, and whether the agent is there. */
  async view(): Promise<TeamView> {
    await this.#live();
    await this.#agent.load();
    const facts = [...(await this.#facts()).values()];
    const { core } = this.#device;
    const list = core.trust.deviceList(core.address);
    const listed = list.addresses().map((device) => ({
      device: device.uri,
      name: core.naming.of(device),
      role: list.isStaff(device) ? ('staff' as const) : ('owner' as const),
    }));
    const people = listed.filter(({ device }) => device !== this.#agent.device);
    const agent = { ...this.#agent.presence(), device: this.#agent.device ?? '' };
    return viewOf(facts, people, core.device.uri, agent);
  }

  /** Tell the others whose device this is. What cannot be told is a problem, and nothing else. */
  async introduce(device: DeviceAddress, name: string, isStaff: boolean): Promise<void> {
    const { core } = this.#device;
    const person = name.trim();
    if (core.own.kind !== 'business' || this.#isStaff(core.device.uri)) {
      return; // a device of staff is not believed when it says who is who
    }
    try {
      const role = isStaff ? 'staff' : 'owner';
      await this.tell({ fact: { kind: 'staffName', device: device.uri, name: person, role } });
    } catch (error) {
      if (!(error instanceof PlauschError)) {
        throw error;
      }
      await core.report(undefined, undefined, error);
    }
  }

  /** Say a fact to all devices. Throws SdkError, as whoever sends. */
  async tell({ fact }: Asked<'tellTeam'>): Promise<undefined> {
    const { uri } = this.#device.core.device;
    const said = sendable(() =>
      teamMessage(factFrom(fact, uri, this.#device.core.nowS), { salt: newSalt() }),
    );
    await this.#say(said);
    return undefined;
  }

  /** Ask the agent. Throws SdkError: its own code, `agent_away`, `agent_stale`. */
  async ask({ operation, params }: Asked<'askAgent'>): Promise<Answered<'askAgent'>> {
    await this.#agent.load();
    return this.#agent.ask(operation, params, async (id, method, given) => {
      const call = sendable(() => callMessage({ id, method, params: given }, { salt: newSalt() }));
      await this.#say(call);
    });
  }

  /** Called with everything that happens on this device. */
  heard(event: Event): void {
    if (event.what === 'team' || event.what === 'rpc') {
      void this.#hearing.run(() => this.#hear(event));
    }
  }

  async #hear(event: Extract<Event, { readonly what: 'team' | 'rpc' }>): Promise<void> {
    try {
      if (event.what === 'rpc') {
        await this.#agent.load();
        const { change, isPresenceNew } = await this.#agent.hear({
          ...event,
          isStaff: this.#isStaff(event.device),
        });
        if (change !== undefined) {
          this.#tell(change);
        }
        if (!isPresenceNew) {
          return;
        }
      }
      this.#tell({ what: 'team', team: await this.view() });
    } catch (error) {
      const { code, sentence } = failureOf(error);
      const atMs = this.#device.core.clock.nowMs();
      this.#tell({ what: 'problem', problem: { code, sentence, atMs } });
    }
  }

  #isStaff(device: string): boolean {
    const { address, trust } = this.#device.core;
    return trust.deviceList(address).isStaff(DeviceAddress.parseUri(device));
  }

  async #say(content: MimiContent): Promise<void> {
    const { core, outbox } = this.#device;
    await compose(core, outbox, await this.#live(), content);
  }

  /** The conversation to speak in; begun if there is none. Two callers at once get the same. */
  async #live(): Promise<Live> {
    const { core, directory, outbox } = this.#device;
    return this.#beginning.run(async () => {
      const [found] = directory.teams();
      if (found !== undefined) {
        return found;
      }
      const [live] = await begin(core, [], true);
      outbox.kick(live);
      return live;
    });
  }

  /** The facts that hold; rows of many that do not are let go of. */
  async #facts(): Promise<ReadonlyMap<string, Fact>> {
    const { core, directory } = this.#device;
    const said: (readonly [MessageRow, Fact])[] = [];
    for (const { id } of [...directory.teams()].reverse()) {
      for (const row of await core.messages.team(id)) {
        const fact = factOf(decode(row.content));
        if (fact !== undefined) {
          said.push([row, fact]);
        }
      }
    }
    const newest = new Map(said.map(([row, fact]) => [keyOf(fact), row]));
    const outdated = said.filter(
      ([row, fact]) => row.seq !== undefined && newest.get(keyOf(fact)) !== row,
    );
    if (outdated.length > MOST_OUTDATED) {
      await core.vault.write(outdated.map(([{ messageId }]) => core.messages.remove(messageId)));
    }
    return foldFacts(said.map(([, fact]) => fact));
  }
}

/** What the page may ask a team for; `team` is asked for when it does. */
export function teamOperations(team: () => Team): Pick<Table, 'askAgent' | 'team' | 'tellTeam'> {
  return {
    askAgent: (asked) => team().ask(asked),
    team: () => team().view(),
    tellTeam: (asked) => team().tell(asked),
  };
}

/** A fact as the page says it; `device` is this one. Throws SdkError, NameRefused. */
function factFrom(fact: TeamFact, device: string, nowS: number): Fact {
  switch (fact.kind) {
    case 'assignment':
      return { fact: 'assignment', conversation: idOf(fact), device: fact.device };
    case 'label': {
      const { isOn, label } = fact;
      return { fact: 'label', conversation: idOf(fact), label, isOn };
    }
    case 'note': {
      const { id, text } = fact;
      const noteId = bytesOf(id);
      return { fact: 'note', conversation: idOf(fact), noteId, text, device, atS: nowS };
    }
    case 'quickReply': {
      const { id, text, title } = fact;
      return { fact: 'quick_reply', replyId: bytesOf(id), title, text };
    }
    case 'answering':
      return { fact: 'answering', conversation: idOf(fact), device, untilS: fact.untilS };
    case 'staffName': {
      const { name, role } = fact;
      return { fact: 'staff_name', device: fact.device, name, role };
    }
    default:
      throw new SdkError('This version of Plausch cannot say that: reload the page.', {
        code: 'bad_request',
      });
  }
}

function idOf({ conversation }: { readonly conversation: string }): ConversationId {
  return ConversationId.fromHex(conversation);
}

function bytesOf(hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})+$/.test(hex)) {
    throw new SdkError('An id of a note is 32 hex digits.', { code: 'bad_request' });
  }
  return fromHex(hex);
}

/** One of the account's devices that people have, and what it is called here. */
type Listed = Omit<StaffView, 'isThis' | 'isGone'>;

/**
 * Those who work here: the devices that there are, by the name that was told or else the one that is
 * known here, and those that are gone, for what they wrote.
 */
function staffOf(
  told: readonly StaffName[],
  listed: readonly Listed[],
  own: string,
): readonly StaffView[] {
  const names = new Map(told.map((one) => [one.device, one]));
  const here = new Set(listed.map(({ device }) => device));
  return [
    ...listed.map((one) => ({
      ...{ ...one, name: names.get(one.device)?.name ?? one.name },
      ...{ isThis: one.device === own, isGone: false },
    })),
    ...told
      .filter(({ device }) => !here.has(device))
      .map(({ device, name, role }) => ({ device, name, role, isThis: false, isGone: true })),
  ];
}

/** The facts as the page is shown them. */
function viewOf(
  facts: readonly Fact[],
  listed: readonly Listed[],
  device: string,
  agent: TeamView['agent'],
): TeamView {
  const of = <K extends Fact['fact']>(kind: K): readonly Extract<Fact, { fact: K }>[] =>
    facts.filter((one): one is Extract<Fact, { fact: K }> => one.fact === kind);
  const conversation = (fact: { readonly conversation: ConversationId }): string =>
    fact.conversation.hex;
  return {
    staff: staffOf(of('staff_name'), listed, device),
    assignments: of('assignment').map((one) => ({
      ...{ conversation: conversation(one), device: one.device },
    })),
    labels: of('label').map((one) => ({ conversation: conversation(one), label: one.label })),
    notes: of('note').map((one) => ({
      ...{ conversation: conversation(one), id: toHex(one.noteId), text: one.text },
      ...{ device: one.device, atMs: one.atS * 1000 },
    })),
    quickReplies: of('quick_reply').map(({ replyId, text, title }) => ({
      ...{ id: toHex(replyId), title, text },
    })),
    answering: of('answering').map((one) => ({
      ...{ conversation: conversation(one), device: one.device, untilMs: one.untilS * 1000 },
    })),
    agent,
  };
}
