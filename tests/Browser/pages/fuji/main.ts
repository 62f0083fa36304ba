import * as fuji from '@media/fuji';

declare global {
  interface Window {
    fuji: typeof fuji;
    /** The file that was chosen. */
    chosen(): File;
    /** Milliseconds of every task above 50 ms that the page has had, once the browser has told of all. */
    longTasks(): Promise<number[]>;
  }
}

const durations: number[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) durations.push(duration);
});
observer.observe({ type: 'longtask' });

window.fuji = fuji;
window.chosen = () => document.querySelector<HTMLInputElement>('#file')!.files![0]!;
window.longTasks = async () => {
  // A task is told of after it has ended: by the second frame, those before this call were.
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  for (const { duration } of observer.takeRecords()) durations.push(duration);
  return durations;
};
