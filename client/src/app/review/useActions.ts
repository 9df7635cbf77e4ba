/** What the keys and the buttons do. */

import { useCallback, useEffect, useRef } from "react";
import type { Incident } from "../../sdk";
import { useDesk } from "./context";
import { isAway, neighbour, toReviewFrom } from "./jumps";
import type { Action } from "./keys";
import type { Mark, Model } from "./model";
import { arrivedWords, positionWords, returnedWords } from "./telling";
import { type View, whole, zoomed } from "./view";

const SKIP = 5000;
const FAR = 60_000;
const BEFORE = 3000;
const ZOOM = 2;

interface Actions {
  model: Model;
  live: boolean;
  chosen: string | undefined;
  onChosen(incidentId: string): void;
  onView(change: (before: View | undefined) => View | undefined): void;
  /** Where one is now, for screen readers. */
  onTell(words: string): void;
  onBoxes(): void;
  onHelp(): void;
  onGoTo(): void;
}

export function useActions(given: Actions): { act(action: Action): void; choose(incident: Incident): void } {
  const { frames, player } = useDesk();
  // Keys come between drawings: what they act on is always the newest.
  const newest = useRef(given);
  useEffect(() => {
    newest.current = given;
  });

  const arrive = useCallback(
    (mark: Mark | undefined, otherwise: string) => {
      const { model, onChosen, onTell } = newest.current;
      if (!mark) {
        onTell(otherwise);
        return;
      }
      onChosen(mark.incident.id);
      player.seek(mark.from);
      onTell(arrivedWords(model, mark));
    },
    [player],
  );
  const choose = useCallback(
    (incident: Incident) => arrive(newest.current.model.marks.find((mark) => mark.incident.id === incident.id), ""),
    [arrive],
  );
  const act = useCallback(
    (action: Action) => {
      const { model, live, chosen, onView, onTell, onBoxes, onHelp, onGoTo } = newest.current;
      const { at, seq, following } = player.getState();
      const skip = (by: number) => {
        player.seek(at + by);
        onTell(positionWords(model, player.getState().at));
      };
      const step = async (by: 1 | -1) => {
        player.pause();
        const frame = await frames.beside(model, { at, seq }, by);
        if (frame) player.seek(frame.at, frame.seq);
        onTell(frame ? `Frame ${frame.seq}` : `There is no frame ${by > 0 ? "after" : "before"} this one.`);
      };
      const zoom = (factor: number) =>
        onView((before) => {
          const view = zoomed(before ?? whole(model.length), factor, at, model.length);
          return view.to - view.from >= model.length ? undefined : view;
        });
      const mark = model.marks.find(({ incident }) => incident.id === chosen);
      // A key judges only what is seen: otherwise it goes there first.
      const judge = (button: string) => {
        if (!mark || (!isAway(mark, at) && isOnScreen(button))) {
          press(button);
          return;
        }
        if (isAway(mark, at)) player.seek(mark.from);
        buttonOf(button)?.scrollIntoView({ block: "nearest" });
        onTell(returnedWords(model, mark));
      };
      const doings: Partial<Record<Action, () => void>> = {
        toggle: () => player.toggle(),
        back: () => skip(-SKIP),
        on: () => skip(SKIP),
        far_back: () => skip(-FAR),
        far_on: () => skip(FAR),
        frame_back: () => void step(-1),
        frame_on: () => void step(1),
        start: () => skip(-model.length),
        end: () => skip(model.length),
        next: () => arrive(neighbour(model.marks, chosen, at, 1), "There is no incident after this."),
        previous: () => arrive(neighbour(model.marks, chosen, at, -1), "There is no incident before this."),
        to_review: () => arrive(toReviewFrom(model.marks, chosen, at), "Nothing else to review in this recording."),
        replay: () => {
          if (!mark) return;
          player.seek(mark.from - BEFORE);
          player.play();
        },
        slower: () => player.faster(-1),
        faster: () => player.faster(1),
        go_to: onGoTo,
        boxes: onBoxes,
        follow: () => live && player.follow(!following),
        zoom_in: () => zoom(ZOOM),
        zoom_out: () => zoom(1 / ZOOM),
        whole: () => onView(() => undefined),
        help: onHelp,
        confirm: () => judge("confirm"),
        dismiss: () => judge("dismiss"),
        note: () => press("note"),
      };
      doings[action]?.();
      if (action === "slower" || action === "faster") onTell(`Speed ${player.getState().speed} times`);
    },
    [player, frames, arrive],
  );
  return { act, choose };
}

/** Each has a button on the chosen incident. */
function buttonOf(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-incident-id] [data-testid="${name}"]`);
}

function press(button: string): void {
  buttonOf(button)?.click();
}

/** It is neither scrolled away nor covered. */
function isOnScreen(button: string): boolean {
  const found = buttonOf(button);
  if (!found) return false;
  const { left, top, width, height } = found.getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, top + height / 2);
  return seen !== null && found.closest("[data-incident-id]")?.contains(seen) === true;
}
