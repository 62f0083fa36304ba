import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from '../src/sse.ts';

async function read(...chunks: string[]): Promise<ServerEvent[]> {
  const bytes = new Blob([chunks.join('')]);
  const text = await bytes.text();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks.length > 0 ? chunks : [text]) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test('events are read whatever way they are cut', async () => {
  const text = ': hello\r\n\r\nevent: state\r\nid: 3\r\ndata: {"a":\r\ndata:1}\r\n\r\nevent: progress\ndata: é\n\n';
  const expected = [
    { event: 'state', id: '3', data: '{"a":\n1}' },
    { event: 'progress', id: '', data: 'é' },
  ];
  expect(await read(text)).toEqual(expected);
  expect(await read(...text)).toEqual(expected);
});

test('an event without data, and one that is cut off, are none', async () => {
  expect(await read('event: state\n\n', 'data: cut')).toEqual([]);
});
