/** Anna's device as a person would have it after a year, and a restaurant that answers. */

import type { MessageView } from '../../src/sdk/protocol.ts';
import { FakeDevice } from './fake.ts';
import { ANNA, DOMAIN, IDS, LINDE, person, SAYINGS } from './people.ts';
import { LINDE_PROFILE } from './profiles.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export { IDS };

export interface Size {
  readonly conversations: number;
  readonly longMessages: number;
}

/** Anna with everything. */
export function cast(size: Size, nowMs: () => number): FakeDevice {
  const device = new FakeDevice(nowMs);
  device.own = { address: ANNA, device: '0123456789abcdef', kind: 'person' };
  const now = nowMs();
  crowd(device, size.conversations, now);
  longConversation(device, size.longMessages, now);
  strangers(device, now);
  asking(device, now);
  group(device, now);
  foreignGroup(device, now);
  friend(device, now);
  restaurant(device, now);
  return device;
}

function crowd(device: FakeDevice, count: number, now: number): void {
  for (let at = 10; at < count; at += 1) {
    const id = `7${at.toString(16).padStart(31, '0')}`;
    const peer = person(at);
    const activeAtMs = now - at * 47 * MINUTE_MS;
    const isGroup = at % 7 === 3;
    device.add({
      id,
      kind: isGroup ? 'group' : 'direct',
      title: isGroup
        ? `${['Chor', 'Hausgemeinschaft', 'Lauftreff', 'Elternabend'][at % 4] ?? ''} ${at}`
        : '',
      ...(isGroup ? {} : { peer }),
      participants: [ANNA, peer, ...(isGroup ? [person(at + 1), person(at + 2)] : [])],
      isArchived: at % 31 === 5,
    });
    const isOurs = at % 3 === 0;
    const state = isOurs
      ? ((['read', 'delivered', 'sent'] as const)[at % 9 === 0 ? 0 : at % 2] ?? 'sent')
      : 'received';
    const text = SAYINGS[at % SAYINGS.length] ?? '';
    device.write(id, { sender: isOurs ? ANNA : peer, text, sentAtMs: activeAtMs, state });
    const view = device.conversations.get(id);
    if (view !== undefined) {
      device.conversations.set(id, {
        ...view,
        unread: !isOurs && at < 24 && at % 4 === 1 ? at % 6 : 0,
        mutedUntilMs: at % 11 === 4 ? Number.MAX_SAFE_INTEGER : 0,
        draft: at === 14 ? 'Ich wollte noch fragen, ob' : '',
      });
    }
    if (at < 40) {
      device.contacts.set(peer, {
        address: peer,
        kind: 'person',
        state: 'pinned',
        isBlocked: false,
      });
    }
  }
}

function longConversation(device: FakeDevice, count: number, now: number): void {
  const olga = `olga@${DOMAIN}`;
  device.add({ id: IDS.long, peer: olga, participants: [ANNA, olga] });
  for (let at = 0; at < count; at += 1) {
    const isOurs = at % 5 < 2;
    device.write(IDS.long, {
      sender: isOurs ? ANNA : olga,
      text: `${at + 1}. ${SAYINGS[(at * 7) % SAYINGS.length] ?? ''}`,
      sentAtMs: now - (count - at) * 13 * MINUTE_MS - 3 * HOUR_MS,
      state: isOurs ? 'read' : 'received',
    });
  }
}

function strangers(device: FakeDevice, now: number): void {
  const stranger = 'robin@elsewhere.example';
  device.add({ id: IDS.request, peer: stranger, participants: [ANNA, stranger], isRequest: true });
  device.write(IDS.request, {
    sender: stranger,
    text: 'Hallo Anna, wir haben uns am Wochenende auf dem Flohmarkt gesehen.',
    sentAtMs: now - 26 * HOUR_MS,
  });
  const emil = `emil@${DOMAIN}`;
  device.add({ id: IDS.changed, peer: emil, participants: [ANNA, emil], changed: [emil] });
  device.contacts.set(emil, { address: emil, kind: 'person', state: 'changed', isBlocked: false });
  device.write(IDS.changed, { text: 'Bis morgen!', sentAtMs: now - 28 * HOUR_MS, state: 'read' });
  device.write(IDS.changed, {
    kind: 'event',
    sender: emil,
    event: { what: 'identity', by: emil, who: [emil] },
    sentAtMs: now - 27 * HOUR_MS,
  });
  device.add({
    id: IDS.left,
    kind: 'group',
    title: 'Umzug im Mai',
    participants: [ANNA],
    state: 'left',
  });
  device.write(IDS.left, {
    kind: 'event',
    event: { what: 'left', by: ANNA, who: [ANNA] },
    sentAtMs: now - 9 * DAY_MS,
  });
}

