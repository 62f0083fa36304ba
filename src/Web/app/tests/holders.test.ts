import { describe, expect, test } from 'vitest';
import { describeHolder, whoIs } from '../src/transfers/holders.ts';

const held = async () => new Set(['media-client:web-alive']);

describe('who has an upload', () => {
  test.each([
    ['web-alive', 'tab'],
    ['web-elsewhere', 'browser'],
    ['media-cli', 'program'],
  ])('%s is a %s', async (client, holder) => expect(await whoIs(client, held)).toBe(holder));

  test('it is said who, since when, and what can be done', () => {
    expect(describeHolder('tab', '2026-01-01T10:00:00Z', false)).toMatch(/^Another tab of this browser has had this upload since \d.*Take it over/);
    expect(describeHolder('browser', null, true)).toBe('Taken over by another browser, or a tab that was closed. It goes on there; nothing is lost.');
    expect(describeHolder(null, 'nonsense', false)).toMatch(/^Another client has had this upload\. /);
  });
});
