import { createContext, useContext, useSyncExternalStore } from "react";
import type { Line, LineState } from "./line";
import type { ConsoleState } from "./state";

const LineContext = createContext<Line | undefined>(undefined);

export const LineProvider = LineContext.Provider;

export function useLine(): Line {
  const line = useContext(LineContext);
  if (!line) throw new Error("outside of the console");
  return line;
}

export function useConsole(): ConsoleState {
  const line = useLine();
  return useSyncExternalStore(line.subscribe, line.getState);
}

export function useLineState(): LineState {
  const line = useLine();
  return useSyncExternalStore(line.subscribe, line.getLineState);
}
