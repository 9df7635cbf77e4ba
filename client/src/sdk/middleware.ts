/**
 * Pictures by way of a video middleware of RealtimeKit or Dyte.
 *
 * What was measured of them, in both packages: a timer of a worker calls about 18 times a second, also in a hidden page.
 * Calls are not awaited and overlap, and after an `await` the canvas holds a newer picture; so a picture is taken at once
 * and the call returns. Whoever draws on the canvas changes what the others see; so nothing is drawn. The factory is run
 * again whenever the camera is switched on or changed; so all that lasts is outside of it.
 */

import type { Pictures } from "./source";

/** For `meeting.self.addVideoMiddleware()`, and a source for `startProctoring()`. Each call of the factory gives the same function. */
export interface ProctoringMiddleware extends Pictures {
  (): Promise<(canvas: HTMLCanvasElement) => Promise<void>>;
}

/** A middleware to be made once: the meeting does not see that two of them are the same. */
export function proctoringMiddleware(): ProctoringMiddleware {
  const listeners = new Set<(canvas: HTMLCanvasElement) => void>();
  const show = async (canvas: HTMLCanvasElement): Promise<void> => {
    for (const listener of listeners) listener(canvas);
  };
  return Object.assign(async () => show, {
    onPicture: (listener: (canvas: HTMLCanvasElement) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tick: () => undefined,
  });
}
