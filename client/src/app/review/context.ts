import { createContext, useContext, useSyncExternalStore } from "react";
import type { Archive } from "./archive";
import type { Feed } from "./feed";
import type { Frames } from "./frames";
import type { Player, PlayerState } from "./player";

export interface Desk {
  archive: Archive;
  feed: Feed;
  frames: Frames;
  player: Player;
}

const DeskContext = createContext<Desk | undefined>(undefined);

export const DeskProvider = DeskContext.Provider;

/** What the parts of the player share. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("outside of the player");
  return desk;
}

export function usePlayer(): PlayerState {
  const { player } = useDesk();
  return useSyncExternalStore(player.subscribe, player.getState);
}

/** One word of the player's, so that what shows only that is not drawn with every frame. */
export function usePlayerValue<Value>(read: (state: PlayerState) => Value): Value {
  const { player } = useDesk();
  return useSyncExternalStore(player.subscribe, () => read(player.getState()));
}
