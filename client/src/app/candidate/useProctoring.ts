/** The SDK as React state, for as long as the exam room is open. */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import {
  type ChangingCamera, type HeldList, type LinkState, type Message, type Proctoring, type ProctoringState, startProctoring, type VideoSource,
} from "../../sdk";
import { call } from "../shared/api";
import type { Problem } from "../shared/ProblemPage";
import { CONSENT_VERSION } from "./lookedFor";
import { HeldFeed, type HeldState } from "./heldFeed";
import { type CandidateSession, rememberConsentTold } from "./session";
import { useMessages } from "./useMessages";

/** Connected, and yet no picture was taken for so long: that is not being proctored. */
const SILENCE_MS = 6000;

export interface Exam {
  state: ProctoringState;
  /** Pictures do reach the server. */
  arriving: boolean;
  /** It was connected before. */
  wasConnected: boolean;
  held: HeldState;
  messages: readonly Message[];
  dismiss(messageId: string): void;
  /** The candidate is done, and the server does not know yet. */
  finishing: boolean;
  finish(): Promise<void>;
}

/** Must stay the same from one drawing to the next. */
export interface Endings {
  /** It is over in this tab, for good. */
  leave(problem: Problem, detail?: string): void;
  /** It goes on in another window. */
  moved(): void;
  /** No more pictures are wanted. */
  finishing(): void;
}

export function useProctoring(session: CandidateSession, source: VideoSource | ChangingCamera | undefined, endings: Endings): Exam {
  const proctoring = useRef<Proctoring>(undefined);
  const [state, setState] = useState<ProctoringState>({ link: "connecting", camera: "live" });
  const [wasConnected, setWasConnected] = useState(false);
  const [finishing, setFinishing] = useState(false);
  const { token } = session;
  const [feed] = useState(() => new HeldFeed(() => call<HeldList>("/api/held", { token })));
  const held = useSyncExternalStore(feed.subscribe, feed.getState);
  const { messages, hear, dismiss } = useMessages();
  const [consentedAt] = useState(session.consentTold ? undefined : session.consentedAt);

  useEffect(() => feed.open(), [feed]);

  useEffect(() => {
    if (!source) return;
    if (proctoring.current) {
      proctoring.current.use(source);
      return;
    }
    const consent = consentedAt ? { textVersion: CONSENT_VERSION, at: new Date(consentedAt) } : undefined;
    const started = startProctoring({ url: window.location.origin, token, source, ...(consent ? { consent } : {}) });
    proctoring.current = started;
    let link = started.state.link;
    started.on("state", (next) => {
      setState(next);
      if (isReached(next.link)) setWasConnected(true);
      if (isReached(next.link) && !isReached(link)) void feed.look();
      link = next.link;
    });
    feed.follow(started);
    started.on("consent_told", rememberConsentTold);
    started.on("message", hear);
    started.on("ended", ({ reason, code }) => (code === "replaced" ? endings.moved() : endings.leave("exam_ended", reason)));
    started.on("fatal", ({ text }) => endings.leave("bad_link", text));
  }, [source, token, consentedAt, endings, feed, hear]);

  useEffect(
    () => () => {
      proctoring.current?.stop();
      proctoring.current = undefined;
    },
    [],
  );

  const arriving = useArriving(proctoring);
  const finish = useCallback(async () => {
    const started = proctoring.current;
    if (!started) throw new Error("Your exam has not begun: your camera gives no picture yet.");
    setFinishing(true);
    endings.finishing();
    // Over otherwise before that: an event has told how, and its page is shown.
    await started.finish().then(() => endings.leave("finished"), () => undefined);
  }, [endings]);
  return { state, arriving, wasConnected, held, messages, dismiss, finishing, finish };
}

function isReached(link: LinkState): boolean {
  return link === "connected" || link === "http";
}

/** Whether the server took a picture within the last seconds. */
function useArriving(proctoring: React.RefObject<Proctoring | undefined>): boolean {
  const [arriving, setArriving] = useState(true);
  useEffect(() => {
    let taken = 0;
    let lastAt = Date.now();
    const timer = setInterval(() => {
      const now = proctoring.current?.stats.acknowledged ?? 0;
      if (now !== taken) {
        taken = now;
        lastAt = Date.now();
      }
      setArriving(Date.now() - lastAt < SILENCE_MS);
    }, 1000);
    return () => clearInterval(timer);
  }, [proctoring]);
  return arriving;
}
