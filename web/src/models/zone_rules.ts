/**
 * A time zone as iCalendar describes it: VTIMEZONE by its yearly rules (RFC 5545, section 3.6.5).
 * The same as src/plausch/agent/ical/zone_rules.py, which says why; spec/vectors/calendar.json.
 */

export const UNIVERSAL = 'UTC';

const STEP_S = 7 * 86_400;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const;
const RULES_SINCE = 1970;
const LAST_WEEK = -1;

interface Change {
  readonly atS: number;
  readonly fromS: number;
  readonly toS: number;
}

interface Rule {
  readonly month: number;
  readonly week: number;
  readonly weekday: number;
  readonly time: string;
  readonly fromS: number;
  readonly toS: number;
}

/** What the clocks of a zone show: an instant moved by the offset, to be read as if it were UTC. */
export class Wall {
  readonly #format: Intl.DateTimeFormat;

  /** `zone` is one that this browser knows. */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  }

  shownS(atS: number): number {
    const found: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(atS * 1000)) {
      found[type] = Number(value);
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  }

  offsetS(atS: number): number {
    return this.shownS(atS) - atS;
  }
}

/** The VTIMEZONE for times in these years; none for universal time. */
export function timeZoneLines(
  zone: string,
  firstYear: number,
  lastYear: number,
): readonly string[] {
  if (zone === UNIVERSAL) {
    return [];
  }
  const wall = new Wall(zone);
  const beginS = newYearS(firstYear - 1);
  const changes = changesBetween(wall, beginS, newYearS(lastYear + 2));
  const rules = rulesOf(changes, firstYear - 1, lastYear + 1);
  const standingS = wall.offsetS(beginS);
  const parts =
    rules.length > 0
      ? rules.toSorted((one, other) => one.fromS - other.fromS).map(ruleLines)
      : [part(writtenTime(0), standingS, standingS, 'STANDARD'), ...changes.map(changeLines)];
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...parts.flat(), 'END:VTIMEZONE'];
}

/** `20261127T193000` of what a wall shows. */
export function writtenTime(shownS: number): string {
  return new Date(shownS * 1000).toISOString().replace(/[-:]|\.\d+Z/g, '');
}

function newYearS(year: number): number {
  return Date.UTC(year, 0, 1) / 1000;
}

function changesBetween(wall: Wall, beginS: number, endS: number): readonly Change[] {
  const changes: Change[] = [];
  let beforeS = wall.offsetS(beginS);
  for (let weekS = beginS; weekS < endS; weekS += STEP_S) {
    const untilS = Math.min(weekS + STEP_S, endS);
    const afterS = wall.offsetS(untilS);
    if (afterS !== beforeS) {
      let low = weekS;
      let high = untilS;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (wall.offsetS(middle) === beforeS) {
          low = middle;
        } else {
          high = middle;
        }
      }
      changes.push({ atS: high, fromS: beforeS, toS: afterS });
      beforeS = afterS;
    }
  }
  return changes;
}

/** The two rules that make these changes in each of these years; none if there are no such. */
function rulesOf(changes: readonly Change[], firstYear: number, lastYear: number): readonly Rule[] {
  const years: Change[][] = [];
  for (let year = firstYear; year <= lastYear; year += 1) {
    years.push(changes.filter((one) => shown(one).getUTCFullYear() === year));
  }
  if (years.some((found) => found.length !== 2)) {
    return [];
  }
  const rules: Rule[] = [];
  for (const place of [0, 1]) {
    const candidates = years.map((found) => {
      const change = found[place];
      return change === undefined ? [] : candidatesOf(change);
    });
    const fitting = (candidates[0] ?? [])
      .filter((rule) => candidates.every((others) => others.some((one) => equal(one, rule))))
      .toSorted((one, other) => one.week - other.week);
    if (fitting[0] === undefined) {
      return [];
    }
    rules.push(fitting[0]);
  }
  return rules[0]?.toS === rules[1]?.fromS ? rules : [];
}

function shown({ atS, fromS }: Change): Date {
  return new Date((atS + fromS) * 1000);
}

function candidatesOf(change: Change): readonly Rule[] {
  const wall = shown(change);
  const day = wall.getUTCDate();
  const month = wall.getUTCMonth() + 1;
  const weeks = [Math.floor((day - 1) / 7) + 1];
  if (day + 7 > daysIn(wall.getUTCFullYear(), month)) {
    weeks.push(LAST_WEEK);
  }
  return weeks.map((week) => ({
    month,
    week,
    weekday: wall.getUTCDay(),
    time: writtenTime(wall.getTime() / 1000).slice(9),
    fromS: change.fromS,
    toS: change.toS,
  }));
}

function equal(one: Rule, other: Rule): boolean {
  return (
    one.month === other.month &&
    one.week === other.week &&
    one.weekday === other.weekday &&
    one.time === other.time &&
    one.fromS === other.fromS &&
    one.toS === other.toS
  );
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function ruleLines(rule: Rule): readonly string[] {
  const fitting: number[] = [];
  for (let day = 1; day <= daysIn(RULES_SINCE, rule.month); day += 1) {
    const at = Date.UTC(RULES_SINCE, rule.month - 1, day);
    if (new Date(at).getUTCDay() === rule.weekday) {
      fitting.push(at / 1000);
    }
  }
  const beginS = fitting.at(rule.week === LAST_WEEK ? LAST_WEEK : rule.week - 1) ?? 0;
  const begin = writtenTime(beginS).slice(0, 9) + rule.time;
  const day = `${rule.week}${WEEKDAYS[rule.weekday] ?? ''}`;
  const every = `RRULE:FREQ=YEARLY;BYMONTH=${rule.month};BYDAY=${day}`;
  return part(begin, rule.fromS, rule.toS, kindOf(rule), every);
}

function changeLines(change: Change): readonly string[] {
  const begin = writtenTime(change.atS + change.fromS);
  return part(begin, change.fromS, change.toS, kindOf(change));
}

function kindOf({ fromS, toS }: { readonly fromS: number; readonly toS: number }): string {
  return toS > fromS ? 'DAYLIGHT' : 'STANDARD';
}

function part(
  begin: string,
  fromS: number,
  toS: number,
  kind: string,
  ...rule: readonly string[]
): readonly string[] {
  return [
    `BEGIN:${kind}`,
    `DTSTART:${begin}`,
    `TZOFFSETFROM:${offset(fromS)}`,
    `TZOFFSETTO:${offset(toS)}`,
    ...rule,
    `END:${kind}`,
  ];
}

function offset(offsetS: number): string {
  const minutes = Math.floor(Math.abs(offsetS) / 60);
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  return `${offsetS < 0 ? '-' : '+'}${hours}${String(minutes % 60).padStart(2, '0')}`;
}
