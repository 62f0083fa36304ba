/** For so long nothing may move before that is a standstill, in milliseconds. Machines that test are often busy. */
const patience = 90_000;

/**
 * Waits for something however long it takes, while something moves. What a machine's disk and processors give decides how long a large file is under way;
 * that it comes to a standstill is the product's own doing.
 * @param wait waits for it, and rejects after so many milliseconds
 * @param look what is seen to move
 * @throws what `wait` rejected with, and what was seen, where that is the same as before
 */
export async function whileItMoves<T>(wait: (timeout: number) => Promise<T>, look: () => Promise<string> | string): Promise<T> {
  for (let seen = await look(); ; ) {
    try {
      return await wait(patience);
    } catch (error) {
      const before = seen;
      seen = await look();
      if (seen === before) throw new Error(`${(error as Error).message}\nIt stands still at:\n${seen}`, { cause: error });
    }
  }
}
