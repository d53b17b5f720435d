import prettyMilliseconds from 'pretty-ms';

/** Writes a length of time for people: `12ms`, `1.2s`, `3m 4s`. */
export function formatDuration(ms: number): string {
  return prettyMilliseconds(Math.max(0, Math.round(ms)), ms < 60_000 ? { secondsDecimalDigits: 1, keepDecimalsOnWholeSeconds: true } : { unitCount: 2, secondsDecimalDigits: 0 });
}

/** Writes how far something is: `42 %`, or `42 %, about 3m left`. */
export function formatProgress({ share, remainingMs }: { readonly share: number; readonly remainingMs: number | null }): string {
  const left = remainingMs === null || share === 1 ? '' : `, about ${formatDuration(Math.max(1_000, Math.round(remainingMs / 1_000) * 1_000)).replace(/\.0s$/, 's')} left`;
  return `${Math.floor(share * 100)} %${left}`;
}

/** Writes a time of day in UTC-free local form: `14:03:09`. */
export function formatTimeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}

/** Writes a date and time: `2026-01-31 14:03:09`, local. */
export function formatDateTime(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(part => String(part).padStart(2, '0')).join('-');
  return `${day} ${formatTimeOfDay(at)}`;
}
