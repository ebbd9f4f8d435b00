/** What stands on posters and table tents, and around them where they are printed, in German. */

import type { enPaper } from './en_paper.ts';

export const dePaper: typeof enPaper = {
  paper: {
    title: 'Plakat und Tischaufsteller',
    why: 'Zum Drucken oder als PDF: mit eurem Namen und dem QR-Code eurer Seite.',
    none: 'Noch ist nichts öffentlich',
    noneWhy: 'Der QR-Code führt zu eurer Seite. Veröffentlicht zuerst euer Profil.',
    toProfile: 'Zum Profil',
    form: 'Form',
    forms: { poster: 'Plakat (A4)', tent: 'Aufsteller (A5)' },
    hints: {
      poster: 'Ein Blatt A4 für die Tür oder den Tresen.',
      tent: 'Ein Blatt A4. In der Mitte gefaltet, ist es von beiden Seiten zu lesen.',
    },
    language: 'Sprache auf dem Papier',
    print: 'Drucken oder als PDF sichern',
    printWhy: 'Für eine Datei wählt „Als PDF sichern“, wo der Browser nach dem Drucker fragt.',
    preview: 'So wird es gedruckt',
    table: 'Hier reservieren und bestellen',
    appointment: 'Hier Termin vereinbaren',
    write: 'Schreiben Sie uns',
    promises: [
      'Scannen und losschreiben, ohne App',
      'Verschlüsselt, ohne Telefonnummer, kostenlos',
    ],
  },
};
