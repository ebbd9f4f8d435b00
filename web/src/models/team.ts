/** What the team's facts say of one conversation, and which conversations a filter of the inbox takes. */

import type { StaffView, TeamNoteView, TeamView } from '../sdk/protocol.ts';

export const NO_TEAM: TeamView = {
  staff: [],
  assignments: [],
  labels: [],
  notes: [],
  quickReplies: [],
  answering: [],
  agent: { device: '', isThere: true, lastThereMs: 0 },
};

/** `label`: those with one label. */
export type TeamFilter =
  | { readonly kind: 'all' | 'mine' | 'unassigned' }
  | { readonly kind: 'label'; readonly label: string };

/** Those who work here now. */
export function presentIn({ staff }: TeamView): readonly StaffView[] {
  return staff.filter(({ isGone }) => !isGone);
}

export function deviceOfThis({ staff }: TeamView): string {
  return staff.find(({ isThis }) => isThis)?.device ?? '';
}

/** Who looks after a conversation; undefined when nobody does, or a device that is gone. */
export function assigneeOf(team: TeamView, conversation: string): StaffView | undefined {
  const found = team.assignments.find((one) => one.conversation === conversation);
  return presentIn(team).find(({ device }) => device === found?.device);
}

export function labelsOf({ labels }: TeamView, conversation: string): readonly string[] {
  return labels
    .filter((one) => one.conversation === conversation)
    .map(({ label }) => label)
    .sort((one, other) => one.localeCompare(other));
}

/** Every label in use. */
export function allLabels({ labels }: TeamView): readonly string[] {
  return [...new Set(labels.map(({ label }) => label))].sort((one, other) =>
    one.localeCompare(other),
  );
}

/** The newest last. */
export function notesOf({ notes }: TeamView, conversation: string): readonly TeamNoteView[] {
  return notes
    .filter((one) => one.conversation === conversation)
    .sort((one, other) => one.atMs - other.atMs);
}

/** Who else is answering there just now. */
export function answeringIn(
  team: TeamView,
  conversation: string,
  nowMs: number,
): readonly StaffView[] {
  const own = deviceOfThis(team);
  return team.answering
    .filter((one) => one.conversation === conversation && one.untilMs > nowMs && one.device !== own)
    .flatMap(({ device }) => presentIn(team).find((one) => one.device === device) ?? []);
}

export function isTaken(team: TeamView, filter: TeamFilter, conversation: string): boolean {
  switch (filter.kind) {
    case 'all':
      return true;
    case 'mine':
      return assigneeOf(team, conversation)?.isThis === true;
    case 'unassigned':
      return assigneeOf(team, conversation) === undefined;
    case 'label':
      return team.labels.some(
        (one) => one.conversation === conversation && one.label === filter.label,
      );
  }
}

/** The quick replies that begin like what was typed behind a `/`. */
export function repliesFor({ quickReplies }: TeamView, typed: string): TeamView['quickReplies'] {
  const wanted = typed.toLocaleLowerCase();
  return quickReplies.filter(({ title }) => title.toLocaleLowerCase().includes(wanted));
}
