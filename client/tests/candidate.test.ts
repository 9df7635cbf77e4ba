import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { withCleared, withLoaded, withWarning } from "../src/app/candidate/held";
import { HeldFeed } from "../src/app/candidate/heldFeed";
import { withMessage } from "../src/app/candidate/useMessages";
import { joiningBy } from "../src/app/shared/joining";
import type { Held, HeldList, Message, Warning } from "../src/sdk/protocol";

function at(second: number): string {
  return new Date(Date.UTC(2025, 0, 1, 10, 0, second)).toISOString();
}

function warning(id: string, second: number): Warning {
  return { incident_id: id, kind: "no_face", text: "We cannot see you.", opened_at: at(second) };
}

function held(id: string, second: number, change: Partial<Held> = {}): Held {
  return { ...warning(id, second), closed_at: null, verdict: null, ...change };
}

describe("what is noted about the candidate", () => {
  test("is the server's list with what came over the line meanwhile, newest first", () => {
    const live = withWarning(withWarning([], warning("a", 1)), warning("c", 3));
    const list = withLoaded(live, [held("b", 2, { closed_at: at(9), verdict: "dismissed" }), held("a", 1, { verdict: "confirmed" })]);
    expect(list.map(({ incident_id, verdict }) => [incident_id, verdict])).toEqual([["c", undefined], ["b", "dismissed"], ["a", "confirmed"]]);
  });

  test("stays over when the list was read before that", () => {
    const over = withCleared(withWarning([], warning("a", 1)), { incident_id: "a", at: at(5) });
    expect(withLoaded(over, [held("a", 1)])[0]?.closed_at).toBe(at(5));
    expect(withLoaded(over, [held("a", 1, { closed_at: at(4) })])[0]?.closed_at).toBe(at(4));
  });

  test("goes on, and keeps its verdict, when the server warns of it again", () => {
    const over = [held("a", 1, { closed_at: at(5), verdict: "confirmed" })];
    expect(withWarning(over, warning("a", 1))).toEqual([held("a", 1, { verdict: "confirmed" })]);
  });
});

test("what was noted is over in a lull, goes on when it is back, and ends when the server says", () => {
  const back = withWarning(withCleared(withWarning([], warning("a", 1)), { incident_id: "a", at: at(5) }), warning("a", 1));
  expect(back.map(({ incident_id, closed_at }) => [incident_id, closed_at])).toEqual([["a", null]]);
  const over = withCleared(back, { incident_id: "a", at: at(9) });
  expect(withLoaded(over, [held("a", 1, { closed_at: at(11) })])[0]?.closed_at).toBe(at(11));
});

describe("the feed of it", () => {
  const accommodations = { no_face: { enter_seconds: 60 } };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("tries again when the list cannot be had, and looks for verdicts now and then", async () => {
    const load = vi.fn<() => Promise<HeldList>>().mockRejectedValueOnce(new Error("away")).mockResolvedValue({ held: [held("a", 1)], accommodations });
    const feed = new HeldFeed(load);
    const close = feed.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.getState()).toEqual({ list: [], loaded: false, accommodations: {} });
    await vi.advanceTimersByTimeAsync(2000);
    expect(feed.getState()).toEqual({ list: [held("a", 1)], loaded: true, accommodations });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(load).toHaveBeenCalledTimes(3);
    close();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(load).toHaveBeenCalledTimes(3);
  });

  test("does not take an answer that a newer look has overtaken", async () => {
    const answers: ((list: HeldList) => void)[] = [];
    const feed = new HeldFeed(() => new Promise((resolve) => answers.push(resolve)));
    const close = feed.open();
    void feed.look();
    answers[1]?.({ held: [held("new", 2)] });
    answers[0]?.({ held: [held("old", 1)] });
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.getState().list.map(({ incident_id }) => incident_id)).toEqual(["new"]);
    close();
  });
});

function message(id: string, second: number): Message {
  return { id, text: "Hello", at: at(second) };
}

test("a message is shown once, newest first, and not when it was put away", () => {
  const first = withMessage([], message("a", 1));
  expect(withMessage(first, message("a", 1))).toBe(first);
  expect(withMessage(first, message("b", 2), ["b"])).toBe(first);
  expect(withMessage(withMessage(first, message("c", 3)), message("b", 2)).map(({ id }) => id)).toEqual(["c", "b", "a"]);
});

const MEETING = "01937b5e-7c4d-7c3a-9e1f-2b6a5d4c3b2a";

test.each([
  [`/join/${MEETING}`, "?code=abc", true],
  [`/join/${MEETING.toUpperCase()}/`, "?code=abc", true],
  [`/join/${MEETING}`, "", false],
  [`/join/${MEETING}`, "?code=", false],
  ["/join/nonsense", "?code=abc", false],
  [`/join/${MEETING}/more`, "?code=abc", false],
  ["/join/", "?code=abc", false],
])("%s%s is a link to join: %s", (path, search, good) => {
  expect(joiningBy(path, search) !== undefined).toBe(good);
});
