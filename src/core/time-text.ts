const zoned = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/;
const day = /^(\d{4})-(\d\d)-(\d\d)/;

/** Tells whether a text begins with a day that is in no calendar: `2026-02-30`, which `Date` takes for the second of March. */
export function hasNoSuchDay(text: string): boolean {
  const [, year, month, date] = day.exec(text) ?? [];
  if (date === undefined) return false;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(date));
  return at.getUTCMonth() !== Number(month) - 1 || at.getUTCDate() !== Number(date);
}

/** Reads an ISO 8601 time with a zone, or a day in UTC, as epoch ms; undefined: it is none, or its day is in no calendar. */
export function parseTime(text: string): number | undefined {
  if (!zoned.test(text) || hasNoSuchDay(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
