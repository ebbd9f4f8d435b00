/** What the stage's device does with groups. */

import type { ConversationView, Operations } from '../../src/sdk/protocol.ts';
import type { FakeDevice } from './fake.ts';

type GroupOperations = Pick<
  Operations,
  'setPicture' | 'setLink' | 'askToJoin' | 'admission' | 'admit' | 'appoint' | 'leave' | 'expel'
>;

export function groupOperations(device: FakeDevice): GroupOperations {
  const viewOf = (id: string) => device.conversations.get(id)!;
  return {
    setPicture: ({ conversation, picture }) => {
      device.conversations.set(conversation, without(viewOf(conversation), 'picture'));
      device.turn(conversation, picture.length > 0 ? { picture } : {});
      return undefined;
    },
    setLink: ({ conversation, isOn }) => {
      device.conversations.set(conversation, without(viewOf(conversation), 'link'));
      device.turn(conversation, isOn ? { link: '07'.repeat(16) } : {});
      return undefined;
    },
    askToJoin: ({ address }) => {
      const id = 'f'.repeat(32);
      const own = device.own?.address ?? '';
      return device.add({ id, peer: address, participants: [own, address] });
    },
    expel: ({ conversation, address }) => {
      const { participants } = viewOf(conversation);
      device.turn(conversation, { participants: participants.filter((one) => one !== address) });
      return undefined;
    },
    leave: ({ conversation }) => {
      device.turn(conversation, { state: 'left' });
      return undefined;
    },
    admission: () => ({ title: 'Sommerfest im Hof', state: 'open' }),
    admit: () => undefined,
    appoint: ({ conversation, address, isAdmin }) => {
      const others = viewOf(conversation).admins.filter((one) => one !== address);
      device.turn(conversation, { admins: isAdmin ? [...others, address] : others });
      return undefined;
    },
  };
}

function without(view: ConversationView, name: 'picture' | 'link'): ConversationView {
  const { picture, link, ...rest } = view;
  return name === 'picture'
    ? { ...rest, ...(link === undefined ? {} : { link }) }
    : { ...rest, ...(picture === undefined ? {} : { picture }) };
}
