/** A business with a device that plays the agent, and one of the staff, in the team conversation. */

import { utf8 } from '../../src/base/bytes.ts';
import { MimiContent, SinglePart } from '../../src/content/mimi.ts';
import { RPC_TYPE } from '../../src/content/rpc.ts';
import { compose, newSalt } from '../../src/sdk/composing.ts';
import type { Live } from '../../src/sdk/core.ts';
import type { Event } from '../../src/sdk/events.ts';
import type { Told } from '../../src/sdk/protocol.ts';
import { Team } from '../../src/sdk/team.ts';
import { Delivery } from './delivery.ts';
import { Player, quiet } from './players.ts';

/** An object of JSON-RPC as a message. */
export function spoken(fields: object): MimiContent {
  const content = utf8(JSON.stringify({ jsonrpc: '2.0', ...fields }));
  return new MimiContent({
    salt: newSalt(),
    part: new SinglePart({ contentType: RPC_TYPE, content }),
  });
}

/** One device with its team. */
export class Member {
  readonly told: Told[] = [];
  team!: Team;

  constructor(readonly player: Player) {
    this.begin();
  }

  /** The team of this run of the program. */
  begin(): void {
    this.team = new Team(this.player.parts.device, (told) => this.told.push(told));
    this.player.core.feed.listen((event) => {
      this.team.heard(event);
    });
  }

  live(): Live {
    const [live] = this.player.parts.device.directory.teams();
    return live!;
  }

  async say(content: MimiContent): Promise<void> {
    const { core, device } = this.player.parts;
    await compose(core, device.outbox, this.live(), content);
  }

  /** The calls that came from the other device, by the events of this one. */
  calls(): { readonly id: string; readonly method: string; readonly params: unknown }[] {
    return this.player.events.flatMap((event: Event) =>
      event.what === 'rpc' && event.rpc.kind === 'call' ? [event.rpc] : [],
    );
  }

  heard<W extends Told['what']>(what: W): Extract<Told, { readonly what: W }>[] {
    return this.told.filter(
      (told): told is Extract<Told, { readonly what: W }> => told.what === what,
    );
  }
}

/** The agent's device and one of the staff, which have met. */
export async function teamOfTwo(): Promise<readonly [agent: Member, staff: Member]> {
  const delivery = new Delivery();
  const linde = await Player.join(delivery, 'linde');
  const tablet = await linde.secondDevice();
  const [agent, staff] = [new Member(linde), new Member(tablet)];
  await agent.team.view();
  await quiet(linde, tablet);
  await linde.connect();
  await quiet(linde, tablet);
  return [agent, staff];
}

/** A claim of the lease by the agent's device, good for `forS` seconds. */
export function claim({ player }: Member, forS = 900, fromS = player.core.nowS): MimiContent {
  const params = { device: player.core.device.uri, fromS, untilS: fromS + forS };
  return spoken({ method: 'lease', params });
}
