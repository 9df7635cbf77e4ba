import { describe, expect, test } from "vitest";
import { Bounded } from "../src/app/review/bounded";
import { askFrom, merged, withIncident } from "../src/app/review/growing";
import { isAway, neighbour, nextToReview, toReviewFrom } from "../src/app/review/jumps";
import { actionOf, onSlider } from "../src/app/review/keys";
import { boxesAt, holeAt, intervalOf, lastUpTo, modelOf } from "../src/app/review/model";
import { inOrder, overviewOf } from "../src/app/review/overview";
import { settingsOf } from "../src/app/review/settings";
import { arrivedWords, markWords, positionWords, returnedWords } from "../src/app/review/telling";
import { stepsOf } from "../src/app/review/trace";
import { inWords, megabytes, momentOf, timecode } from "../src/app/review/words";
import { at, BEGAN, incident, recording, segment, shown } from "./recording";

describe("the model of a recording", () => {
  test("counts in milliseconds since the beginning, incidents from the frame that confirmed them", () => {
    const model = modelOf(shown({ incidents: [incident("b", 9), incident("a", 4, { received: 3.75, closed: 6 })] }));
    expect(model.marks.map(({ incident, from, to }) => [incident.id, from, to])).toEqual([["a", 3750, 6000], ["b", 9000, 20_000]]);
    expect([model.length, model.starts]).toEqual([20_000, [0, 10_000]]);
  });

  test("keeps what began before it or is said to end after it inside of it", () => {
    const gaps = [{ cause: "restart", began_at: at(-5), ended_at: at(40), frames: 3, lines: 0 } as const];
    const model = modelOf(shown({ gaps, incidents: [incident("a", -2, { closed: 50 })] }));
    expect([model.holes[0], model.marks[0]].map((each) => [each?.from, each?.to])).toEqual([[0, 20_000], [0, 20_000]]);
  });

  test.each([
    [[], -1],
    [[5], 0],
    [[6], -1],
    [[1, 2, 5, 5, 9], 3],
  ])("the last of %o up to 5 is at %i", (times, index) => {
    expect(lastUpTo(times, 5)).toBe(index);
  });

  test("takes the usual distance of samples for their interval, whatever bursts and gaps there are", () => {
    const steady = Array.from({ length: 20 }, (_, n) => n * 2000);
    expect(intervalOf([])).toBe(1000);
    expect(intervalOf([...steady, 90_000])).toBe(2000);
    expect(intervalOf(Array.from({ length: 40 }, (_, n) => n * 200))).toBe(1000);
    expect(intervalOf([0, 60_000])).toBe(5000);
  });

  test("says what is missing, not at its edges", () => {
    const gaps = [{ cause: "stream", began_at: at(4), ended_at: at(9), frames: 0, lines: 0 } as const];
    const model = modelOf(shown({ gaps }));
    expect([4000, 4001, 8999, 9000].map((position) => holeAt(model, position)?.gap.cause)).toEqual([undefined, "stream", "stream", undefined]);
  });
});

describe("the boxes at a position", () => {
  const seconds = [...Array.from({ length: 15 }, (_, second) => second), 19];
  const model = modelOf(shown({ samples: seconds.map((second) => ({ seq: second * 5 + 1, at: at(second), boxes: [[0, 0, 0.5, second / 10]] })) }));

  test.each([
    [1000, 6, [0.1, true]],
    [1200, 7, [0.1, false]],
    [1999.2, 11, [0.2, true]],
    [14_900, 75, [1.4, false]],
    [16_000, 80, undefined],
    [16_000, undefined, undefined],
    [-5, 1, undefined],
  ])("%i ms, frame %s", (position, seq, expected) => {
    const found = boxesAt(model, position, seq);
    expect(found && [found.sample.boxes[0]?.[3], found.exact]).toEqual(expected);
  });
});

