// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Proctoring, type ProctoringState, startProctoring } from "../src/sdk";
import { CandidateServer } from "./server";

const WARNING = { incident_id: "w1", kind: "no_face", text: "We cannot see you.", opened_at: "2025-01-01T10:00:00.000Z" } as const;

let server: CandidateServer;
let proctoring: Proctoring;
let states: ProctoringState[];
let told: string[];

beforeEach(async () => {
  server = await CandidateServer.start();
  states = [];
  proctoring = startProctoring({
    url: server.url,
    token: "t",
    source: blankCanvas(),
    consent: { textVersion: "2", at: new Date(0) },
    onState: (state) => states.push(state),
  });
  told = [];
  proctoring.on("consent_told", ({ kind }) => told.push(kind));
  await vi.waitFor(() => expect(proctoring.state.link).toBe("connected"), { timeout: 5000 });
});
afterEach(async () => {
  proctoring.stop();
  await server.stop();
});

/** Nothing to draw: no frame is ever sent, all else works. */
function blankCanvas(): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), { width: 0, height: 0 });
}

function banner(): HTMLElement | null {
  return document.querySelector("[data-testid=banner]");
}

test("tells the consent first, with its version and its own time", async () => {
  await vi.waitFor(() => expect(server.activities.length).toBeGreaterThan(0));
  expect(server.activities[0]).toEqual({ kind: "consent_given", at: "1970-01-01T00:00:00.000Z", detail: { text_version: "2" } });
  expect(states.at(-1)).toEqual({ link: "connected", camera: "live" });
});

test("raises the banner, tells that it was seen, and takes it down", async () => {
  server.tell("warning", WARNING);
  await vi.waitFor(() => expect(banner()?.dataset["open"]).toBe("true"));
  await vi.waitFor(() => expect(server.shown.map(({ incident_id }) => incident_id)).toEqual(["w1"]));
  server.tell("warning_cleared", { incident_id: "w1", at: WARNING.opened_at });
  await vi.waitFor(() => expect(banner()?.dataset["open"]).toBe("false"));
});

test("says when the server has the consent", async () => {
  await vi.waitFor(() => expect(told).toEqual(["consent_given"]));
});

test("has not finished before the server knows", async () => {
  let away = true;
  server.onActivity = ({ kind }) => (away && kind === "finished" ? { ok: false, error: { code: "away", text: "Not now." } } : { ok: true });
  let finished = false;
  const finish = proctoring.finish().then(() => (finished = true));
  await vi.waitFor(() => expect(server.activities.at(-1)?.kind).toBe("finished"));
  expect(finished).toBe(false);
  away = false;
  await finish;
  expect(proctoring.state.link).toBe("closed");
});

test("does not claim to have finished when the exam was ended before", async () => {
  server.onActivity = () => ({ ok: false, error: { code: "away", text: "Not now." } });
  const finish = proctoring.finish();
  await vi.waitFor(() => expect(server.activities.at(-1)?.kind).toBe("finished"));
  server.tell("ended", { reason: "Time is up." });
  await expect(finish).rejects.toThrow("over before");
});

test("says that the candidate has finished before it leaves", async () => {
  await proctoring.finish();
  expect(server.activities.at(-1)?.kind).toBe("finished");
  expect(proctoring.state.link).toBe("closed");
  expect(banner()).toBeNull();
});

test("takes the banner away and stops when the exam is ended", async () => {
  const reasons: string[] = [];
  proctoring.on("ended", ({ reason }) => reasons.push(reason));
  server.tell("warning", WARNING);
  await vi.waitFor(() => expect(banner()?.dataset["open"]).toBe("true"));
  server.tell("ended", { reason: "Time is up." });
  await vi.waitFor(() => expect(reasons).toEqual(["Time is up."]));
  expect(banner()).toBeNull();
  const before = server.activities.length;
  document.dispatchEvent(new Event("copy"));
  expect(server.activities).toHaveLength(before);
});
