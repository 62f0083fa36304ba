import { expect, test } from 'vitest';
import { Room, Turns } from '../src/room.ts';

/** Sends guests to a room, who stay until they are told to go. */
function guests(room: Room) {
  const inside: string[] = [];
  const exits = new Map<string, () => void>();
  const come = (name: string, signal?: AbortSignal) =>
    room.enter(signal).then((leave) => {
      inside.push(name);
      exits.set(name, leave);
    });
  return { inside, come, go: (name: string) => exits.get(name)!() };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('those in line come in one by one, in order', async () => {
  const { inside, come, go } = guests(new Room(2));
  for (const name of 'abcd') void come(name);
  await settle();
  expect(inside).toEqual(['a', 'b']);
  go('a');
  go('a');
  await settle();
  expect(inside).toEqual(['a', 'b', 'c']);
});

test('groups come in together, the last ones as they are', async () => {
  const { inside, come, go } = guests(new Room(4, 2));
  for (const name of 'abcdefg') void come(name);
  await settle();
  go('a');
  await settle();
  expect(inside.join('')).toBe('abcd');
  go('b');
  await settle();
  expect(inside.join('')).toBe('abcdef');
  go('c');
  await settle();
  expect(inside.join('')).toBe('abcdefg');
});

test('who gives up lets the rest of a group in', async () => {
  const { inside, come, go } = guests(new Room(2, 2));
  const end = new AbortController();
  for (const name of 'abc') void come(name);
  const waiting = come('d', end.signal);
  await settle();
  go('a');
  await settle();
  expect(inside.join('')).toBe('ab');
  end.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await settle();
  expect(inside.join('')).toBe('abc');
});

test('turns of one name follow each other, those of others do not wait', async () => {
  const turns = new Turns();
  const end = await turns.take('x');
  let second = false;
  void turns.take('x').then(() => (second = true));
  await turns.take('y');
  await settle();
  expect(second).toBe(false);
  end();
  await settle();
  expect(second).toBe(true);
});
