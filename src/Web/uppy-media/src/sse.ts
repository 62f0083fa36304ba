/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** Empty where the event has none. */
  readonly id: string;
}

/** Reads server-sent events as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation). */
export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void = () => {}): AsyncGenerator<ServerEvent, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let [event, data, id]: [string, string[], string] = ['', [], ''];
  try {
    while (true) {
      const { done, value } = await reader.read();
      // An event that is cut off is none.
      if (done) return;
      onBytes();
      text += decoder.decode(value, { stream: true });
      // A CR at the end may be half of a CRLF.
      const lines = text.split(/\r\n|\n|\r(?!$)/);
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
          [event, data, id] = ['', [], ''];
          continue;
        }
        const colon = line.indexOf(':');
        const name = colon < 0 ? line : line.slice(0, colon);
        const field = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (name === 'event') event = field;
        else if (name === 'data') data.push(field);
        else if (name === 'id') id = field;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