/** Somebody who has followed the link of the group. */
function asking(device: FakeDevice, now: number): void {
  const leyla = `leyla.yilmaz@${DOMAIN}`;
  device.add({ id: IDS.asking, peer: leyla, participants: [ANNA, leyla], isRequest: true });
  device.write(IDS.asking, {
    sender: leyla,
    kind: 'card',
    text: 'Ich möchte in deine Gruppe; ich habe ihren Link bekommen.',
    card: { kind: 'join_request', group: IDS.group },
    sentAtMs: now - 30 * HOUR_MS,
  });
}

/** A group that others administrate. */
function foreignGroup(device: FakeDevice, now: number): void {
  const [olga, jonas] = [`olga@${DOMAIN}`, `jonas@${DOMAIN}`];
  device.add({
    id: IDS.member,
    kind: 'group',
    title: 'Hausgemeinschaft Lindenstraße 14, Vorder- und Hinterhaus',
    participants: [olga, ANNA, jonas],
    admins: [olga],
  });
  device.write(IDS.member, {
    kind: 'event',
    event: { what: 'linked', by: olga, who: [] },
    sentAtMs: now - 31 * HOUR_MS,
  });
  device.write(IDS.member, {
    kind: 'event',
    event: { what: 'promoted', by: olga, who: [jonas] },
    sentAtMs: now - 31 * HOUR_MS,
  });
}

function group(device: FakeDevice, now: number): void {
  const [mia, cem, ben] = [`mia@${DOMAIN}`, `cem@${DOMAIN}`, `ben.weber@${DOMAIN}`];
  const at = (minutes: number): number => now - minutes * MINUTE_MS;
  const { group: id } = IDS;
  device.add({
    id,
    kind: 'group',
    title: 'Sommerfest im Hof',
    participants: [ANNA, mia, cem, ben],
    admins: [ANNA],
    isPinned: true,
  });
  device.write(id, {
    kind: 'event',
    event: { what: 'created', by: ANNA, who: [] },
    sentAtMs: at(3000),
  });
  device.write(id, {
    kind: 'event',
    event: { what: 'joined', by: ANNA, who: [mia, cem, ben] },
    sentAtMs: at(2999),
  });
  device.write(id, {
    text: 'Hallo zusammen! Wer bringt was mit?',
    sentAtMs: at(2990),
    state: 'read',
  });
  const salad = device.write(id, {
    sender: mia,
    text: 'Ich mache den **Kartoffelsalat**.\n\n- mit Brühe\n- ohne Mayo',
    isMarkdown: true,
    sentAtMs: at(1500),
    reactions: [
      { sign: '❤️', by: [ANNA, cem] },
      { sign: '😋', by: [ben] },
    ],
  });
  device.write(id, {
    sender: cem,
    text: 'Endlich jemand mit Verstand.',
    answers: { id: salad.id, sender: mia, text: 'Ich mache den **Kartoffelsalat**.' },
    sentAtMs: at(1496),
  });
  device.write(id, { sender: cem, text: 'Grill kommt von mir 🔥', sentAtMs: at(1495) });
  device.write(id, {
    sender: ben,
    text: `[@anna](mimi://${DOMAIN}/u/anna) hast du noch die Lichterkette vom letzten Jahr?`,
    isMarkdown: true,
    mentions: [ANNA],
    sentAtMs: at(34),
  });
  device.write(id, {
    text: 'Ja, im Keller. Bringe ich mit.',
    sentAtMs: at(31),
    state: 'delivered',
  });
  device.write(id, { sender: mia, isDeleted: true, sentAtMs: at(12) });
  device.write(id, {
    sender: mia,
    text: 'Schönes Wetter ist bestellt.',
    isEdited: true,
    sentAtMs: at(11),
  });
}

