/** What is noted about the candidate, from the server and kept up to date by the line. */

import { useEffect, useState } from "react";
import type { HeldList as HeldAnswer, Proctoring, Warning, WarningCleared } from "../../sdk";
import { all, type Undo } from "../../sdk/emitter";
import { retryDelay } from "../shared/backoff";
import { call } from "../shared/api";
import { type HeldList, withCleared, withLoaded, withWarning } from "./held";

/** A verdict is not told over the line: it is looked for so often. */
const LOOK_EVERY_MS = 60_000;

export interface HeldState {
  list: HeldList;
  /** The server's list has come, at least once. */
  loaded: boolean;
}

interface Changes {
  warning(warning: Warning): void;
  cleared(cleared: WarningCleared): void;
}

/** `reached` changes whenever the line is there again. */
export function useHeld(token: string, reached: number): HeldState & Changes {
  const [state, setState] = useState<HeldState>({ list: [], loaded: false });
  const [changes] = useState<Changes>(() => ({
    warning: (warning) => setState((before) => ({ ...before, list: withWarning(before.list, warning) })),
    cleared: (cleared) => setState((before) => ({ ...before, list: withCleared(before.list, cleared) })),
  }));

  useEffect(() => {
    let current = true;
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      const answer = await call<HeldAnswer>("/api/held", { token }).catch(() => undefined);
      if (!current) return;
      if (answer) setState((before) => ({ list: withLoaded(before.list, answer.held), loaded: true }));
      failures = answer ? 0 : failures + 1;
      timer = setTimeout(() => void load(), answer ? LOOK_EVERY_MS : retryDelay(failures));
    };
    void load();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [token, reached]);

  return { ...state, ...changes };
}

/** Tell a list of everything that the line says of warnings. */
export function followWarnings(proctoring: Proctoring, { warning, cleared }: Changes): Undo {
  return all(proctoring.on("warning", warning), proctoring.on("warning_cleared", cleared));
}
