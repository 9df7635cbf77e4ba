import { describe, expect, test } from "vitest";
import { aboutTemplate, lookedFor, whatIsSent } from "../src/app/candidate/lookedFor";
import { chosen, inWords, NONE, overridesOf, SWITCHES, TIMES } from "../src/app/shared/accommodations";

describe("accommodations", () => {
  test("are written as overrides and read back as what was chosen", () => {
    const all = { on: new Set(SWITCHES.map(({ id }) => id)), times: Object.fromEntries(TIMES.map(({ path, most }) => [path, most])), rest: {} };
    expect(chosen(overridesOf(all))).toEqual(all);
    for (const { id } of SWITCHES) expect(chosen(overridesOf({ ...NONE, on: new Set([id]) })).on).toEqual(new Set([id]));
    expect(overridesOf({ ...NONE, on: new Set(["away", "helper"]), times: { "no_face.enter_seconds": 60, stream_lost_after: 30 } })).toEqual({
      looking_away: { enabled: false },
      multiple_faces: { enabled: false },
      no_face: { enter_seconds: 60 },
      stream_lost_after: 30,
    });
  });

  test("without any are none", () => {
    expect(chosen(undefined)).toEqual(NONE);
    expect(overridesOf(NONE)).toEqual({});
    expect(inWords(NONE)).toBe("");
  });

  test("that have no words here are kept beside the others, and named", () => {
    const given = { no_face: { enter_seconds: 60, critical_after: null }, second_screen: { enabled: false }, first_frame_within: 60 };
    const choice = chosen(given);
    expect(choice.on.size).toBe(0);
    expect(overridesOf({ ...choice, on: new Set(["away"]) })).toEqual({ ...given, looking_away: { enabled: false } });
    expect(inWords(choice)).toBe(
      "leaving the view for up to 60 seconds; no_face.critical_after null; second_screen.enabled false; first_frame_within 60",
    );
  });
});

describe("what is looked for", () => {
  test("names all of it while the rules are not known, and what is normal", () => {
    const text = lookedFor(undefined);
    for (const words of ["Several people", "nobody", "unclear", "covered", "does not move", "another person", "looking away", "stop arriving"]) {
      expect(text).toContain(words);
    }
    expect(text).toContain("thinking and short glances are normal");
    expect(aboutTemplate(undefined)).toContain("encrypted, only until the exam ends");
    expect(whatIsSent(undefined)).toContain("all of them are recorded");
    expect(whatIsSent(true)).toContain("all of them are recorded");
  });

  test("names only what is on", () => {
    expect(lookedFor(["no_face", "stream_lost", "tab_hidden"])).toMatch(/^Nobody in view and pictures that stop arriving\. Sitting still/);
    expect(lookedFor(["camera_blocked"])).toMatch(/^A covered camera\. /);
    expect(lookedFor(["tab_hidden"])).toBe("Nothing. A proctor may look at your picture.");
    expect(aboutTemplate(["no_face"])).toBe("");
    expect(whatIsSent(false)).toContain("those that show a problem are kept");
  });
});
