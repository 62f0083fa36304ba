import { Unreachable, type PutRequest } from '@media/uppy-media';
import { describe, expect, test } from 'vitest';
import { LineWatch } from '../src/transfers/line-watch.ts';

/** A line that can be cut, and timers that run when told. */
function begin() {
  const due: (() => void)[] = [];
  const world = { answers: true, online: true, changes: 0 };
  const watch = new LineWatch(
    {
      isOnline: () => world.online,
      probe: async () => world.answers,
      setTimeout: (callback) => due.push(callback),
      clearTimeout: () => {},
    },
    () => world.changes++,
  );
  const put = watch.put(async () => {
    if (!world.answers) throw new Unreachable('No answer');
    return { status: 200, etag: null, retryAfter: null, body: '' };
  });
  const request: PutRequest = { url: 'https://store/', headers: {}, body: new Blob(), signal: new AbortController().signal, onProgress: () => {} };
  const send = () => put(request).then(
    () => true,
    () => false,
  );
  const wait = async () => {
    for (const callback of due.splice(0)) callback();
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  };
  return { watch, world, send, wait };
}

describe('the line', () => {
  test('is lost when a request fails and the server does not answer either', async () => {
    const { watch, world, send, wait } = begin();
    world.answers = false;
    expect(await send()).toBe(false);
    expect(watch.state).toBe('up');
    await wait();
    expect([watch.state, world.changes]).toEqual(['lost', 1]);
  });

  test('is not lost by one request that failed', async () => {
    const { watch, world, send, wait } = begin();
    world.answers = false;
    await send();
    world.answers = true;
    await wait();
    expect([watch.state, world.changes]).toEqual(['up', 0]);
  });

  test('is found to be back by looking, and by any answer', async () => {
    const { watch, world, send, wait } = begin();
    world.answers = false;
    await send();
    await wait();
    world.answers = true;
    await wait();
    expect([watch.state, world.changes]).toEqual(['up', 2]);
    world.answers = false;
    await send();
    await wait();
    world.answers = true;
    await send();
    expect([watch.state, world.changes]).toEqual(['up', 4]);
  });

  test('is offline when the browser says so', () => {
    const { watch, world } = begin();
    world.online = false;
    expect(watch.state).toBe('offline');
  });
});
