/** Frames and activities by plain HTTP: the way in when a socket cannot be had. */

import type { CapturedFrame } from "./frames";

interface Line {
  url: string;
  token: string;
  /** Milliseconds until it counts as unanswered. */
  within: number;
}

export function postFrame(line: Line, frame: CapturedFrame, seq: number): Promise<unknown> {
  const headers = { "Content-Type": "image/jpeg", "X-Seq": String(seq), "X-Captured-At": String(frame.capturedAt) };
  return post(line, "/api/frames", headers, frame.jpeg);
}

export function postActivity(line: Line, activity: object): Promise<unknown> {
  return post(line, "/api/activities", { "Content-Type": "application/json" }, JSON.stringify(activity));
}

/** The server's answer, be it a refusal; undefined when it did not get through. */
async function post({ url, token, within }: Line, path: string, headers: Record<string, string>, body: BodyInit): Promise<unknown> {
  try {
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, ...headers },
      body,
      signal: AbortSignal.timeout(within),
    });
    return (await response.json()) as unknown;
  } catch {
    return undefined;
  }
}
