/** The exact picture at the player's place. One is loaded at a time, and then the newest that is wanted: nothing queues. */

import { useEffect, useRef, useState } from "react";
import { codeOf, textOf } from "../shared/api";
import { useDesk } from "./context";
import type { Frame, Frames, Place, ShownPicture } from "./frames";
import type { Model } from "./model";

export interface Still extends ShownPicture {
  frame: Frame;
}

interface StillState {
  still: Still | undefined;
  /** The place that it was looked up for. */
  place: Place | undefined;
  /** Why there is none for this place. */
  error: string | undefined;
}

/** Neighbours that are loaded ahead while nothing moves. */
const AHEAD = [1, 1, 1, -1] as const;

/** How far back to look for a picture at the end of a recording that grows, in milliseconds: its file is a little behind its journal. */
const BACK = [600, 1500, 3000] as const;

async function stillAt(frames: Frames, model: Model, place: Place): Promise<Still | undefined> {
  const frame = await frames.at(model, place);
  const newest = model.grows && frame?.part === model.parts.at(-1)?.number;
  try {
    return await stillOf(frames, frame);
  } catch (failure) {
    for (const back of frame && newest && codeOf(failure) === "not_found" ? BACK : []) {
      const found = await stillOf(frames, await frames.at(model, { at: place.at - back })).catch(() => undefined);
      if (found) return found;
    }
    throw failure;
  }
}

async function stillOf(frames: Frames, frame: Frame | undefined): Promise<Still | undefined> {
  return frame && { frame, ...(await frames.picture(frame.seq)) };
}

interface Wanted {
  model: Model;
  place: Place;
  ahead: boolean;
}

/** `on`: false while the video is on screen. */
export function useStill(model: Model, { at, seq }: Place, { on, ahead }: { on: boolean; ahead: boolean }): StillState {
  const { frames } = useDesk();
  const [state, setState] = useState<StillState>({ still: undefined, place: undefined, error: undefined });
  const wanted = useRef<Wanted>(undefined);
  const busy = useRef(false);

  useEffect(() => {
    if (!on) return;
    wanted.current = { model, place: { at, seq }, ahead };
    if (busy.current) return;
    busy.current = true;
    const work = async () => {
      let next = wanted.current;
      while (next) {
        wanted.current = undefined;
        const { place } = next;
        try {
          const still = await stillAt(frames, next.model, place);
          setState({ still, place, error: undefined });
          if (next.ahead && still) await loadAhead(next, still.frame);
        } catch (failure) {
          setState((before) => ({ ...before, place, error: textOf(failure) }));
        }
        next = wanted.current;
      }
      busy.current = false;
    };
    const loadAhead = async ({ model }: Wanted, from: Frame) => {
      let [frame, step]: [Frame | undefined, 1 | -1] = [from, 1];
      for (const next of AHEAD) {
        if (wanted.current) return;
        if (next !== step) [frame, step] = [from, next];
        frame = frame && (await frames.beside(model, frame, step));
        if (frame) await frames.picture(frame.seq).catch(() => undefined);
      }
    };
    void work();
  }, [frames, model, at, seq, on, ahead]);
  return state;
}