function friend(device: FakeDevice, now: number): void {
  const ben = `ben.weber@${DOMAIN}`;
  const at = (minutes: number): number => now - minutes * MINUTE_MS;
  const { ben: id } = IDS;
  device.contacts.set(ben, { address: ben, kind: 'person', state: 'verified', isBlocked: false });
  device.add({ id, peer: ben, participants: [ANNA, ben] });
  for (const [index, text] of SAYINGS.slice(0, 12).entries()) {
    const isOurs = index % 2 === 1;
    device.write(id, {
      sender: isOurs ? ANNA : ben,
      text,
      sentAtMs: at(1700 - index * 3),
      state: isOurs ? 'read' : 'received',
    });
  }
  device.write(id, {
    sender: ben,
    kind: 'file',
    text: 'Der See heute früh',
    attachment: {
      name: 'see.jpg',
      mediaType: 'image/jpeg',
      sizeBytes: 412_000,
      width: 1600,
      height: 1067,
    },
    sentAtMs: at(95),
  });
  device.write(id, {
    kind: 'file',
    attachment: {
      name: 'voice.webm',
      mediaType: 'audio/webm',
      sizeBytes: 48_000,
      durationMs: 14_300,
      waveform: Array.from({ length: 64 }, (_, bar) =>
        Math.round(128 + 120 * Math.sin(bar / 3) * Math.cos(bar / 11)),
      ),
    },
    sentAtMs: at(90),
    state: 'read',
  });
  device.write(id, {
    sender: ben,
    kind: 'file',
    attachment: {
      name: 'Mietvertrag Seitenflügel 2026 (unterschrieben).pdf',
      mediaType: 'application/pdf',
      sizeBytes: 2_480_000,
    },
    sentAtMs: at(60),
  });
  device.write(id, { text: '😍', sentAtMs: at(44), state: 'read' });
  device.write(id, {
    text: 'Ich lese ihn heute Abend.',
    sentAtMs: at(43),
    state: 'failed',
    failure: 'too_large',
  });
  device.write(id, {
    text: 'Bis später!',
    sentAtMs: at(2),
    state: 'waiting',
    expiresAtMs: now + 3 * HOUR_MS,
  });
}

function restaurant(device: FakeDevice, now: number): void {
  const { linde: id } = IDS;
  device.contacts.set(LINDE, {
    address: LINDE,
    kind: 'business',
    state: 'pinned',
    isBlocked: false,
  });
  device.profiles.set(LINDE, LINDE_PROFILE);
  device.add({ id, peer: LINDE, businessName: 'Zur Linde', participants: [ANNA, LINDE] });
  device.write(id, {
    sender: LINDE,
    kind: 'card',
    text: 'Hallo, hier ist **Zur Linde**. Ich nehme Reservierungen entgegen, zu jeder Zeit. Was darf es sein?\n\n1. Tisch reservieren\n2. Öffnungszeiten\n\nAntworten Sie mit der Nummer, oder schreiben Sie einfach, was Sie möchten.',
    isMarkdown: true,
    card: {
      kind: 'choices',
      title: '',
      options: [
        { identifier: 'book', label: 'Tisch reservieren' },
        { identifier: 'hours', label: 'Öffnungszeiten' },
      ],
    },
    sentAtMs: now - 60_000,
  });
  device.onsent = (message): void => {
    if (message.conversation === id) {
      answer(device, message);
    }
  };
}

/** As src/plausch/agent answers, in few words. */
function answer(device: FakeDevice, { card, conversation }: MessageView): void {
  const say = (fields: Partial<MessageView>): void => {
    device.receive(conversation, { sender: LINDE, isMarkdown: true, ...fields });
  };
  const day = Math.floor(device.nowMs() / DAY_MS) * DAY_MS + DAY_MS;
  if (card?.kind === 'cancel_request') {
    say({
      kind: 'card',
      text: 'Storniert.',
      card: {
        ...booking(day + 18.5 * HOUR_MS),
        uid: card.uid,
        sequence: 2,
        state: 'cancelled',
        actions: [],
      },
    });
  } else if (card?.kind !== 'choose') {
    say({ text: 'Gern. Wählen Sie oben, oder schreiben Sie „Tisch für 4 morgen um 19 Uhr“.' });
  } else if (card.identifier === 'book') {
    say({
      kind: 'card',
      text: 'Diese Zeiten sind frei.',
      card: {
        kind: 'slot_offer',
        requestId: 'p4',
        party: 4,
        zone: 'Europe/Berlin',
        slots: [0, 1, 2].flatMap((days) =>
          Array.from({ length: 8 - days }, (_, slot) => {
            const startS = (day + days * DAY_MS + (16.5 + slot / 2) * HOUR_MS) / 1000;
            return {
              identifier: new Date(startS * 1000).toISOString().replace(/[-:]|\.\d+/g, ''),
              startS,
              durationS: 7200,
            };
          }),
        ),
      },
    });
  } else if (/^\d{8}T/.test(card.identifier)) {
    const text = card.identifier.replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      '$1-$2-$3T$4:$5:$6Z',
    );
    say({ kind: 'card', text: 'Bestätigt.', card: booking(Date.parse(text)) });
  } else {
    say({
      text: '**Unsere Öffnungszeiten:**\n\n- Dienstag bis Samstag: 17:30–23:00 Uhr\n- Sonntag: 11:30–21:00 Uhr',
    });
  }
}

function booking(atMs: number): Extract<NonNullable<MessageView['card']>, { kind: 'booking' }> {
  return {
    kind: 'booking',
    uid: 'f3c1a2@linde.example',
    sequence: 1,
    state: 'confirmed',
    party: 4,
    startS: atMs / 1000,
    durationS: 7200,
    zone: 'Europe/Berlin',
    underName: 'Anna',
    business: 'Zur Linde',
    actions: ['change', 'cancel'],
  };
}
