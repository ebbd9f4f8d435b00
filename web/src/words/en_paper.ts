/** What stands on posters and table tents, and around them where they are printed, in English. */

export const enPaper = {
  paper: {
    title: 'Poster and table tents',
    why: 'To print, or to keep as a PDF: with your name and the QR code of your page.',
    none: 'Nothing is public yet',
    noneWhy: 'The QR code leads to your page. Publish your profile first.',
    toProfile: 'To the profile',
    form: 'Form',
    forms: { poster: 'Poster (A4)', tent: 'Table tent (A5)' },
    hints: {
      poster: 'One sheet of A4 for the door or the counter.',
      tent: 'One sheet of A4. Fold it in the middle: it can be read from both sides.',
    },
    language: 'Language of the paper',
    print: 'Print or save as PDF',
    printWhy: 'For a file, choose “Save as PDF” where your browser asks for the printer.',
    preview: 'As it is printed',
    table: 'Book and order here',
    appointment: 'Make an appointment here',
    write: 'Write to us',
    promises: ['Scan and write, no app needed', 'Encrypted, no telephone number, free'],
  },
};
