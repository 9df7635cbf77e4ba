/** The server's refusals as values. Every one has a code to act on and a text to show. */

import type { ErrorDetail } from "./protocol";

/** Trying again with the same token cannot help after these. */
const FINAL = new Set(["not_authenticated", "not_allowed", "not_found", "ended"]);

export function isFinal(error: ErrorDetail): boolean {
  return FINAL.has(error.code);
}

/** The error in an acknowledgement or an HTTP answer of unknown shape. */
export function errorIn(answer: unknown): ErrorDetail | undefined {
  if (!isRecord(answer) || answer["ok"] !== false) return undefined;
  return detailOf(answer["error"]) ?? { code: "unknown", text: "The server refused without a reason." };
}

/** What the server said when it refused the connection; undefined when it could not be reached at all. */
export function refusalIn(error: Error): ErrorDetail | undefined {
  return "data" in error ? detailOf(error.data) : undefined;
}

function detailOf(value: unknown): ErrorDetail | undefined {
  if (!isRecord(value) || typeof value["code"] !== "string") return undefined;
  const text = typeof value["text"] === "string" ? value["text"] : value["code"];
  const { last_seq: lastSeq, share } = value;
  return {
    code: value["code"],
    text,
    ...(Number.isSafeInteger(lastSeq) ? { last_seq: Number(lastSeq) } : {}),
    ...(typeof share === "number" ? { share } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
