/** Our own profile as the page writes it, and as it is signed; and how it waits in the vault. */

import { fromHex, textFrom, toHex, utf8 } from '../base/bytes.ts';
import type { Calendar, Picture, Profile } from '../identity/profile_body.ts';
import { type ProfileProblem, problemsIn } from '../identity/profile_check.ts';
import { missingIn } from '../identity/profile_missing.ts';
import { opaque } from '../mls/codec.ts';
import type { Written } from '../vault/slots.ts';
import { profileDraft } from './asked.ts';
import type { HoursView } from './business_shapes.ts';
import type { ProfileDraft, ProfileProblemView, PublicPictureView } from './profile_shapes.ts';

/** `draft` is undefined when it was written by a version that knew other fields. */
export interface KeptDraft {
  readonly draft: ProfileDraft | undefined;
}

/** How it is kept: as JSON, looked at when it comes back. */
export const KEPT_DRAFT: Written<KeptDraft> = {
  toBytes: ({ draft }) => opaque(utf8(JSON.stringify(draft ?? null))),
  read: (reader) => {
    const said: unknown = JSON.parse(textFrom(reader.opaque()));
    return { draft: profileDraft(said) ? (said as ProfileDraft) : undefined };
  },
};

/** The profile that was written; what is wrong in it is still in it. */
export function profileIn(draft: ProfileDraft): Profile {
  const { hours, isListed, pictures, zone, ...said } = draft;
  return {
    ...said,
    calendar: calendarIn(zone, hours),
    pictures: pictures.map(({ blob, digest, ...rest }) => ({
      ...rest,
      blob: fromHex(blob),
      digest: fromHex(digest),
    })),
    listed: isListed,
  };
}

/** A profile as it can be changed. */
export function draftOf(profile: Profile): ProfileDraft {
  const { calendar, listed, pictures, ...said } = profile;
  const { openOnHolidays, region, specialDays, weekly, zone } = calendar;
  return {
    ...said,
    zone,
    hours: {
      weekly: weekly.map((spans) => spans.map(spanView)),
      specialDays: specialDays.map(({ spans, ...day }) => ({ ...day, spans: spans.map(spanView) })),
      holidays: region === undefined ? null : { ...region, isOpen: openOnHolidays },
    },
    pictures: pictures.map(pictureView),
    isListed: listed,
  };
}

export function pictureView({ blob, digest, ...rest }: Picture): PublicPictureView {
  return { ...rest, blob: toHex(blob), digest: toHex(digest) };
}

/** Everything that keeps it from going public: what is wrong, then what is lacking. */
export function problemsOf(draft: ProfileDraft): readonly ProfileProblemView[] {
  const profile = profileIn(draft);
  const wrong = Array.from(problemsIn(profile), problemView);
  const lacking = missingIn(profile).map((field) => ({ field, why: 'lacking' as const }));
  return [...wrong, ...lacking];
}

function problemView(problem: ProfileProblem): ProfileProblemView {
  const { at, field, why } = problem;
  return {
    ...{ field, why },
    ...(at === undefined ? {} : { at }),
    ...('most' in problem ? { most: problem.most } : {}),
  };
}

function calendarIn(zone: string, { holidays, specialDays, weekly }: HoursView): Calendar {
  const { isOpen = false, ...region } = holidays ?? {};
  return {
    zone,
    weekly: weekly.map((spans) => spans.map(spanIn)),
    specialDays: specialDays.map(({ date, note, spans }) => ({
      ...{ date, note },
      spans: spans.map(spanIn),
    })),
    ...('state' in region ? { region } : {}),
    openOnHolidays: isOpen,
  };
}

type SpanView = HoursView['weekly'][number][number];

function spanIn({ closesMinute, opensMinute }: SpanView): readonly [number, number] {
  return [opensMinute, closesMinute];
}

function spanView([opensMinute, closesMinute]: readonly [number, number]): SpanView {
  return { opensMinute, closesMinute };
}
