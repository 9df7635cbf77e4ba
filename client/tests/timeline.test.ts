import { describe, expect, test } from "vitest";
import { modelOf } from "../src/app/review/model";
import { atX, labels, lanesOf, LEAST, moved, overlaps, samplePath, showing, whole, xOf, zoomed } from "../src/app/review/view";
import { incident, shown } from "./recording";

const HOURS = 7_200_000;

describe("the view", () => {
  test("of all shows all", () => {
    const view = whole(HOURS);
    expect([xOf(view, 800, HOURS / 2), atX(view, 800, 400)]).toEqual([400, HOURS / 2]);
  });

  test("keeps in its place what is zoomed at", () => {
    const view = zoomed(whole(HOURS), 4, 1_800_000, HOURS);
    expect(view.to - view.from).toBe(HOURS / 4);
    expect(xOf(view, 1000, 1_800_000)).toBe(250);
  });

  test("stays inside of the recording, and shows two seconds at least", () => {
    expect(zoomed(whole(HOURS), 2, 0, HOURS)).toEqual({ from: 0, to: HOURS / 2 });
    expect(zoomed(whole(HOURS), 2, HOURS, HOURS)).toEqual({ from: HOURS / 2, to: HOURS });
    const closest = zoomed(whole(HOURS), 1e9, 500_000, HOURS);
    expect(closest.to - closest.from).toBe(LEAST);
    expect(zoomed(closest, 1e-9, 0, HOURS)).toEqual(whole(HOURS));
    expect(zoomed(whole(500), 8, 0, 500)).toEqual(whole(500));
  });

  test("moves no further than to the ends", () => {
    const view = { from: 1000, to: 3000 };
    expect([moved(view, 500, 10_000), moved(view, -5000, 10_000), moved(view, 50_000, 10_000)]).toEqual([
      { from: 1500, to: 3500 }, { from: 0, to: 2000 }, { from: 8000, to: 10_000 },
    ]);
  });

  test("goes with the position, and only then", () => {
    const view = { from: 1000, to: 3000 };
    expect(showing(view, 2000, 10_000)).toBe(view);
    expect(showing(view, 5000, 10_000)).toEqual({ from: 4800, to: 6800 });
    expect(showing(view, 0, 10_000)).toEqual({ from: 0, to: 2000 });
  });

  test.each([
    [{ from: 0, to: 5 }, { from: 5, to: 9 }, true],
    [{ from: 0, to: 4 }, { from: 5, to: 9 }, false],
    [{ from: 0, to: 20 }, { from: 5, to: 9 }, true],
  ])("%o overlaps %o: %s", (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
  });
});

describe("the axis", () => {
  test.each([
    [whole(HOURS), 1000, 900_000],
    [whole(60_000), 1000, 10_000],
    [{ from: 1250, to: 3250 }, 1000, 200],
    [whole(90_000_000), 300, 25_200_000],
  ])("%o on %i px has a label each %i ms", (view, width, step) => {
    const found = labels(view, width);
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found.map((at) => at % step))).toEqual(new Set([0]));
    expect(found.slice(1).map((at, index) => at - (found[index] ?? 0))).toEqual(found.slice(1).map(() => step));
    expect(found.every((at) => at >= view.from && at <= view.to)).toBe(true);
  });
});

describe("samples", () => {
  const everySecond = Array.from({ length: 7200 }, (_, second) => second * 1000);

  test("are ticks while there is room", () => {
    expect(samplePath(everySecond, { from: 1500, to: 4500 }, 300, 10)).toBe("M50 0V10h1.5V0ZM150 0V10h1.5V0ZM250 0V10h1.5V0Z");
    expect(samplePath(everySecond, { from: 1100, to: 1900 }, 300, 10)).toBe("");
    expect(samplePath([], whole(1000), 300, 10)).toBe("");
  });

  test("are columns when they are many, the highest where most are", () => {
    const burst = [...everySecond, ...Array.from({ length: 200 }, (_, n) => 3_600_000 + n * 10)].toSorted((a, b) => a - b);
    const columns = samplePath(burst, whole(HOURS), 200, 10).split("M").filter(Boolean);
    expect(columns).toHaveLength(100);
    expect(columns[50]).toBe("100 10V0H102V10Z");
    expect(columns.filter((each) => each.includes("V0H"))).toHaveLength(1);
  });

  test("at a steady rate stand evenly, also when they are just too many for ticks", () => {
    const heights = samplePath(everySecond, { from: 0, to: 400_000 }, 872, 16).match(/(?<=V)[\d.]+(?=H)/g)?.map(Number) ?? [];
    expect(Math.max(...heights.slice(0, -1))).toBeLessThanOrEqual(6);
  });

  test("of two hours are drawn in a few milliseconds", () => {
    const started = performance.now();
    for (let times = 0; times < 20; times += 1) samplePath(everySecond, whole(HOURS), 1400, 16);
    expect((performance.now() - started) / 20).toBeLessThan(50);
  });
});

test("there is a lane for each kind, always in the same order", () => {
  const model = modelOf(shown({ incidents: [incident("a", 1, { kind: "tab_hidden" }), incident("b", 2), incident("c", 3, { kind: "tab_hidden" })] }));
  expect(lanesOf(model.marks).map(({ kind, marks }) => [kind, marks.map(({ incident }) => incident.id)])).toEqual([
    ["no_face", ["b"]], ["tab_hidden", ["a", "c"]],
  ]);
});
