/** The words of the candidate's line: its states, its events and its times. */

import type { ErrorDetail, Ended, FrameMessage, Message, Pace, Warning, WarningCleared } from "./protocol";

/**
 * `connecting`: not yet, or for a moment not. `connected`: over the socket. `http`: the slower way works.
 * `offline`: nothing gets through; it goes on trying. `closed`: over, for good.
 */
export type LinkState = "connecting" | "connected" | "http" | "offline" | "closed";

export interface ConnectionEvents {
  state: LinkState;
  pace: Required<Pace>;
  warning: Warning;
  warning_cleared: WarningCleared;
  /** Each once, however often the server tells it. */
  message: Message;
  /** The exam is over for this candidate; or, with the code `replaced`, for this window only. */
  ended: Ended;
  /** The server refused for good; trying again with this token cannot help. */
  fatal: ErrorDetail;
}

export interface ServerEvents {
  warning(warning: Warning): void;
  warning_cleared(cleared: WarningCleared): void;
  pace(pace: Pace): void;
  message(message: Message): void;
  ended(ended: Ended): void;
}

export interface ClientEvents {
  frame(frame: FrameMessage, ack: (answer: unknown) => void): void;
  activity(activity: object, ack: (answer: unknown) => void): void;
  shown(shown: object, ack: (answer: unknown) => void): void;
}

/** Milliseconds. */
export interface Timing {
  answerWithin: number;
  /** Without a socket for so long, frames and activities go over HTTP. */
  fallbackAfter: number;
  /** Between two frames over HTTP. */
  httpInterval: number;
  /** After a reconnect, by when the server has told again which warnings are open. */
  sweepAfter: number;
  /** Before asking again after the server itself ended the connection; doubles up to ten times this. */
  retryAfter: number;
}

export const TIMING: Timing = { answerWithin: 5000, fallbackAfter: 5000, httpInterval: 1000, sweepAfter: 1500, retryAfter: 1000 };
