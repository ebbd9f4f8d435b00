/** What a notification is, and what a person has chosen about them: the words that all rooms share. */

/** What a person has allowed; `unsupported`: the browser has no notifications here. */
export type Permission = 'unsupported' | 'default' | 'granted' | 'denied';

/** One notification. A later one with the same tag takes its place. */
export interface Notice {
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  readonly isSilent: boolean;
  /** What a tap opens, and the message that it is about. */
  readonly conversation?: string;
  readonly message?: string;
}

/** How notifications are to be. `language`: empty when none was chosen. */
export interface NoticeChoices {
  readonly language: string;
  readonly showsText: boolean;
}
