/** Asks the server for thumbnails of the candidates on screen only, and of none while the page itself is hidden. */

import { type RefObject, useEffect } from "react";
import { all, listen } from "../../sdk/emitter";
import { useLine } from "./context";

const SETTLE_MS = 200;
/** The wire's own limit. */
const MOST = 500;

/** `pane` holds elements with `data-candidate-id`, which come and go. */
export function useWatchVisible(pane: RefObject<HTMLElement | null>): void {
  const line = useLine();
  useEffect(() => {
    const root = pane.current;
    if (!root) return undefined;
    const visible = new Set<Element>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      clearTimeout(timer);
      timer = setTimeout(() => line.watch(document.hidden ? [] : idsOf(visible)), SETTLE_MS);
    };
    const onScreen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target);
        else visible.delete(target);
      }
      tell();
    });
    const follow = () => {
      for (const tile of root.querySelectorAll("[data-candidate-id]")) onScreen.observe(tile);
    };
    const arrivals = new MutationObserver(follow);
    arrivals.observe(root, { childList: true, subtree: true });
    follow();
    return all(
      listen(document, "visibilitychange", tell),
      () => onScreen.disconnect(),
      () => arrivals.disconnect(),
      () => clearTimeout(timer),
    );
  }, [line, pane]);
}

function idsOf(tiles: Set<Element>): string[] {
  return [...tiles].filter(({ isConnected }) => isConnected).map((tile) => tile.getAttribute("data-candidate-id") ?? "").slice(0, MOST);
}
