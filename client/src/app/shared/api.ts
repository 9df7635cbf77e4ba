/** Calls to the server, and its refusals as errors. */

import { errorIn } from "../../sdk/errors";

export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}

const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";

interface Call {
  token?: string;
  /** Sent as JSON. */
  body?: object;
  /** How to send the body. */
  method?: "POST" | "PUT";
}

/**
 * @throws {ApiError} with the server's code and text; code `unreachable` when there was no answer at all.
 */
export async function call<Answer>(path: string, { token, body, method = "POST" }: Call = {}): Promise<Answer> {
  const headers = new Headers();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (body) headers.set("Content-Type", "application/json");
  const init: RequestInit = body ? { method, headers, body: JSON.stringify(body) } : { headers };
  const answer = await fetch(path, init).then(read, () => undefined);
  if (answer === undefined) throw new ApiError("unreachable", UNREACHABLE);
  const error = errorIn(answer);
  if (error) throw new ApiError(error.code, error.text);
  return answer as Answer;
}

export interface Picture {
  blob: Blob;
  /** The very bytes that were received; false: made from a re-encoded recording. */
  exact: boolean;
}

/**
 * A picture that needs the token.
 *
 * @throws {ApiError} as `call` does.
 */
export async function picture(path: string, token: string): Promise<Picture> {
  const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` } }).catch(() => undefined);
  const blob = response?.ok ? await response.blob().catch(() => undefined) : undefined;
  if (response && blob) return { blob, exact: response.headers.get("X-Invigil-Exact") !== "no" };
  const error = response && !response.ok ? errorIn(await read(response)) : undefined;
  throw error ? new ApiError(error.code, error.text) : new ApiError("unreachable", UNREACHABLE);
}

async function read(response: Response): Promise<unknown> {
  const unreadable = { ok: false, error: { code: "internal", text: `The server answered with status ${response.status}.` } };
  const answer: unknown = await response.json().catch(() => unreadable);
  return response.ok || errorIn(answer) ? answer : unreadable;
}

/** What to show of a failure. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}

/** The code of a refusal, or nothing. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof ApiError ? error.code : undefined;
}
