// @vitest-environment happy-dom
import { MantineProvider } from "@mantine/core";
import { act, createElement, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Choice, chosen, NONE, overridesOf } from "../src/app/shared/accommodations";
import { AccommodationFields } from "../src/app/shared/AccommodationFields";
import { Evidence } from "../src/app/shared/Evidence";
import { useKeys } from "../src/app/proctor/useKeys";
import type { Incident } from "../src/sdk/protocol";

let root: Root;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.useFakeTimers();
  root = createRoot(document.body.appendChild(document.createElement("div")));
});
afterEach(() => {
  act(() => root.unmount());
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function draw(content: ReactNode): void {
  act(() => root.render(createElement(MantineProvider, null, content)));
}

function photo(): Element | null {
  return document.querySelector("[data-testid=incident-photo]");
}

test("a photograph that failed is loaded again, later and later, and never given up", () => {
  const item = { url: "/photo.jpg", sha256: "0", captured_at: "2025-01-01T10:00:00.000Z", seq: 1, boxes: [] };
  draw(createElement(Evidence, { evidence: [item], name: "Ada", kind: "no_face" }));
  for (const wait of [2000, 5000, 15_000, 60_000, 60_000]) {
    const before = photo();
    expect(before).not.toBeNull();
    act(() => void before?.dispatchEvent(new Event("error")));
    act(() => vi.advanceTimersByTime(wait - 1));
    expect(photo()).toBeNull();
    act(() => vi.advanceTimersByTime(1));
    expect(photo()).not.toBe(before);
  }
});

test("accommodations are chosen by name, and those without a name are kept", () => {
  let choice: Choice = chosen({ no_face: { critical_after: null } });
  const redraw = () => draw(createElement(AccommodationFields, { choice, onChoice: (next) => { choice = next; } }));
  redraw();
  for (const name of ["away", "light", "away"]) {
    act(() => document.querySelector<HTMLInputElement>(`input[data-testid=accommodation-${name}]`)?.click());
    redraw();
  }
  expect(overridesOf(choice)).toEqual({ no_face: { critical_after: null }, unclear_view: { enabled: false } });
  expect(document.body.textContent).toContain("no_face.critical_after");
  choice = NONE;
  redraw();
  expect(document.body.textContent).not.toContain("Kept as they are");
  for (const input of document.querySelectorAll("input")) {
    expect(input.labels?.[0]?.textContent, input.outerHTML).toBeTruthy();
  }
});

function Keys({ on }: { on: boolean }) {
  useKeys({ on, incidents: [{ id: "a" } as Incident], selected: "a", onSelect: () => undefined, onHelp: () => undefined });
  return null;
}

/** A selected card and a button beside it; what was pressed on the card. */
function page(on: boolean): string[] {
  const pressed: string[] = [];
  const outside = document.body.appendChild(document.createElement("main"));
  outside.innerHTML = '<button id="other"></button><li id="card" tabindex="-1" data-incident-id="a"><button data-testid="confirm"></button></li>';
  outside.querySelector("[data-testid=confirm]")?.addEventListener("click", () => pressed.push("confirm"));
  draw(createElement(Keys, { on }));
  return pressed;
}

test.each([
  ["body", true, ["confirm"]],
  ["#card", true, ["confirm"]],
  ["#other", true, []],
  ["#card", false, []],
])("c with the focus on %s, shortcuts %s, presses %o", (target, on, pressed) => {
  const found = page(on);
  document.querySelector(target)?.dispatchEvent(new KeyboardEvent("keydown", { key: "c", bubbles: true }));
  expect(found).toEqual(pressed);
});
