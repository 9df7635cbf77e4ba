// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Notice, Notices, sendByKit } from "../src/sdk/notices";
import type { Warning } from "../src/sdk/protocol";

let sent: Notice[];
let notices: Notices;
let visibility: DocumentVisibilityState;

beforeEach(() => {
  vi.useFakeTimers();
  visibility = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility);
  sent = [];
  notices = new Notices((notice) => sent.push(notice));
});
afterEach(() => {
  notices.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function warning(incident_id: string): Warning {
  return { incident_id, kind: "no_face", text: `Warning ${incident_id}`, opened_at: "2025-01-01T10:00:00.000Z" };
}

function become(state: DocumentVisibilityState): void {
  visibility = state;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("a warning is sent once, and goes away by itself", () => {
  notices.show(warning("a"));
  become("visible");
  expect(sent.map(({ message }) => message)).toEqual(["Warning a"]);
  expect(sent[0]?.duration).toBeGreaterThan(0);
});

test("one that came while the page was hidden is sent when it is looked at", () => {
  become("hidden");
  notices.show(warning("a"));
  expect(sent).toEqual([]);
  become("visible");
  expect(sent).toHaveLength(1);
});

test("one that is still open is sent again after it went away, under a new id", () => {
  notices.show(warning("a"));
  vi.advanceTimersByTime(60_000);
  become("visible");
  expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
});

test("one that was cleared is not sent again", () => {
  become("hidden");
  notices.show(warning("a"));
  notices.clear("a");
  become("visible");
  expect(sent).toEqual([]);
});

test("room is left for the meeting's own notices", () => {
  become("hidden");
  for (const id of ["a", "b", "c", "d", "e", "f"]) notices.show(warning(id));
  become("visible");
  expect(sent.map(({ message }) => message)).toEqual(["Warning d", "Warning e", "Warning f"]);
});

test("a kit that the page has loaded is told in its own way", () => {
  const heard: string[] = [];
  for (const name of ["rtkNotification", "dyteNotification"]) {
    document.addEventListener(name, (event) => heard.push(`${name}: ${(event as CustomEvent<Notice>).detail.message}`));
  }
  const notice: Notice = { id: "1", message: "Hello", duration: 1, iconVariant: "danger" };
  sendByKit(notice);
  expect(heard).toEqual([]);
  customElements.define("rtk-notifications", class extends HTMLElement {});
  sendByKit(notice);
  expect(heard).toEqual(["rtkNotification: Hello"]);
});
