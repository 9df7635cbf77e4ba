/** What may be agreed with one candidate, in plain words; for the server these are overrides of its rules. Pure. */

/** As the server has them: `{"no_face": {"enter_seconds": 60}}`. */
export type Overrides = Record<string, unknown>;

interface Switch {
  id: string;
  words: string;
  help?: string;
  /** Settings by their path, with the value that they are given. */
  sets: Record<string, boolean | number>;
}

interface Time {
  path: string;
  words(seconds: number): string;
  label: string;
  least: number;
  most: number;
}

export const SWITCHES: readonly Switch[] = [
  { id: "away", words: "Looking away from the screen", sets: { "looking_away.enabled": false } },
  {
    id: "helper",
    words: "A second person in view, such as a reader or an interpreter",
    help: "If that person may be alone in view, tick the next one as well.",
    sets: { "multiple_faces.enabled": false },
  },
  {
    id: "face",
    words: "A face that looks different, such as with a veil, a mask or a bandage",
    help: "It is not compared with the candidate's own.",
    sets: { "different_person.enabled": false },
  },
  { id: "light", words: "Dim light, or a partly covered face", sets: { "unclear_view.enabled": false } },
  { id: "still", words: "Sitting without any movement", sets: { "camera_frozen.still_after": 3600 } },
  {
    id: "software",
    words: "Other windows, a second screen and the clipboard, such as for a screen reader",
    sets: { "focus_lost.enabled": false, "fullscreen_exited.enabled": false, "second_screen.enabled": false, "clipboard.enabled": false },
  },
];

export const TIMES: readonly Time[] = [
  {
    path: "no_face.enter_seconds",
    words: (seconds) => `Leaving the view for up to ${seconds} seconds`,
    label: "Leaving the view for up to … seconds",
    least: 2,
    most: 300,
  },
  {
    path: "stream_lost_after",
    words: (seconds) => `A connection that fails for up to ${seconds} seconds`,
    label: "A connection that fails for up to … seconds",
    least: 6,
    most: 300,
  },
];

export interface Choice {
  /** Ids of the switches that are on. */
  on: ReadonlySet<string>;
  /** Seconds by path. */
  times: Readonly<Record<string, number>>;
  /** Settings that have no words here, by path: given over the API, and kept. */
  rest: Readonly<Record<string, unknown>>;
}

export const NONE: Choice = { on: new Set(), times: {}, rest: {} };

export function chosen(overrides: Overrides = {}): Choice {
  const rest = flat(overrides);
  const on = new Set<string>();
  for (const { id, sets } of SWITCHES) {
    if (!Object.entries(sets).every(([path, value]) => rest.get(path) === value)) continue;
    on.add(id);
    for (const path of Object.keys(sets)) rest.delete(path);
  }
  const times: Record<string, number> = {};
  for (const { path } of TIMES) {
    const seconds = rest.get(path);
    if (typeof seconds !== "number") continue;
    times[path] = seconds;
    rest.delete(path);
  }
  return { on, times, rest: Object.fromEntries(rest) };
}

export function overridesOf({ on, times, rest }: Choice): Overrides {
  const sets = SWITCHES.filter(({ id }) => on.has(id)).flatMap((each) => Object.entries(each.sets));
  const overrides: Record<string, unknown> = {};
  for (const [path, value] of [...Object.entries(rest), ...sets, ...Object.entries(times)]) {
    const [kind = path, field] = path.split(".");
    overrides[kind] = field === undefined ? value : { ...(overrides[kind] as object | undefined), [field]: value };
  }
  return overrides;
}

/** To stand after a colon; empty when there are none. */
export function inWords({ on, times, rest }: Choice): string {
  const words = [
    ...SWITCHES.filter(({ id }) => on.has(id)).map(({ words }) => words),
    ...TIMES.flatMap(({ path, words }) => (times[path] === undefined ? [] : [words(times[path])])),
    ...Object.entries(rest).map(([path, value]) => `${path} ${String(value)}`),
  ];
  return words.map((each) => each.charAt(0).toLowerCase() + each.slice(1)).join("; ");
}

function flat(overrides: Overrides): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(overrides)) {
    if (typeof value === "object" && value !== null) {
      for (const [field, each] of Object.entries(value)) found.set(`${name}.${field}`, each);
    } else found.set(name, value);
  }
  return found;
}
