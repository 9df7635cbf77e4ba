/** Single keys for the player. On a button that has the focus, Space and Enter are the button's own. */

import { useEffect } from "react";
import { listen } from "../../sdk/emitter";
import { isElsewhere } from "../shared/keyboard";
import { type Action, actionOf } from "./keys";

interface Keys {
  on: boolean;
  /** The incident that is judged. */
  chosen: string | undefined;
  onAction(action: Action): void;
}

const JUDGE: ReadonlySet<Action> = new Set<Action>(["confirm", "dismiss", "note"]);

export function useReviewKeys({ on, chosen, onAction }: Keys): void {
  useEffect(
    () =>
      listen(document, "keydown", (event) => {
        if (!(event instanceof KeyboardEvent) || event.defaultPrevented || !on || isElsewhere(event)) return;
        const action = actionOf(event);
        if (!action || isOwnKey(event) || (JUDGE.has(action) && isOfAnother(event.target, chosen))) return;
        event.preventDefault();
        onAction(action);
      }),
    [on, chosen, onAction],
  );
}

/** Space presses a button, and arrows choose among radio buttons. */
function isOwnKey({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element) || key.length === 1 && key !== " ") return false;
  return target.closest(key === " " ? "button, a, summary, input, [role=button]" : "input") !== null;
}

/** On another incident's row or mark, a letter may be meant for that one. */
function isOfAnother(target: EventTarget | null, chosen: string | undefined): boolean {
  const found = target instanceof Element ? target.closest<HTMLElement | SVGElement>("[data-row-id], [data-mark-id]") : null;
  const id = found?.dataset["rowId"] ?? found?.dataset["markId"];
  return id !== undefined && id !== chosen;
}
