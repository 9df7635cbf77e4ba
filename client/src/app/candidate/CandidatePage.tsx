import { useCallback, useEffect, useState } from "react";
import { type Problem, ProblemPage } from "../shared/ProblemPage";
import { CameraCheck } from "./CameraCheck";
import { Consent } from "./Consent";
import { ExamRoom } from "./ExamRoom";
import { JoinForm } from "./JoinForm";
import { type CandidateSession, candidateSession, forgetSession, heldSession, sessionFromAddress, sessionOfMeeting } from "./session";
import { useCamera } from "./useCamera";

interface CandidatePageProps {
  /** Given when the candidate came by the link that all share. */
  joining?: { meetingId: string; code: string };
}

interface Outcome {
  problem: Problem;
  detail?: string;
}

/** Name, consent, camera, exam: one step after the other, and after a reload straight to where the candidate was. */
export default function CandidatePage({ joining }: CandidatePageProps) {
  const [session, setSession] = useState(() => (joining ? sessionOfMeeting(joining.meetingId) : sessionFromAddress()));
  const [outcome, setOutcome] = useState<Outcome>();

  useEffect(() => {
    if (session) candidateSession.write(session);
  }, [session]);

  const leave = useCallback((problem: Problem, detail?: string) => {
    forgetSession();
    setSession(undefined);
    setOutcome(detail === undefined ? { problem } : { problem, detail });
    if (document.fullscreenElement) void document.exitFullscreen();
  }, []);

  if (outcome) return <ProblemPage {...outcome} />;
  if (session) return <Steps session={session} onSession={setSession} onLeave={leave} />;
  if (!joining) return <ProblemPage problem="bad_link" />;
  const join = (joined: CandidateSession) => {
    heldSession.clear();
    window.history.replaceState(null, "", "/exam");
    setSession(joined);
  };
  return <JoinForm {...joining} onJoined={join} onRefused={leave} />;
}

interface StepsProps {
  session: CandidateSession;
  onSession(session: CandidateSession): void;
  onLeave(problem: Problem, detail?: string): void;
}

function Steps({ session, onSession, onLeave }: StepsProps) {
  const consented = session.consentedAt !== undefined;
  const camera = useCamera(consented);

  if (!consented) {
    return <Consent name={session.name} onAccept={() => onSession({ ...session, consentedAt: new Date().toISOString() })} />;
  }
  if (!session.started) return <CameraCheck camera={camera} onStart={() => onSession({ ...session, started: true })} />;
  return <ExamRoom session={session} camera={camera} onLeave={onLeave} />;
}
