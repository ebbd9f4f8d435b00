/** A hairdresser: people instead of tables, and several services. */

import type { BusinessView, ServiceView } from '../../src/sdk/protocol.ts';
import { SERVICE } from './linde.ts';

function service(identifier: string, name: string, minutes: number, who: string[]): ServiceView {
  const turnTimes = [{ partyMax: 1, minutes }];
  return { ...SERVICE, identifier, name, turnTimes, resources: who, maxParty: 1 };
}

/** The same house, with other things in it. */
export function salon(house: BusinessView): BusinessView {
  const people = ['Maria', 'Aylin', 'Selma', 'Jonas'];
  return {
    ...house,
    name: 'Haarwerk',
    kind: 'hairdresser',
    resources: people.map((identifier) => ({
      ...{ identifier, kind: 'person', minParty: 1, maxParty: 1, area: '', priority: 0 },
    })),
    combinations: [],
    services: [
      service('cut-women', 'Damenhaarschnitt', 60, ['Maria', 'Aylin', 'Selma']),
      service('cut-men', 'Herrenhaarschnitt', 30, ['Jonas', 'Maria']),
      service('colour', 'Färben', 120, []),
    ],
  };
}
