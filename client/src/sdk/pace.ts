/** How fast, how wide and how sharp to stream. The server may change it at any time. */

import type { Pace } from "./protocol";

/** What the server assumes until it says otherwise. */
export const DEFAULT_PACE: Required<Pace> = { fps: 5, width: 480, quality: 0.6 };

/** The size to encode at: the width asked for, never larger than the source, in the source's proportions. */
export function fitted(source: { width: number; height: number }, width: number): { width: number; height: number } {
  const target = Math.max(1, Math.min(Math.round(width), source.width));
  return { width: target, height: Math.max(1, Math.round((target * source.height) / source.width)) };
}
