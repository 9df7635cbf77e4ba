import { useSyncExternalStore } from "react";
import { span } from "../shared/words";

/** How long something has been going on. All of them share one clock. */
export function Elapsed({ since }: { since: string }) {
  const now = useSyncExternalStore(subscribe, wholeSeconds);
  return <>going on for {span(now * 1000 - Date.parse(since))}</>;
}

const subscribers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(subscriber: () => void): () => void {
  subscribers.add(subscriber);
  timer ??= setInterval(() => {
    for (const each of subscribers) each();
  }, 1000);
  return () => {
    subscribers.delete(subscriber);
    if (subscribers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function wholeSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
