/** The console's keyboard: what has the focus is selected; j and k move, c confirms, d dismisses, n writes a note, ? helps. */

import { useEffect } from "react";
import type { Incident } from "../../sdk";
import { listen } from "../../sdk/emitter";
import { isElsewhere } from "../shared/keyboard";

interface Keys {
  on: boolean;
  incidents: Incident[];
  selected: string | undefined;
  onSelect(incidentId: string): void;
  onHelp(): void;
}

/** For the list of keys. */
export const KEYS = [
  ["j", "Next incident"],
  ["k", "Previous incident"],
  ["c", "Confirm it"],
  ["d", "Dismiss it"],
  ["n", "Write a note on it"],
  ["?", "This list"],
  ["Esc", "Close, or leave a field"],
] as const;

/** What a key presses inside the selected card; each has such a button. */
const PRESSES: Record<string, string> = { c: "confirm", d: "dismiss", n: "note" };

export function useKeys({ on, incidents, selected, onSelect, onHelp }: Keys): void {
  useEffect(
    () =>
      listen(document, "focusin", ({ target }) => {
        const card = target instanceof Element ? target.closest<HTMLElement>("[data-incident-id]") : null;
        if (card?.dataset["incidentId"]) onSelect(card.dataset["incidentId"]);
      }),
    [onSelect],
  );
  function move(step: number): void {
    const at = incidents.findIndex(({ id }) => id === selected);
    const next = incidents[Math.min(incidents.length - 1, Math.max(0, at + step))];
    if (!next) return;
    onSelect(next.id);
    cardOf(next.id)?.focus({ preventScroll: true });
    cardOf(next.id)?.scrollIntoView({ block: "nearest" });
  }
  useEffect(
    () =>
      listen(document, "keydown", (event) => {
        if (!(event instanceof KeyboardEvent) || !on || isElsewhere(event)) return;
        if (event.key === "?") onHelp();
        else if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
        else if (PRESSES[event.key] && selected && mayJudge(event.target, selected)) press(selected, PRESSES[event.key] ?? "");
        else return;
        event.preventDefault();
      }),
  );
}

export function cardOf(incidentId: string): HTMLElement | null {
  return document.querySelector(`[data-incident-id="${CSS.escape(incidentId)}"]`);
}

function press(incidentId: string, button: string): void {
  cardOf(incidentId)?.querySelector<HTMLElement>(`[data-testid="${button}"]`)?.click();
}

/** The focus is on the selected card or nowhere: on another button a letter is not meant for the incident. */
export function mayJudge(target: EventTarget | null, selected: string): boolean {
  return target === document.body || (target instanceof Element && target.closest(`[data-incident-id="${CSS.escape(selected)}"]`) !== null);
}
