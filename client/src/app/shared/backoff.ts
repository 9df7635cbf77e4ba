/** How long to wait before trying again something that failed, in milliseconds. */

const DELAYS = [2000, 5000, 15_000, 60_000];

/** `failures`: how often it has failed in a row, from 1 on. It never gives up. */
export function retryDelay(failures: number): number {
  return DELAYS[Math.min(failures, DELAYS.length) - 1] ?? 0;
}
