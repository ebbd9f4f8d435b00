/** What a report may be: for the page that makes one, the device that hands it in, and the wire. */

export const REPORT_REASONS = ['spam', 'abuse', 'illegal', 'other'] as const;
export type ReportReason = (typeof REPORT_REASONS)[number];

/** Messages that one report discloses at most, edited versions included. */
export const MOST_REPORTED = 20;

/** Characters of a report's note at most. */
export const NOTE_CHARACTERS = 1000;
