/** The video meeting at Dyte or RealtimeKit, where there is one, as React state. */

import { useCallback, useEffect, useState } from "react";
import { codeOf, textOf } from "../shared/api";
import { retryDelay } from "../shared/backoff";
import type { VideoMeeting } from "../../sdk";
import { addressOf, type Seat, seatOf } from "./seat";

export interface OpenRoom {
  meeting: VideoMeeting;
  /** The name of the element that shows it. */
  element: string;
}

export type RoomState =
  /** Not known yet. */
  | { state: "asking" }
  /** The exam has no video meeting. */
  | { state: "none" }
  /** It cannot be had now; why, in words for people. */
  | { state: "away"; text: string }
  | { state: "opening" }
  | { state: "open"; room: OpenRoom };

export type Room = RoomState & {
  /** Ask for a fresh seat. */
  retry(): void;
};

const KITS = { realtimekit: () => import("./realtimekit"), dyte: () => import("./dyte") };
const NOT_OPENED = "The video meeting could not be opened. The service that holds it may be away, or your network does not let it through.";

/** Find out whose meeting it is, move to its page, and open it once it is `wanted`. */
export function useRoom(token: string, page: "exam" | "proctor", wanted: boolean): Room {
  const [state, setState] = useState<RoomState>({ state: "asking" });
  const [attempt, setAttempt] = useState({ count: 0, fresh: false });
  const retry = useCallback(() => setAttempt(({ count }) => ({ count: count + 1, fresh: true })), []);

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let opened: Promise<OpenRoom> | undefined;
    const tell = (next: RoomState) => current && setState(next);

    const enter = (seat: Seat | undefined) => {
      if (!current) return;
      if (!seat) tell({ state: "none" });
      else if (window.location.pathname !== addressOf(page, seat)) window.location.replace(addressOf(page, seat));
      else if (wanted) {
        tell({ state: "opening" });
        opened = open(seat);
        opened.then((room) => tell({ state: "open", room }), () => tell({ state: "away", text: NOT_OPENED }));
      }
    };
    const refused = (error: unknown) => {
      if (!current) return;
      // Not the video's trouble but ours, which the page tells of already.
      if (codeOf(error) === "unreachable") timer = setTimeout(() => setAttempt(({ count, fresh }) => ({ count: count + 1, fresh })), retryDelay(1));
      else tell({ state: "away", text: textOf(error) });
    };
    seatOf(token, attempt.fresh).then(enter, refused);
    return () => {
      current = false;
      clearTimeout(timer);
      void opened?.then(leave, () => undefined);
    };
  }, [token, page, wanted, attempt]);
  return { ...state, retry };
}

async function open({ provider, token }: Seat): Promise<OpenRoom> {
  const kit = await KITS[provider]();
  return { meeting: await kit.open(token), element: kit.element };
}

/** Both services call it so; nobody is left behind in the meeting whose page has gone. */
async function leave({ meeting }: OpenRoom): Promise<void> {
  await (meeting as VideoMeeting & { leave(): Promise<unknown> }).leave().catch(() => undefined);
}
