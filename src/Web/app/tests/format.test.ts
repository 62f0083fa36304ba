import { describe, expect, test } from 'vitest';
import { ApiProblem, ServerUnreachable } from '../src/api.ts';
import { formatInstant, formatLimits, formatSize, formatWait } from '../src/format.ts';
import { explain } from '../src/messages.ts';

const MiB = 1024 ** 2;
const TiB = 1024 ** 4;

test.each([
  [null, 'size not known yet'],
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [64 * MiB, '64 MiB'],
  [1024 * MiB - 1, '1 GiB'],
  [5 * TiB, '5 TiB'],
])('%s bytes are shown as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));

test.each([
  [0, 'in a moment'],
  [30.2, 'in 31 seconds'],
  [99, 'in 99 seconds'],
  [121, 'in 3 minutes'],
  [4 * 3600, 'in 4 hours'],
])('a wait of %s s is shown as %s', (seconds, text) => expect(formatWait(seconds)).toBe(text));

test('an instant is shown in the reader’s zone', () => {
  expect(formatInstant('2026-11-21T23:30:00Z', 'en-GB', 'Europe/Berlin')).toBe('22 Nov 2026, 00:30');
});

test('what is no instant is shown as it is', () => expect(formatInstant('yesterday')).toBe('yesterday'));

describe('formatLimits', () => {
  test('any type', () => expect(formatLimits({ contentTypes: ['*/*'], maxSize: 5 * TiB })).toBe('Files of any type, up to 5 TiB each.'));
  test('some types', () => expect(formatLimits({ contentTypes: ['image/*', 'video/mp4'], maxSize: MiB })).toBe('image/*, video/mp4, up to 1 MiB each.'));
});

describe('explain', () => {
  const problem = (status: number, code: string, detail = '', retryAfter: number | null = null) => explain(new ApiProblem(status, code, detail, retryAfter));

  test('a wrong password', () => expect(problem(401, 'bad_credentials', 'internal words')).toBe('That password isn’t right. Check it and try again.'));
  test('too many tries, and until when', () => expect(problem(429, 'too_many_attempts', '', 240)).toBe('Too many tries. You can try again in 4 minutes.'));
  test('too many tries, without a time', () => expect(problem(429, 'too_many_attempts')).toContain('a little later'));
  test('no server', () => expect(explain(new ServerUnreachable('x'))).toContain('can’t be reached'));
  test('the server’s own words where there are no better ones', () => expect(problem(413, 'quota_exceeded', 'You have 3 GiB left.')).toBe('You have 3 GiB left.'));
  test('no words at all', () => expect(problem(418, 'unknown')).toContain('418'));
  test('a bug', () => expect(explain(new TypeError('undefined is not a function'))).not.toContain('undefined'));
});
