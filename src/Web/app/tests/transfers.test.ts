import { describe, expect, test } from 'vitest';
import { Announcements } from '../src/transfers/announcements.ts';
import { Pace } from '../src/transfers/pace.ts';
import { titleOf } from '../src/transfers/title.ts';
import type { Transfer } from '../src/transfers/transfer.ts';
import { actionsOf } from '../src/transfers/transfer-row.ts';
import { Transfers } from '../src/transfers/transfers.ts';
import { describe as words, describeTotals, formatLeft } from '../src/transfers/words.ts';

const MiB = 1024 * 1024;

class Stopwatch {
  at = 0;
  readonly now = () => this.at;
}

function begin() {
  const watch = new Stopwatch();
  const transfers = new Transfers(watch.now);
  const add = (id: string, size = 100 * MiB) => {
    transfers.add({ id, name: `${id}.mp4`, folder: '', size, tag: null });
    return id;
  };
  const get = (id: string): Transfer => transfers.get(id) ?? expect.unreachable(`${id} is not there`);
  return { watch, transfers, add, get };
}

describe('pace', () => {
  test('is not known at first, then bytes a second, and forgets what was long ago', () => {
    const watch = new Stopwatch();
    const pace = new Pace(watch.now);
    pace.reached(0);
    expect(pace.rate).toBeNull();
    watch.at = 500;
    pace.reached(50);
    expect(pace.rate).toBeNull();
    watch.at = 2_000;
    pace.reached(200);
    expect(pace.rate).toBe(100);
    for (let second = 3; second <= 20; second++) {
      watch.at = second * 1000;
      pace.reached(200 + (second - 2) * 1000);
    }
    expect(pace.rate).toBe(1000);
  });

  test('falls while nothing moves', () => {
    const watch = new Stopwatch();
    const pace = new Pace(watch.now);
    pace.reached(0);
    watch.at = 2_000;
    pace.reached(2_000);
    watch.at = 4_000;
    expect(pace.rate).toBe(500);
  });
});

describe('one transfer in words', () => {
  test('says what it waits for, hashes, sends and verifies', () => {
    const { transfers, add, get, watch } = begin();
    add('film');
    expect(words(get('film'), 'up')).toMatchObject({ state: 'Waiting', fraction: 0 });
    transfers.change('film', { state: 'hashing', hashed: 42 * MiB });
    expect(words(get('film'), 'up')).toMatchObject({ state: 'Hashing 42 %', fraction: 0.42 });
    transfers.change('film', { state: 'uploading', sent: 0 });
    watch.at = 2_000;
    transfers.change('film', { sent: 20 * MiB });
    expect(words(get('film'), 'up')).toMatchObject({ state: 'Uploading 20 %', detail: '20 MiB of 100 MiB · 10 MiB/s · 8 s left' });
    transfers.change('film', { state: 'verifying', verified: 0 });
    expect(words(get('film'), 'up').state).toBe('Verifying');
    transfers.change('film', { verified: 50 * MiB });
    expect(words(get('film'), 'up').state).toBe('Verifying 50 %');
    transfers.change('film', { state: 'verified' });
    expect(words(get('film'), 'up')).toMatchObject({ state: 'Verified', tone: 'good', fraction: null });
  });

  test('what was there from an earlier try does not count as speed', () => {
    const { transfers, add, get, watch } = begin();
    add('film');
    watch.at = 5_000;
    transfers.change('film', { state: 'uploading', sent: 80 * MiB });
    watch.at = 7_000;
    transfers.change('film', { sent: 82 * MiB });
    expect(get('film').rate).toBe(MiB);
  });

  test('all sent, the hash not done: it says so rather than stand at 99 %', () => {
    const { transfers, add, get } = begin();
    add('film');
    transfers.change('film', { state: 'uploading', sent: 99.5 * MiB, hashed: 60 * MiB });
    expect(words(get('film'), 'up').state).toBe('Hashing 60 %');
  });

  test('a pause and a lost connection are told apart', () => {
    const { transfers, add, get } = begin();
    add('film');
    transfers.change('film', { state: 'uploading', sent: 42 * MiB });
    expect(words(get('film'), 'offline')).toMatchObject({ state: 'No connection', tone: 'warn' });
    transfers.change('film', { isPaused: true });
    expect(words(get('film'), 'offline').state).toBe('Paused at 42 %');
  });

  test('a duplicate says whether anything was sent', () => {
    const { transfers, add, get } = begin();
    add('film');
    transfers.change('film', { state: 'duplicate' });
    expect(words(get('film'), 'up').detail).toContain('nothing was sent');
    transfers.change('film', { hasSent: true });
    expect(words(get('film'), 'up').detail).not.toContain('nothing was sent');
  });

  test.each([
    ['waiting', false, 'pause,cancel'],
    ['uploading', true, 'resume,cancel'],
    ['verifying', false, ''],
    ['locked', false, 'takeOver,dismiss'],
    ['failed', false, 'retry,dismiss'],
    ['verified', false, 'dismiss'],
  ] as const)('%s (paused: %s) can be: %s', (state, isPaused, actions) => {
    const { transfers, add, get } = begin();
    add('film');
    transfers.change('film', { state, isPaused });
    expect(actionsOf(get('film')).join()).toBe(actions);
  });

  test.each([
    [0.4, 'about a second left'],
    [59.2, '60 s left'],
    [61, '2 min left'],
    [3 * 3600 + 60, '3 h 1 min left'],
    [1e9, 'days left'],
  ])('%s seconds: %s', (seconds, text) => expect(formatLeft(seconds)).toBe(text));
});

