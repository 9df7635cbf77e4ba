/** One frame by plain HTTP: the way in when a socket cannot be had. */

import type { CapturedFrame } from "./frames";

interface FramePost {
  url: string;
  token: string;
  frame: CapturedFrame;
  seq: number;
  /** Milliseconds until it counts as unanswered. */
  within: number;
}

/** The server's answer, be it a refusal; undefined when it did not get through. */
export async function postFrame({ url, token, frame, seq, within }: FramePost): Promise<unknown> {
  try {
    const response = await fetch(new URL("/api/frames", url), {
      method: "POST",
      headers: {
        Authorization: `Bearer ${token}`,
        "Content-Type": "image/jpeg",
        "X-Seq": String(seq),
        "X-Captured-At": String(frame.capturedAt),
      },
      body: frame.jpeg,
      signal: AbortSignal.timeout(within),
    });
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
}
