/** The words of a business's public profile, in German. */

import type { enProfile, enProfileFailures } from './en_profile.ts';

export const deProfile: typeof enProfile = {
  profile: {
    title: 'Profil',
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
  stale_profile: 'Ein anderes Gerät hat ein neueres Profil veröffentlicht. Lade es zuerst.',
};