describe('all together', () => {
  test('are added up, but for those that are in trouble', () => {
    const { transfers, add } = begin();
    ['a', 'b', 'c'].forEach((id) => add(id));
    transfers.change('a', { state: 'verified' });
    transfers.change('b', { state: 'uploading', sent: 50 * MiB });
    transfers.change('c', { state: 'failed', problem: 'gone' });
    expect(transfers.totals).toMatchObject({ files: 3, underWay: 1, done: 1, troubled: 1, size: 200 * MiB, sent: 150 * MiB });
    expect(describeTotals(transfers.totals, 'up')).toBe('3 files · 75 % of 200 MiB · 1 done · 1 needs attention');
    expect(describeTotals(transfers.totals, 'lost')).toContain('no connection');
  });

  test('the title says how far they are, and is the page’s own when nothing goes', () => {
    const { transfers, add } = begin();
    const title = () => titleOf(transfers.all, transfers.totals);
    expect(title()).toBe('Media');
    add('film');
    transfers.change('film', { state: 'uploading', sent: 42 * MiB });
    expect(title()).toBe('42 % – film.mp4 – Media');
    add('other');
    expect(title()).toBe('21 % – 2 files – Media');
    transfers.change('film', { isPaused: true });
    transfers.change('other', { isPaused: true });
    expect(title()).toBe('Paused – 2 files – Media');
    transfers.remove('other');
    transfers.change('film', { state: 'verifying' });
    expect(title()).toBe('Verifying – Media');
    transfers.change('film', { state: 'verified' });
    expect(title()).toBe('Media');
  });

  test('announcements come at quarters and at ends, not at each percent', () => {
    const { transfers, add } = begin();
    const said: string[] = [];
    const announcements = new Announcements((text) => said.push(text));
    transfers.onChange((now, before) => announcements.changed(now, before, transfers.totals));
    add('film');
    transfers.change('film', { state: 'uploading' });
    for (let percent = 1; percent < 100; percent++) transfers.change('film', { sent: percent * MiB });
    transfers.change('film', { state: 'verifying' });
    transfers.change('film', { state: 'verified' });
    expect(said).toEqual([
      '25 percent uploaded.',
      '50 percent uploaded.',
      '75 percent uploaded.',
      'film.mp4 is sent, and is being verified.',
      'film.mp4 is verified.',
    ]);
  });

  test('forty small files are told by number', () => {
    const { transfers, add } = begin();
    const said: string[] = [];
    const announcements = new Announcements((text) => said.push(text));
    const ids = Array.from({ length: 40 }, (_, index) => add(`file${index}`, 10));
    transfers.onChange((now, before) => announcements.changed(now, before, transfers.totals));
    for (const id of ids) transfers.change(id, { state: 'verified' });
    expect(said.filter((text) => text.includes('files are done'))).toEqual(['10', '20', '30', '40'].map((count) => `${count} of 40 files are done.`));
  });
});
