// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Banner } from "../src/sdk/banner";
import type { Warning } from "../src/sdk/protocol";

let banner: Banner;
let shown: string[];
let paints: (() => void)[];

beforeEach(() => {
  shown = [];
  paints = [];
  vi.stubGlobal("requestAnimationFrame", (paint: () => void) => paints.push(paint));
  banner = new Banner((incidentId) => shown.push(incidentId));
});
afterEach(() => {
  banner.remove();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function paint(): void {
  for (const each of paints.splice(0)) each();
}

function warning(incident_id: string, text = "We cannot see you."): Warning {
  return { incident_id, kind: "no_face", text, opened_at: "2025-01-01T10:00:00.000Z" };
}

function host(): HTMLElement {
  const element = document.querySelector<HTMLElement>("[data-testid=banner]");
  if (!element) throw new Error("no banner");
  return element;
}

function lines(): string[] {
  return [...(host().shadowRoot?.querySelectorAll("li strong") ?? [])].map(({ textContent }) => textContent ?? "");
}

test("is closed at first, as an alert that is ready to speak", () => {
  expect(host().dataset["open"]).toBe("false");
  expect(host().shadowRoot?.querySelector("[role=alert][aria-live=assertive]")).not.toBeNull();
});

test("lists every open warning and closes with the last", () => {
  banner.show(warning("a", "One"));
  banner.show(warning("b", "Two"));
  expect(lines()).toEqual(["One", "Two"]);
  banner.clear("a");
  expect(host().dataset["open"]).toBe("true");
  expect(lines()).toEqual(["Two"]);
  banner.clear("b");
  expect(host().dataset["open"]).toBe("false");
});

test("has nothing to put it away with", () => {
  banner.show(warning("a"));
  expect(host().shadowRoot?.querySelector("button, a, [tabindex]")).toBeNull();
});

test("shows text as text", () => {
  banner.show(warning("a", "<img src=x>"));
  expect(host().shadowRoot?.querySelector("img")).toBeNull();
  expect(lines()).toEqual(["<img src=x>"]);
});

test("says that it was seen after it was painted, once", () => {
  banner.show(warning("a"));
  banner.show(warning("a"));
  paint();
  expect(shown).toEqual([]);
  paint();
  paint();
  expect(shown).toEqual(["a"]);
});

test("waits until the page is looked at", () => {
  const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  banner.show(warning("a"));
  paint();
  paint();
  expect(shown).toEqual([]);
  visibility.mockReturnValue("visible");
  paint();
  paint();
  expect(shown).toEqual(["a"]);
});

test("comes back with the same incident after a lull, and says again that it was seen", () => {
  for (let times = 1; times <= 2; times += 1) {
    banner.show(warning("a"));
    expect(lines()).toEqual(["We cannot see you."]);
    expect(host().dataset["open"]).toBe("true");
    paint();
    paint();
    expect(shown).toHaveLength(times);
    banner.clear("a");
    expect(host().dataset["open"]).toBe("false");
  }
});

test("that comes back before it was painted was seen once", () => {
  banner.show(warning("a"));
  banner.clear("a");
  banner.show(warning("a"));
  for (let times = 0; times < 4; times += 1) paint();
  expect(shown).toEqual(["a"]);
});

test("that is cleared before it was painted was not seen", () => {
  banner.show(warning("a"));
  banner.clear("a");
  paint();
  paint();
  expect(shown).toEqual([]);
});

test("comes back with its warnings when the page draws itself anew", async () => {
  banner.show(warning("a", "One"));
  document.body.replaceChildren(document.createElement("main"));
  await vi.waitFor(() => expect(lines()).toEqual(["One"]));
  document.documentElement.replaceChild(document.createElement("body"), document.body);
  await vi.waitFor(() => expect(lines()).toEqual(["One"]));
});

test("that was removed for good does not come back", async () => {
  banner.remove();
  document.body.replaceChildren();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(document.querySelector("[data-testid=banner]")).toBeNull();
});
