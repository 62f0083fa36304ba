import type { UploadsApi } from './api.ts';
import type { Clock } from './clock.ts';

/** What is signed is not begun with so shortly before its end, in milliseconds. */
const longestMargin = 15_000;

/** The server's time comes from a Date header, which leaves fractions of a second out (RFC 9110, 5.6.7). */
const clockGrain = 1_000;

/**
 * Until when something signed can be begun with, by this machine's clock, which goes on while the machine sleeps: what expired then is found expired.
 * @param signedFor for how long it was signed, in milliseconds: for where the server's clock is not known, and this machine's may be wrong by hours
 * @param askedAt when it was asked for, by this machine's clock: the machine may have slept between that and the answer
 */
export function goodUntil(api: UploadsApi, clock: Clock, expiresAt: string, signedFor: number | null, askedAt = clock.now()): number {
  const left = api.timeUntil(expiresAt);
  const lasts = (left ?? signedFor ?? longestMargin) - clockGrain;
  return (left === null ? askedAt : clock.now()) + lasts - Math.min(lasts / 4, longestMargin);
}