describe("jumps", () => {
  const review = { verdict: "confirmed", at: BEGAN } as const;
  const { marks } = modelOf(
    shown({ seconds: 900, incidents: [incident("a", 10, { closed: 12 }), incident("b", 100, { closed: 130, review }), incident("c", 500, { closed: 501 })] }),
  );

  test.each([
    ["from the chosen one while it is looked at", "a", 15_000, 1, "b"],
    ["backwards from it", "b", 100_000, -1, "a"],
    ["from the position when that is elsewhere", "a", 300_000, 1, "c"],
    ["from the position when none is chosen", undefined, 50_000, -1, "a"],
    ["nowhere behind the last", "c", 500_000, 1, undefined],
    ["nowhere before the first", undefined, 0, -1, undefined],
  ] as const)("go %s", (_, chosen, position, step, expected) => {
    expect(neighbour(marks, chosen, position, step)?.incident.id).toBe(expected);
  });

  test.each([
    ["a", 0, "c"],
    ["c", 0, "a"],
    [undefined, 0, "a"],
    [undefined, 200_000, "c"],
    [undefined, 800_000, "a"],
  ])("to review after %s at %i: %s", (chosen, position, expected) => {
    expect(nextToReview(marks, chosen, position)?.incident.id).toBe(expected);
  });

  test("end when only the chosen one is left to review", () => {
    expect(nextToReview(marks.filter(({ incident }) => incident.id !== "c"), "a", 0)).toBeUndefined();
  });

  test("know what is on screen by an incident's stretch and 5 seconds around", () => {
    const [first] = marks;
    expect([4999, 5000, 11_000, 17_000, 17_001].map((position) => first && isAway(first, position))).toEqual([true, false, false, false, true]);
  });

  test.each([
    ["the chosen one, from elsewhere", "a", 28_000, "a"],
    ["the next, from the chosen one", "a", 12_000, "c"],
    ["the next, when the chosen one is reviewed", "b", 700_000, "c"],
    ["the next of the position, when none is chosen", undefined, 200_000, "c"],
  ])("to review go to %s", (_, chosen, position, expected) => {
    expect(toReviewFrom(marks, chosen, position)?.incident.id).toBe(expected);
  });

  test("to review come back also to the only one", () => {
    const only = marks.slice(0, 1);
    expect([28_000, 10_000].map((position) => toReviewFrom(only, "a", position)?.incident.id)).toEqual(["a", undefined]);
  });
});

describe("a recording that grows", () => {
  const samples = [1, 6, 11].map((seq) => ({ seq, at: at(seq / 5), boxes: [] }));
  const gap = { cause: "stream", began_at: at(12), ended_at: at(15), frames: 0, lines: 0 } as const;

  test("is asked for from its last segment", () => {
    expect(askFrom(undefined)).toBe(0);
    expect(askFrom(shown())).toBe(1);
  });

  test("keeps what is old and takes what is new, without doubles", () => {
    const before = shown({ samples, gaps: [gap] });
    const grown = { ...segment(1), frames: 70, last_seq: 120 };
    const answer = shown({
      segments: [grown, segment(2)], gaps: [gap], samples: [{ seq: 11, at: at(2.2), boxes: [[0, 0, 1, 1]] }, { seq: 16, at: at(3.2), boxes: [] }],
      recording: recording({ seconds: 30 }),
    });
    const now = merged(before, answer, 1);
    expect(now.segments).toEqual([segment(0), grown, segment(2)]);
    expect(now.samples.map(({ seq, boxes }) => [seq, boxes.length])).toEqual([[1, 0], [6, 0], [11, 1], [16, 0]]);
    expect([now.gaps.length, now.recording.seconds]).toEqual([1, 30]);
  });

  test("has one incident replaced and the others left alone", () => {
    const before = shown({ incidents: [incident("a", 1), incident("b", 2)] });
    const judged = incident("b", 2, { review: { verdict: "dismissed", at: BEGAN } });
    const { incidents } = withIncident(before, judged);
    expect([incidents[0] === before.incidents[0], incidents[1] === judged]).toEqual([true, true]);
  });
});

describe("words", () => {
  test.each([
    [0, "00:00", "00:00.000"],
    [62_345, "01:02", "01:02.345"],
    [3_723_999.6, "1:02:03", "1:02:04.000"],
  ])("%f ms are %s, exactly %s", (milliseconds, short, exact) => {
    expect([timecode(milliseconds), timecode(milliseconds, true)]).toEqual([short, exact]);
  });

  test.each([
    [0, "0 seconds"],
    [61_000, "1 minute 1 second"],
    [7_322_000, "2 hours 2 minutes 2 seconds"],
  ])("%i ms are said as %s", (milliseconds, words) => {
    expect(inWords(milliseconds)).toBe(words);
  });

  test.each([
    [540_000, "0.5 MB"],
    [123_400_000, "123 MB"],
  ])("%i bytes are %s", (bytes, words) => {
    expect(megabytes(bytes)).toBe(words);
  });

  const began = new Date(2025, 0, 1, 14, 0, 0).getTime();
  test.each([
    ["42", 42_000],
    [" 12:30 ", 750_000],
    ["1:02:03.5", 3_723_500],
    ["14:03:22", 202_000],
    ["14:03", 843_000],
    ["13:00:00", undefined],
    ["99999", undefined],
    ["soon", undefined],
    ["", undefined],
  ])("%o leads to %s", (text, position) => {
    expect(momentOf(text, began, 7_200_000)).toBe(position);
  });

  test("a position beyond the end is a time of day, and the minute in which it began is its beginning", () => {
    expect(momentOf("14:03", began, 600_000)).toBe(180_000);
    expect(momentOf("14:00", began + 20_000, 600_000)).toBe(0);
  });

  test("a time of day after midnight is the next day's", () => {
    expect(momentOf("0:30:00", new Date(2025, 0, 1, 23, 50, 0).getTime(), 1_000_000)).toBeUndefined();
    expect(momentOf("00:05:00", new Date(2025, 0, 1, 23, 50, 0).getTime(), 100_000)).toBeUndefined();
    expect(momentOf("23:59:00", new Date(2025, 0, 1, 23, 50, 0).getTime(), 1_000_000)).toBe(540_000);
  });

  test("say where one is and has come", () => {
    const model = modelOf(shown({ incidents: [incident("a", 4, { closed: 6 }), incident("b", 5, { closed: 8 })] }));
    expect(positionWords(model, 5000)).toBe("5 seconds of 20 seconds. Nobody in view.");
    expect(positionWords(model, 15_000)).toBe("15 seconds of 20 seconds");
    const [first] = model.marks;
    expect(first && arrivedWords(model, first)).toBe("Incident 1 of 2: Nobody in view, warning, at 4 seconds. To review.");
    expect(first && returnedWords(model, first)).toMatch(/^Nothing was decided: .* Incident 1 of 2: Nobody in view/);
    expect(first && markWords(first)).toBe("Nobody in view, warning, 00:04, 2 s. To review.");
  });

  test("settings are lines", () => {
    expect(settingsOf({ sample_interval: 1, no_face: { enabled: true, critical_after: null }, list: [1, 2] })).toEqual([
      ["sample_interval", "1"], ["no_face.enabled", "yes"], ["no_face.critical_after", "none"], ["list", "1, 2"],
    ]);
  });
});

