/** How a frame became an incident that people were told of: each step and how long it took. Pure. */

import type { Trace } from "../../sdk";

export interface Step {
  words: string;
  /** ISO 8601. */
  at: string;
  /** Milliseconds since the step before, by the server's clock; nothing where another clock is read. */
  took: number | undefined;
  /** By the candidate's own clock. */
  theirs: boolean;
}

const STEPS = [
  ["captured_at", "Taken", true],
  ["received_at", "Received", false],
  ["sampled_at", "Sampled", false],
  ["observed_at", "Observed", false],
  ["opened_at", "Opened", false],
  ["emitted_at", "Told", false],
  ["shown_at", "Banner seen", true],
] as const;

export function stepsOf(trace: Trace): Step[] {
  const steps: Step[] = [];
  let before: number | undefined;
  for (const [name, words, theirs] of STEPS) {
    const at = trace[name];
    if (!at) continue;
    const took = theirs || before === undefined ? undefined : Date.parse(at) - before;
    if (!theirs) before = Date.parse(at);
    steps.push({ words, at, took, theirs });
  }
  return steps;
}
