const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in bytes as people read it: `0 bytes`, `1 byte`, `1.5 KiB`, `64 MiB`. */
export function formatSize(bytes: number | null): string {
  if (bytes === null) return 'size not known yet';
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  // The next unit begins where this one would round up to 1024.
  do {
    value /= 1024;
    unit++;
  } while (value >= 1023.95 && unit < units.length - 1);
  return `${trim(value)} ${units[unit]}`;
}

const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** Seconds as a waiting time: `in a moment`, `in 40 seconds`, `in 3 minutes`. Never shorter than the wait. */
export function formatWait(seconds: number): string {
  if (seconds <= 1) return 'in a moment';
  if (seconds < 100) return `in ${Math.ceil(seconds)} seconds`;
  if (seconds < 100 * 60) return `in ${Math.ceil(seconds / 60)} minutes`;
  return `in ${Math.ceil(seconds / 3600)} hours`;
}

/** An RFC 3339 instant in the reader's own zone and manner; what is no date is shown as it is. */
export function formatInstant(instant: string, locale?: string, timeZone?: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...(timeZone ? { timeZone } : {}) }).format(date);
}

/** What a permission allows, in a sentence for people. */
export function formatLimits(limits: { contentTypes: readonly string[]; maxSize: number }): string {
  const size = `up to ${formatSize(limits.maxSize)} each`;
  return limits.contentTypes.includes('*/*')
    ? `Files of any type, ${size}.`
    : `${limits.contentTypes.join(', ')}, ${size}.`;
}
