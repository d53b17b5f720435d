/** Ids of the copies of the one sleeping flow, numbered from 1; in the form of `printf`. */
export const sleeperIdFormat = '0199a000-0000-7000-8000-%012d';

export const toSleeperId = (number: number): string => sleeperIdFormat.replace('%012d', String(number).padStart(12, '0'));
