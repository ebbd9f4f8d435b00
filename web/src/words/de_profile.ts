/** The words of a business's public profile, in German. */

import type { enProfile, enProfileFailures } from './en_profile.ts';

export const deProfile: typeof enProfile = {
  find: {
    title: 'Betrieb finden',
    why: 'Restaurants, Friseure, Praxen und Läden auf diesem Server.',
    words: 'Name',
    wordsPlaceholder: 'Zum Beispiel Linde',
    kind: 'Art',
    anyKind: 'Alle',
    place: 'Ort oder PLZ',
    search: 'Suchen',
    searching: 'Das Verzeichnis wird durchsucht',
    nothing: 'Nichts gefunden.',
    nothingWhy:
      'Im Verzeichnis steht nur, wer gefunden werden will. Versuch es mit weniger Wörtern.',
    more: 'Mehr zeigen',
    said: 'So führt sie der Server. Was ein Betrieb von sich sagt, ist unterschrieben; du siehst es, wenn du ihn öffnest.',
    kinds: {
      restaurant: 'Restaurant',
      cafe: 'Café',
      hairdresser: 'Friseur',
      shop: 'Laden',
      practice: 'Praxis',
      craft: 'Handwerk',
      hotel: 'Hotel',
      other: 'Betrieb',
    },
  },
  profile: {
    title: 'Profil',
    pictures: 'Bilder',
    hours: 'Öffnungszeiten',
    weekdays: ['Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa', 'So'],
    closed: 'geschlossen',
    holidays: 'An Feiertagen geschlossen',
    contact: 'Kontakt',
    address: 'Adresse',
    telephone: 'Telefon',
    email: 'E-Mail',
    links: 'Im Netz',
    imprint: 'Impressum',
    represented: 'Vertreten durch',
    contactForm: 'Kontaktformular',
    register: 'Register',
    vatId: 'Umsatzsteuer-ID',
    privacy: 'Datenschutz',
    privacyMore: 'Datenschutz ausführlich',
    signed: (name: string) => `Unterschrieben von ${name}. Der Server kann nichts daran ändern.`,
    unbelieved: 'Das Profil, das der Server zeigt, ist nicht glaubwürdig:',
    before: (name: string) => `Bevor du ${name} schreibst`,
    show: 'Impressum und Datenschutz',
    page: 'Öffnungszeiten, Impressum, Datenschutz',
    forms: {
      'sole trader': 'Einzelunternehmen',
      'public body': 'Körperschaft des öffentlichen Rechts',
    },
  },
};

export const deProfileFailures: typeof enProfileFailures = {
  profile_rollback:
    'Der Server zeigt ein älteres Profil als das, das du gesehen hast. Vielleicht will dich jemand täuschen.',
  profile_fork:
    'Der Server zeigt verschiedenen Leuten verschiedene Profile dieses Betriebs. Verlass dich nicht darauf.',
  profile_account: 'Der Server zeigt das Profil eines anderen Kontos.',
  profile_forged: 'Der Server zeigt ein Profil, das dieser Betrieb nicht unterschrieben hat.',
  profile_withheld: 'Der Server hält ein Profil zurück, das du schon gesehen hast.',
  bad_profile: 'Dieses Profil sagt etwas, das es nicht darf. Frag den Betrieb in einer Nachricht.',
  not_a_business: 'Nur ein Betrieb hat ein öffentliches Profil.',
  incomplete_imprint: 'Ein Profil ohne vollständiges Impressum kann nicht veröffentlicht werden.',
  public_picture:
    'Ein öffentliches Bild ist ein JPEG, PNG oder WebP mit höchstens 512 KiB. Wähle ein anderes, oder mach es kleiner.',
  picture_metadata:
    'Dieses Bild verrät, wo und wann es aufgenommen wurde. Speichere es ohne das, und wähle es noch einmal.',
  stale_profile: 'Ein anderes Gerät hat ein neueres Profil veröffentlicht. Lade es zuerst.',
};
