import { describe, expect, test } from "vitest";
import { figuresOf } from "../src/app/shared/figures";
import { apply, type ConsoleState, KEPT_INCIDENTS, NOTHING, SNAPSHOT_INCIDENTS } from "../src/app/proctor/state";
import { filtered, keptOrder, NO_FILTERS, ordered, risks } from "../src/app/proctor/triage";
import { inVideoWords, videoWords } from "../src/app/proctor/video";
import type { Candidate, Incident, Room } from "../src/sdk/protocol";

const AT = "2025-01-01T10:00:00.000Z";

function incident(number: number, change: Partial<Incident> = {}): Incident {
  const opened_at = new Date(Date.parse(AT) + number * 1000).toISOString();
  return {
    id: String(number).padStart(6, "0"), meeting_id: "m", candidate_id: "ada", candidate_name: "Ada", kind: "no_face",
    severity: "warning", state: "open", opened_at, updated_at: opened_at, text: "Nobody in view.",
    why: { rule: "no_face", samples: 3, settings_sha256: "0" }, trace: { opened_at }, ...change,
  };
}

function candidate(id: string, name: string): Candidate {
  return { id, meeting_id: "m", name, state: "streaming", connected: true, joined_at: AT };
}

function room(change: Partial<Room> = {}): Room {
  return { provider: "realtimekit", reachable: true, ...change };
}

function strangers(count: number): Room["strangers"] {
  return Array.from({ length: count }, (_, number) => ({ peer_id: String(number), name: number ? `S${number}` : "" }));
}

function opened(state: ConsoleState, item: Incident): ConsoleState {
  return apply(state, { type: "incident", event: { type: "opened", incident: item } });
}

function numbers(state: ConsoleState): number[] {
  return state.incidents.map(({ id }) => Number(id));
}

describe("the console's state", () => {
  test("has the newest incident first, in whatever order they come", () => {
    const state = [2, 1, 3].reduce((before, number) => opened(before, incident(number)), NOTHING);
    expect(numbers(state)).toEqual([3, 2, 1]);
  });

  test("replaces an incident in its place", () => {
    const before = [1, 2].reduce((state, number) => opened(state, incident(number)), NOTHING);
    const closed = incident(1, { state: "closed", closed_at: AT });
    const state = apply(before, { type: "incident", event: { type: "closed", incident: closed } });
    expect(numbers(state)).toEqual([2, 1]);
    expect(state.incidents[1]?.state).toBe("closed");
    expect(state.incidents[0]).toBe(before.incidents[0]);
  });

  test("is bounded until older ones are asked for", () => {
    let state = NOTHING;
    for (let number = 1; number <= KEPT_INCIDENTS + 3; number += 1) state = opened(state, incident(number));
    expect(state.incidents).toHaveLength(KEPT_INCIDENTS);
    state = apply(state, { type: "older", page: { incidents: [incident(4), incident(3), incident(2)], after: null } });
    expect(state.incidents).toHaveLength(KEPT_INCIDENTS + 2);
    expect(numbers(state).slice(-3)).toEqual([4, 3, 2]);
    expect(opened(state, incident(9999)).incidents).toHaveLength(KEPT_INCIDENTS + 2);
  });

  test("has older ones to ask for only when there may be some", () => {
    const meeting = { id: "m", title: "Exam", provider: "builtin", state: "open", settings: {}, created_at: AT } as const;
    const snapshot = (length: number) => {
      const incidents = Array.from({ length }, (_, number) => incident(number));
      return apply(NOTHING, { type: "snapshot", snapshot: { meeting, candidates: [], incidents, detector: "yunet", at: AT } });
    };
    expect(NOTHING.older).toBe(false);
    expect(snapshot(SNAPSHOT_INCIDENTS - 1).older).toBe(false);
    const full = snapshot(SNAPSHOT_INCIDENTS);
    expect(full.older).toBe(true);
    expect(apply(full, { type: "older", page: { incidents: [], after: "x" } }).older).toBe(true);
    const all = apply(full, { type: "older", page: { incidents: [], after: null } });
    expect(all.older).toBe(false);
    expect(opened({ ...all, limit: SNAPSHOT_INCIDENTS }, incident(9999)).older).toBe(true);
  });

  test("is replaced by a snapshot", () => {
    const before = apply(opened(NOTHING, incident(1)), { type: "candidate", event: { type: "joined", candidate: candidate("x", "Gone") } });
    const meeting = { id: "m", title: "Exam", provider: "builtin", state: "open", settings: {}, created_at: AT } as const;
    const snapshot = { meeting, candidates: [candidate("ada", "Ada")], incidents: [incident(2)], detector: "yunet", at: AT };
    const state = apply(before, { type: "snapshot", snapshot });
    expect(numbers(state)).toEqual([2]);
    expect([...state.candidates.keys()]).toEqual(["ada"]);
    expect(apply(state, { type: "ended" }).meeting?.state).toBe("ended");
  });
});

