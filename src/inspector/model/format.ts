import type { ExecutionModel } from './execution-model.ts';

/** A length of time: `0.012 s`, `3:05`, `2 d 3:00 h`. */
export function formatLength(ms: number): string {
  const value = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  const pad = (part: number): string => String(part).padStart(2, '0');
  if (value < 1_000) return `${sign}${Math.round(value)} ms`;
  if (value < 60_000) return `${sign}${(value / 1_000).toFixed(value < 10_000 ? 2 : 1)} s`;
  const seconds = Math.floor(value / 1_000);
  if (value < 3_600_000) return `${sign}${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (value < 86_400_000) return `${sign}${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  return `${sign}${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/** Since an execution was started. */
export const formatSince = ({ document }: ExecutionModel, at: number): string => `+${formatLength(at - document.execution.createdAt)}`;

/** A day and a time, where the page is looked at. */
export const formatTime = (at: number): string => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const formatBytes = (bytes: number): string => (bytes < 1_024 ? `${bytes} B` : bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`);
