import { unexpected } from './errors.ts';
import type { RetryPolicy } from './retry.ts';
import { readEvents, type ServerEvent } from './sse.ts';
import { Watchdog } from './watchdog.ts';

/** The server sends something every 15 s at least; a line that is silent for longer, in milliseconds, is dead, or something on it holds events back. */
const longestSilence = 40_000;

/** What hears a stream. */
export interface StreamListener {
  /** @returns true where it was the last event */
  onEvent(event: ServerEvent): boolean;
  /** Something came: the line lives, and lets things through. */
  onBytes?(): void;
}

/**
 * Listens to an event stream on one connection, to its end.
 * @param open asks for the stream
 * @throws whatever ended it before; Stalled, where nothing came for too long
 */
export async function followStream(
  open: (signal: AbortSignal) => Promise<Response>,
  { onEvent, onBytes = () => {} }: StreamListener,
  { clock, connectivity }: RetryPolicy,
  signal: AbortSignal,
): Promise<void> {
  const watchdog = new Watchdog(clock, connectivity, longestSilence);
  try {
    const { body } = await open(AbortSignal.any([signal, watchdog.signal]));
    if (!body) throw unexpected('The server’s event stream has no body.');
    const heard = () => {
      watchdog.feed(longestSilence);
      onBytes();
    };
    for await (const event of readEvents(body, heard)) if (onEvent(event)) return;
  } catch (error) {
    signal.throwIfAborted();
    // Browsers tell it as an error of their own.
    watchdog.signal.throwIfAborted();
    throw error;
  } finally {
    watchdog.stop();
  }
}

/** The members of an event's data; null where it is no JSON object. */
export function membersOf(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
