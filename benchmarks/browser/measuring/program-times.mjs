import { readdir, readFile } from 'node:fs/promises';

/** Of the kernel's clock, which counts in hundredths of a second for everybody. */
const ticksPerSecond = 100;

/**
 * What this process and all it started have used of the processors since they began, by the names of their programs; what ended counts as
 * its parent's. Empty on systems without `/proc`.
 * @returns {Promise<Map<string, number>>} seconds
 */
export async function programTimes() {
  const all = new Map();
  for (const id of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(id)) continue;
    const stat = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => null);
    if (stat === null) continue;
    // The name is in parentheses, and may have some itself.
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    const [parent, ...ticks] = [fields[1], ...fields.slice(11, 15)].map(Number);
    all.set(Number(id), { name: stat.slice(stat.indexOf('(') + 1, end), parent, seconds: ticks.reduce((sum, count) => sum + count) / ticksPerSecond });
  }
  const isOurs = (id) => id === process.pid || (all.has(id) && isOurs(all.get(id).parent));
  const times = new Map();
  for (const [id, { name, seconds }] of all) if (isOurs(id)) times.set(name, (times.get(name) ?? 0) + seconds);
  return times;
}