test("a frame's way is counted by the server's clock, and the candidate's is left out", () => {
  const trace = { captured_at: at(1), received_at: at(2), sampled_at: at(2.01), observed_at: at(2.02), opened_at: at(2.02), shown_at: at(9) };
  expect(stepsOf(trace).map(({ words, took, theirs }) => [words, took, theirs])).toEqual([
    ["Taken", undefined, true], ["Received", undefined, false], ["Sampled", 10, false], ["Observed", 10, false], ["Opened", 0, false],
    ["Banner seen", undefined, true],
  ]);
});

describe("the list", () => {
  const people = ["Zoe", "Ada", "Bob"].map((name, index) =>
    recording({ id: name, candidate_id: name, candidate_name: name, began_at: at(index) }),
  );
  const review = { verdict: "confirmed", at: BEGAN } as const;
  const incidents = [
    incident("1", 1, { candidate_id: "Bob" }), incident("2", 2, { candidate_id: "Bob", review }),
    incident("3", 3, { candidate_id: "Bob", kind: "tab_hidden" }), incident("4", 4, { candidate_id: "Ada", review }),
  ];
  const overviews = overviewOf(people, incidents);

  test("counts incidents by kind and what is reviewed", () => {
    expect(overviews.map(({ recording, incidents, reviewed, kinds }) => [recording.id, incidents, reviewed, kinds])).toEqual([
      ["Zoe", 0, 0, []], ["Ada", 1, 1, [["no_face", 1]]], ["Bob", 3, 1, [["no_face", 2], ["tab_hidden", 1]]],
    ]);
  });

  test.each([
    ["to_review", ["Bob", "Ada", "Zoe"]],
    ["name", ["Ada", "Bob", "Zoe"]],
    ["begun", ["Zoe", "Ada", "Bob"]],
  ] as const)("is ordered by %s", (order, expected) => {
    expect(inOrder(overviews, order).map(({ recording }) => recording.id)).toEqual(expected);
  });
});

describe("keys", () => {
  test.each([
    [{ key: "j", shiftKey: false }, "next"],
    [{ key: "<", shiftKey: true }, "slower"],
    [{ key: "?", shiftKey: true }, "help"],
    [{ key: "ArrowLeft", shiftKey: false }, "back"],
    [{ key: "ArrowLeft", shiftKey: true }, "far_back"],
    [{ key: "x", shiftKey: false }, undefined],
  ])("%o means %s", (pressed, action) => {
    expect(actionOf(pressed)).toBe(action);
  });

  test("of the slider are those that move", () => {
    const found = ["ArrowRight", "Home", "PageDown", "c", " "].map((key) => onSlider({ key, shiftKey: false }));
    expect(found).toEqual(["on", "start", "far_on", undefined, undefined]);
    expect(actionOf({ key: "PageDown", shiftKey: false })).toBeUndefined();
  });
});

test("what is kept is bounded, and what was used last stays", () => {
  const dropped: string[] = [];
  const kept = new Bounded<number, string>(2, (value) => dropped.push(value));
  kept.set(1, "a");
  kept.set(2, "b");
  kept.get(1);
  kept.set(3, "c");
  expect([dropped, kept.get(1), kept.get(2)]).toEqual([["b"], "a", undefined]);
  kept.set(1, "d");
  kept.clear();
  expect(dropped).toEqual(["b", "a", "c", "d"]);
});
