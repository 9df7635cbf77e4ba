/**
 * What the browser itself notices while an exam runs.
 *
 * Leaves the machine: that the tab was hidden, the window lost the focus, full screen was left, something was copied, cut
 * or pasted, a second screen is attached, or the camera is a virtual one by its name or its track; and when. Never what was copied,
 * which other window or page it was, or any keystroke.
 */

import { all, listen, type Undo } from "./emitter";
import type { ActivityKind, ActivityMessage } from "./protocol";

type Report = (activity: ActivityMessage) => void;

/** A glance at a notification, the browser's own dialogues, or the way to the next page are shorter than this. */
const AWAY_GRACE_MS = 500;
/** Several events of one key press are one. */
const CLIPBOARD_GRACE_MS = 1000;

export function activityNow(kind: ActivityKind, detail: ActivityMessage["detail"]): ActivityMessage {
  return { kind, at: new Date().toISOString(), detail };
}

/** Watch the page until undone. */
export function watchActivity(report: Report): Undo {
  return all(watchTabAndFocus(report), watchFullscreen(report), watchClipboard(report), watchScreens(report));
}

/** A kind that lasts: reports each change once, with what else there is to say, and nothing as long as it has never been. */
export function lasting(kind: ActivityKind, report: Report): (active: boolean, more?: Record<string, string>) => void {
  let reported = false;
  return (active, more = {}) => {
    if (active === reported) return;
    reported = active;
    report(activityNow(kind, { active, ...more }));
  };
}

function watchTabAndFocus(report: Report): Undo {
  const hidden = lasting("tab_hidden", report);
  const unfocused = lasting("focus_lost", report);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leaving = false;

  /** A hidden tab has no focus either: one report is enough, the graver one. */
  const tell = () => {
    hidden(document.hidden);
    unfocused(!document.hidden && !document.hasFocus());
  };
  const look = () => {
    clearTimeout(timer);
    if (leaving) return;
    if (!document.hidden) hidden(false);
    if (!document.hidden && document.hasFocus()) unfocused(false);
    else timer = setTimeout(tell, AWAY_GRACE_MS);
  };
  /** A reload hides the page as well; a page that was left may come back from the browser's memory. */
  const leave = (gone: boolean) => () => {
    leaving = gone;
    look();
  };
  look();
  return all(
    listen(document, "visibilitychange", look),
    listen(window, "blur", look),
    listen(window, "focus", look),
    listen(window, "pagehide", leave(true)),
    listen(window, "pageshow", leave(false)),
    () => clearTimeout(timer),
  );
}

/** Full screen can be left only by who has entered it. */
function watchFullscreen(report: Report): Undo {
  const exited = lasting("fullscreen_exited", report);
  let entered = document.fullscreenElement !== null;
  return listen(document, "fullscreenchange", () => {
    const full = document.fullscreenElement !== null;
    entered ||= full;
    exited(entered && !full);
  });
}

function watchClipboard(report: Report): Undo {
  const last = new Map<string, number>();
  const note = ({ type }: Event) => {
    const now = Date.now();
    if (now - (last.get(type) ?? -Infinity) < CLIPBOARD_GRACE_MS) return;
    last.set(type, now);
    report(activityNow("clipboard", { action: type }));
  };
  return all(...["copy", "cut", "paste"].map((name) => listen(document, name, note)));
}

/** `isExtended` is Chromium's; elsewhere nothing can be said. */
function watchScreens(report: Report): Undo {
  const extended = lasting("second_screen", report);
  const screen = window.screen as Screen & Partial<EventTarget> & { isExtended?: boolean };
  const look = () => extended(screen.isExtended === true);
  look();
  screen.addEventListener?.("change", look);
  return () => screen.removeEventListener?.("change", look);
}