describe("the figures of an incident", () => {
  test.each([
    ["multiple_faces", { score: 0.871, threshold: 0.7 }, ["Score of the second face: 0.871", "Least score of a face: 0.7"]],
    ["no_face", { score: null, threshold: 0.7 }, []],
    ["different_person", { score: 0.68, threshold: 0.6 }, ["Distance from the candidate's face: 0.68", "Another person beyond: 0.6"]],
    ["looking_away", { score: 38.2, threshold: 30 }, ["Turned by: 38.2°", "Away beyond: 30°"]],
    ["looking_away", { rule: "12 glances away within 120 s", score: 12, threshold: 10 }, ["Glances away: 12", "Often from: 10"]],
    ["camera_blocked", { score: 0.0312, threshold: 0.1 }, ["Structure: 0.031", "Covered below: 0.1"]],
    ["camera_frozen", { score: 34, threshold: 30 }, ["Without movement: 34 s", "Too long beyond: 30 s"]],
    ["stream_lost", { score: 6.4, threshold: 5 }, ["Without a picture: 6.4 s", "Lost after: 5 s"]],
    ["tab_hidden", {}, []],
  ] as const)("of %s are called by their names", (kind, why, expected) => {
    const figures = figuresOf(kind, { rule: "", samples: 3, settings_sha256: "0", ...why });
    expect(figures.map((each) => each.join(": "))).toEqual(expected);
  });
});

describe("triage", () => {
  const review = { verdict: "dismissed", at: AT } as const;
  const incidents = [
    incident(1, { severity: "critical" }),
    incident(2, { candidate_id: "bob", kind: "tab_hidden" }),
    incident(3, { candidate_id: "eve", severity: "critical", review }),
    incident(4, { candidate_id: "bob", state: "closed", severity: "critical" }),
  ];

  test("weighs what is open and not dismissed", () => {
    const found = risks(incidents);
    expect([...found].map(([id, { weight, kinds }]) => [id, weight, kinds])).toEqual([
      ["ada", 100, ["no_face"]],
      ["bob", 10, ["tab_hidden"]],
    ]);
  });

  test("orders by risk and then by name, or by name alone", () => {
    const people = [candidate("zoe", "Zoe"), candidate("bob", "Bob"), candidate("eve", "Eve"), candidate("ada", "Ada")];
    expect(ordered(people, undefined)).toEqual(["ada", "bob", "eve", "zoe"]);
    expect(ordered(people, new Map([["zoe", { weight: 5, kinds: [] }]]))).toEqual(["zoe", "ada", "bob", "eve"]);
  });

  test("keeps tiles where they are, drops who is gone and adds who is new at the end", () => {
    expect(keptOrder(["a", "b", "c"], ["d", "c", "a"])).toEqual(["a", "c", "d"]);
  });

  test.each([
    [{}, 4],
    [{ show: "to_review" }, 3],
    [{ show: "open" }, 3],
    [{ show: "closed" }, 1],
    [{ kind: "tab_hidden" }, 1],
    [{ candidateId: "bob" }, 2],
    [{ candidateId: "bob", show: "open" }, 1],
  ] as const)("filters by %o", (filters, length) => {
    expect(filtered(incidents, { ...NO_FILTERS, ...filters })).toHaveLength(length);
  });
});

describe("the video meeting", () => {
  test("is replaced by what is told last, and by a snapshot", () => {
    const told = apply(NOTHING, { type: "room", room: room({ notice: "Away." }) });
    expect(videoWords(told.room)).toBe("Away.");
    expect(videoWords(apply(told, { type: "room", room: room() }).room)).toBeUndefined();
    const meeting = { id: "m", title: "Exam", provider: "builtin", state: "open", settings: {}, created_at: AT } as const;
    const snapshot = { meeting, candidates: [], incidents: [], detector: "yunet", at: AT };
    expect(apply(told, { type: "snapshot", snapshot }).room).toBeUndefined();
  });

  test.each([
    [undefined, undefined],
    [room({ strangers: strangers(1) }), "In the video, and not let in from here: somebody without a name."],
    [room({ notice: "Away.", strangers: strangers(2) }), "Away. In the video, and not let in from here: somebody without a name, S1."],
    [room({ strangers: strangers(5) }), "In the video, and not let in from here: somebody without a name, S1, S2 and 2 more."],
  ])("names what is amiss", (told, words) => {
    expect(videoWords(told)).toBe(words);
  });

  test.each([
    [true, "In the video"],
    [false, "Not in the video"],
    [null, undefined],
    [undefined, undefined],
  ])("has a candidate in it or not, as far as is known (%s)", (in_meeting, words) => {
    expect(inVideoWords({ in_meeting })).toBe(words);
  });
});
