// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchActivity } from "../src/sdk/activity";
import type { Undo } from "../src/sdk/emitter";
import type { ActivityMessage } from "../src/sdk/protocol";

let reports: ActivityMessage[];
let undo: Undo;
const page = { hidden: false, focused: true, full: null as Element | null };

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(page, { hidden: false, focused: true, full: null });
  vi.spyOn(document, "hidden", "get").mockImplementation(() => page.hidden);
  vi.spyOn(document, "hasFocus").mockImplementation(() => page.focused);
  Object.defineProperty(document, "fullscreenElement", { configurable: true, get: () => page.full });
  reports = [];
  undo = watchActivity((activity) => reports.push(activity));
});
afterEach(() => {
  undo();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function told(): [string, unknown][] {
  return reports.map(({ kind, detail }) => [kind, detail]);
}

function focus(focused: boolean): void {
  page.focused = focused;
  window.dispatchEvent(new Event(focused ? "focus" : "blur"));
}

function hide(hidden: boolean): void {
  page.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("focus", () => {
  test("lost for a moment is nothing", () => {
    focus(false);
    vi.advanceTimersByTime(400);
    focus(true);
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual([]);
  });

  test("lost for longer is told once, and when it is back", () => {
    focus(false);
    vi.advanceTimersByTime(600);
    focus(false);
    vi.advanceTimersByTime(600);
    focus(true);
    expect(told()).toEqual([
      ["focus_lost", { active: true }],
      ["focus_lost", { active: false }],
    ]);
  });

  test("inside of a frame of the page is not lost", () => {
    window.dispatchEvent(new Event("blur"));
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual([]);
  });

  test("is not told beside the hidden tab", () => {
    focus(false);
    hide(true);
    vi.advanceTimersByTime(2000);
    expect(told()).toEqual([["tab_hidden", { active: true }]]);
  });

  test("ends when the tab is hidden as well", () => {
    focus(false);
    vi.advanceTimersByTime(600);
    hide(true);
    vi.advanceTimersByTime(600);
    page.focused = true;
    hide(false);
    expect(told()).toEqual([
      ["focus_lost", { active: true }],
      ["tab_hidden", { active: true }],
      ["focus_lost", { active: false }],
      ["tab_hidden", { active: false }],
    ]);
  });
});

describe("the tab", () => {
  test("hidden for a moment is nothing", () => {
    hide(true);
    vi.advanceTimersByTime(400);
    hide(false);
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual([]);
  });

  test("is told to be back at once, although another window has the focus", () => {
    hide(true);
    vi.advanceTimersByTime(600);
    page.focused = false;
    hide(false);
    expect(told()).toEqual([
      ["tab_hidden", { active: true }],
      ["tab_hidden", { active: false }],
    ]);
  });

  test.each([
    ["before", ["visibilitychange", "pagehide"]],
    ["after", ["pagehide", "visibilitychange"]],
  ])("hidden %s the page is left is a reload and no offence", (_, events) => {
    page.hidden = true;
    page.focused = false;
    for (const name of events) (name === "pagehide" ? window : document).dispatchEvent(new Event(name));
    window.dispatchEvent(new Event("blur"));
    vi.advanceTimersByTime(5000);
    expect(told()).toEqual([]);
  });

  test("is watched again when the page comes back from the browser's memory", () => {
    window.dispatchEvent(new Event("pagehide"));
    window.dispatchEvent(new Event("pageshow"));
    hide(true);
    vi.advanceTimersByTime(600);
    expect(told()).toEqual([["tab_hidden", { active: true }]]);
  });
});

test("full screen can be left only after it was entered", () => {
  document.dispatchEvent(new Event("fullscreenchange"));
  expect(told()).toEqual([]);
  page.full = document.body;
  document.dispatchEvent(new Event("fullscreenchange"));
  page.full = null;
  document.dispatchEvent(new Event("fullscreenchange"));
  expect(told()).toEqual([["fullscreen_exited", { active: true }]]);
});

test("the clipboard is told by action, once a second, and never by content", () => {
  document.dispatchEvent(new Event("copy"));
  document.dispatchEvent(new Event("copy"));
  document.dispatchEvent(new Event("paste"));
  vi.advanceTimersByTime(1500);
  document.dispatchEvent(new Event("copy"));
  expect(told()).toEqual([
    ["clipboard", { action: "copy" }],
    ["clipboard", { action: "paste" }],
    ["clipboard", { action: "copy" }],
  ]);
});

test("nothing is told after the undo", () => {
  undo();
  hide(true);
  document.dispatchEvent(new Event("copy"));
  vi.advanceTimersByTime(2000);
  expect(told()).toEqual([]);
});
