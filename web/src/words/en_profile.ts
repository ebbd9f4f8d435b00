/** The words of a business's public profile, in English. */

export const enProfile = {
  find: {
    title: 'Find a business',
    why: 'Restaurants, hairdressers, practices and shops of this server.',
    words: 'Name',
    wordsPlaceholder: 'For example Linde',
    kind: 'Kind',
    anyKind: 'Any',
    place: 'Town or postcode',
    search: 'Search',
    searching: 'The directory is searched',
    nothing: 'Nothing was found.',
    nothingWhy: 'Only who wants to be found stands in the directory. Try fewer words.',
    more: 'Show more',
    said: 'As the server lists them. What a business says of itself is signed, and you see it when you open it.',
    kinds: {
      restaurant: 'Restaurant',
      cafe: 'Café',
      hairdresser: 'Hairdresser',
      shop: 'Shop',
      practice: 'Practice',
      craft: 'Trade',
      hotel: 'Hotel',
      other: 'Business',
    },
  },
  profile: {
    title: 'Profile',
    pictures: 'Pictures',
    hours: 'Opening hours',
    weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    closed: 'closed',
    holidays: 'Closed on public holidays',
    contact: 'Contact',
    address: 'Address',
    telephone: 'Telephone',
    email: 'E-mail',
    links: 'On the web',
    imprint: 'Imprint',
    represented: 'Represented by',
    contactForm: 'Contact form',
    register: 'Register',
    vatId: 'VAT id',
    privacy: 'Privacy',
    privacyMore: 'Privacy in full',
    signed: (name: string) => `Signed by ${name}. The server cannot change it.`,
    unbelieved: 'The profile that the server shows cannot be believed:',
    before: (name: string) => `Before you write to ${name}`,
    show: 'Imprint and privacy',
    page: 'Opening hours, imprint, privacy',
    forms: {
      'sole trader': 'Sole trader',
      'public body': 'Public body',
    },
  },
};

export const enProfileFailures = {
  profile_rollback:
    'The server shows an older profile than the one you have seen. Somebody may want to deceive you.',
  profile_fork:
    'The server shows different people different profiles of this business. Do not rely on it.',
  profile_account: 'The server shows the profile of another account.',
  profile_forged: 'The server shows a profile that this business did not sign.',
  profile_withheld: 'The server holds back a profile that you have seen before.',
  bad_profile: 'This profile says something that it may not. Ask the business by message.',
  not_a_business: 'Only a business has a public profile.',
  incomplete_imprint: 'A profile without a complete imprint cannot go public.',
  public_picture:
    'A public picture is a JPEG, PNG or WebP of up to 512 KiB. Choose another one, or make it smaller.',
  picture_metadata:
    'This picture says where and when it was taken. Save it without that, and choose it again.',
  stale_profile: 'Another device has published a newer profile. Load it first.',
};
