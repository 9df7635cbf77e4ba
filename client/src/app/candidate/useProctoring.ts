/** The SDK as React state, for as long as the exam room is open. */

import { useCallback, useEffect, useRef, useState } from "react";
import { type Message, type Proctoring, type ProctoringState, startProctoring } from "../../sdk";
import type { Problem } from "../shared/ProblemPage";
import { CONSENT_VERSION } from "./Consent";
import { type CandidateSession, type HeldWarning, heldSession, rememberConsentTold } from "./session";

/** Connected, and yet no picture was taken for so long: that is not being proctored. */
const SILENCE_MS = 6000;

export interface Exam {
  state: ProctoringState;
  /** Pictures do reach the server. */
  arriving: boolean;
  /** It was connected before. */
  wasConnected: boolean;
  warnings: HeldWarning[];
  messages: Message[];
  dismiss(messageId: string): void;
  finish(): Promise<void>;
}

type Leave = (problem: Problem, detail?: string) => void;

export function useProctoring(session: CandidateSession, track: MediaStreamTrack | undefined, onLeave: Leave): Exam {
  const proctoring = useRef<Proctoring>(undefined);
  const [state, setState] = useState<ProctoringState>({ link: "connecting", camera: "live" });
  const [wasConnected, setWasConnected] = useState(false);
  const [warnings, setWarnings] = useState<HeldWarning[]>(() => heldSession.read() ?? []);
  const [messages, setMessages] = useState<Message[]>([]);
  const { token } = session;
  const [consentedAt] = useState(session.consentTold ? undefined : session.consentedAt);

  useEffect(() => heldSession.write(warnings), [warnings]);

  useEffect(() => {
    if (!track) return;
    if (proctoring.current) {
      proctoring.current.use(track);
      return;
    }
    const consent = consentedAt ? { textVersion: CONSENT_VERSION, at: new Date(consentedAt) } : undefined;
    const started = startProctoring({ url: window.location.origin, token, source: track, ...(consent ? { consent } : {}) });
    proctoring.current = started;
    started.on("state", (next) => {
      setState(next);
      if (next.link === "connected" || next.link === "http") setWasConnected(true);
    });
    started.on("warning", ({ incident_id, text, opened_at }) =>
      setWarnings((before) => [{ id: incident_id, text, openedAt: opened_at }, ...before.filter(({ id }) => id !== incident_id)]),
    );
    started.on("warning_cleared", ({ incident_id, at }) =>
      setWarnings((before) => before.map((held) => (held.id === incident_id ? { ...held, clearedAt: at } : held))),
    );
    started.on("message", (message) => setMessages((before) => [message, ...before]));
    started.on("ended", ({ reason }) => onLeave("exam_ended", reason));
    started.on("fatal", ({ text }) => onLeave("bad_link", text));
  }, [track, token, consentedAt, onLeave]);

  useEffect(
    () => () => {
      proctoring.current?.stop();
      proctoring.current = undefined;
    },
    [],
  );

  const arriving = useArriving(proctoring);
  const finish = useCallback(async () => {
    await proctoring.current?.finish();
    onLeave("finished");
  }, [onLeave]);
  const dismiss = useCallback((messageId: string) => setMessages((before) => before.filter(({ id }) => id !== messageId)), []);
  return { state, arriving, wasConnected, warnings, messages, dismiss, finish };
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
        // The agreement goes out before the first picture, over the same socket.
        if (proctoring.current?.state.link === "connected") rememberConsentTold();
      }
      setArriving(Date.now() - lastAt < SILENCE_MS);
    }, 1000);
    return () => clearInterval(timer);
  }, [proctoring]);
  return arriving;
}
