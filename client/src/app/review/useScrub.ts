/** Clicking and dragging along the timeline, and zooming with the wheel. */

import { type PointerEvent, useEffect, useRef } from "react";
import { useDesk } from "./context";
import { holeAt, type Model } from "./model";
import { holeWords } from "./telling";
import { atX, moved, type View, zoomed } from "./view";
import { exactClock, timecode } from "./words";

const WHEEL = 0.0015;

interface Scrub {
  model: Model;
  view: View;
  width: number;
  onView(change: (before: View | undefined) => View | undefined): void;
  /** What lies under the pointer, in words; nothing when it is elsewhere. */
  onHover(words: string | undefined): void;
}

export function useScrub({ model, view, width, onView, onHover }: Scrub) {
  const { player } = useDesk();
  const surface = useRef<HTMLDivElement>(null);
  /** While dragging: whether it goes on playing afterwards. */
  const dragging = useRef<boolean>(undefined);

  useEffect(() => {
    const element = surface.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent) => {
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      const closer = event.ctrlKey || event.metaKey;
      if (!closer && Math.abs(sideways) < 1) return;
      event.preventDefault();
      const around = atX(view, width, event.clientX - element.getBoundingClientRect().left);
      const next = closer
        ? zoomed(view, Math.exp(-event.deltaY * WHEEL), around, model.length)
        : moved(view, (sideways / width) * (view.to - view.from), model.length);
      onView(() => next);
    };
    // React's own listeners may not keep the page from scrolling.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [view, width, model.length, onView]);

  const position = (event: PointerEvent) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return Math.min(model.length, Math.max(0, atX(view, width, x)));
  };
  return {
    ref: surface,
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      dragging.current = player.getState().playing;
      player.pause();
      player.seek(position(event));
    },
    onPointerMove: (event: PointerEvent) => {
      const at = position(event);
      const hole = holeAt(model, at);
      onHover(`${timecode(at, true)} · ${exactClock(model.began + at)}${hole ? ` · ${holeWords(hole)}` : ""}`);
      if (dragging.current !== undefined) player.seek(at);
    },
    onPointerUp: () => {
      if (dragging.current) player.play();
      dragging.current = undefined;
    },
    onPointerCancel: () => {
      dragging.current = undefined;
    },
    onPointerLeave: () => onHover(undefined),
  };
}
