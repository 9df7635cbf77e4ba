/** The keyboard of the player. Pure: which key means what. */

export type Action =
  | "toggle" | "back" | "on" | "far_back" | "far_on" | "frame_back" | "frame_on" | "start" | "end"
  | "next" | "previous" | "to_review" | "replay" | "confirm" | "dismiss" | "note"
  | "slower" | "faster" | "go_to" | "boxes" | "follow" | "zoom_in" | "zoom_out" | "whole" | "help";

const ACTIONS: Record<string, Action> = {
  " ": "toggle",
  ArrowLeft: "back",
  ArrowRight: "on",
  "Shift+ArrowLeft": "far_back",
  "Shift+ArrowRight": "far_on",
  ",": "frame_back",
  ".": "frame_on",
  Home: "start",
  End: "end",
  j: "next",
  k: "previous",
  u: "to_review",
  r: "replay",
  c: "confirm",
  d: "dismiss",
  n: "note",
  "<": "slower",
  ">": "faster",
  g: "go_to",
  b: "boxes",
  f: "follow",
  "+": "zoom_in",
  "=": "zoom_in",
  "-": "zoom_out",
  "0": "whole",
  "?": "help",
};

/** For the list of keys. */
export const KEYS = [
  ["Space", "Play, pause"],
  [", .", "One frame back, on"],
  ["← →", "5 seconds back, on; with Shift a minute"],
  ["Home End", "To the beginning, to the end"],
  ["< >", "Slower, faster"],
  ["g", "Go to a time"],
  ["j", "Next incident"],
  ["k", "Previous incident"],
  ["u", "Next incident to review"],
  ["r", "Play the incident, from 3 seconds before"],
  ["c", "Confirm it"],
  ["d", "Dismiss it"],
  ["n", "Write a note on it"],
  ["b", "Boxes around faces"],
  ["f", "Follow live"],
  ["+ − 0", "Timeline closer, wider, whole"],
  ["?", "This list"],
  ["Esc", "Close, or leave a field"],
] as const;

/** Elsewhere these scroll. */
const PAGES: Record<string, Action> = { PageUp: "far_back", PageDown: "far_on" };
/** What works on the timeline's slider also with single keys turned off: a slider without arrows would be none. */
const ON_SLIDER: ReadonlySet<Action> = new Set<Action>(["back", "on", "far_back", "far_on", "start", "end"]);

interface Pressed {
  key: string;
  shiftKey: boolean;
}

export function actionOf({ key, shiftKey }: Pressed): Action | undefined {
  // Letters and signs come with Shift in them; arrows do not.
  return ACTIONS[shiftKey && key.length > 1 ? `Shift+${key}` : key];
}

export function onSlider(pressed: Pressed): Action | undefined {
  const action = PAGES[pressed.key] ?? actionOf(pressed);
  return action && ON_SLIDER.has(action) ? action : undefined;
}
