/** A list that grows at its top and yet holds still under the eye and the cursor of whoever is reading further down. */

import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { Incident } from "../../sdk";

interface Steady {
  /** For the list's element. */
  list: RefObject<HTMLOListElement | null>;
  /** Incidents that came in above while the reader was further down. */
  above: number;
  toTop(): void;
  onScroll(): void;
}

export function useSteadyScroll(incidents: readonly Incident[]): Steady {
  const list = useRef<HTMLOListElement>(null);
  const anchor = useRef<{ id: string; top: number }>(undefined);
  const [newestSeen, setNewestSeen] = useState<string>();

  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const card = anchor.current && element.querySelector<HTMLElement>(`[data-incident-id="${anchor.current.id}"]`);
    // Only then may the list move up: somebody about to press "Confirm" must hit the incident that they looked at.
    const busy = element.scrollTop > 0 || element.matches(":hover") || element.contains(document.activeElement);
    if (card && anchor.current && busy) element.scrollTop += card.offsetTop - anchor.current.top;
    anchor.current = firstVisible(element);
  });

  const onScroll = () => {
    const element = list.current;
    if (!element) return;
    anchor.current = firstVisible(element);
    setNewestSeen(element.scrollTop > AT_TOP_PX ? (newestSeen ?? incidents[0]?.id) : undefined);
  };
  const index = newestSeen ? incidents.findIndex(({ id }) => id === newestSeen) : 0;
  return { list, above: Math.max(0, index), toTop: () => list.current?.scrollTo({ top: 0 }), onScroll };
}

const AT_TOP_PX = 8;

function firstVisible(element: HTMLElement): { id: string; top: number } | undefined {
  for (const card of element.querySelectorAll<HTMLElement>("[data-incident-id]")) {
    const id = card.dataset["incidentId"];
    if (id && card.offsetTop + card.offsetHeight > element.scrollTop) return { id, top: card.offsetTop };
  }
  return undefined;
}
