import { useCallback, useEffect, useMemo, useState } from "react";
import { useRoom } from "../room/useRoom";
import type { Joining } from "../shared/joining";
import { type Problem, ProblemPage } from "../shared/ProblemPage";
import { CameraCheck } from "./CameraCheck";
import { Consent } from "./Consent";
import { Elsewhere } from "./Elsewhere";
import { ExamRoom } from "./ExamRoom";
import { JoinForm } from "./JoinForm";
import { type CandidateSession, candidateSession, dismissedSession, forgetSession, sessionFromAddress, sessionOfMeeting } from "./session";
import { useCamera } from "./useCamera";

interface CandidatePageProps {
  /** Given when the candidate came by the link that all share. */
  joining?: Joining;
}

interface Outcome {
  problem: Problem;
  detail?: string;
}

/** Name, consent, camera, exam: one step after the other, and after a reload straight to where the candidate was. */
export default function CandidatePage({ joining }: CandidatePageProps) {
  const [session, setSession] = useState(() => (joining ? sessionOfMeeting(joining.meetingId) : sessionFromAddress()));
  const [outcome, setOutcome] = useState<Outcome>();
  const [elsewhere, setElsewhere] = useState(false);

  useEffect(() => {
    if (session) candidateSession.write(session);
  }, [session]);

  const leave = useCallback((problem: Problem, detail?: string) => {
    forgetSession();
    setSession(undefined);
    setOutcome(detail === undefined ? { problem } : { problem, detail });
    leaveFullscreen();
  }, []);
  const moved = useCallback(() => {
    setElsewhere(true);
    leaveFullscreen();
  }, []);
  const goOn = () => {
    setSession(candidateSession.read());
    setElsewhere(false);
  };

  if (outcome) return <ProblemPage {...outcome} />;
  if (elsewhere) return <Elsewhere onContinue={goOn} />;
  if (session) return <Steps session={session} onSession={setSession} onLeave={leave} onMoved={moved} />;
  if (!joining) return <ProblemPage problem="bad_link" />;
  const join = (joined: CandidateSession) => {
    dismissedSession.clear();
    window.history.replaceState(null, "", "/exam");
    setSession(joined);
  };
  return <JoinForm {...joining} onJoined={join} onRefused={leave} />;
}

interface StepsProps {
  session: CandidateSession;
  onSession(session: CandidateSession): void;
  onLeave(problem: Problem, detail?: string): void;
  onMoved(): void;
}

function Steps({ session, onSession, onLeave, onMoved }: StepsProps) {
  const consented = session.consentedAt !== undefined;
  const [finishing, setFinishing] = useState(false);
  const camera = useCamera(consented && !finishing);
  const room = useRoom(session.token, "exam", consented && session.started === true && !finishing);
  const endings = useMemo(() => ({ leave: onLeave, moved: onMoved, finishing: () => setFinishing(true) }), [onLeave, onMoved]);

  if (!consented) {
    return (
      <Consent
        token={session.token}
        name={session.name}
        onAccept={() => onSession({ ...session, consentedAt: new Date().toISOString() })}
      />
    );
  }
  if (!session.started) return <CameraCheck camera={camera} onStart={() => onSession({ ...session, started: true })} />;
  return <ExamRoom session={session} camera={camera} room={room} endings={endings} />;
}

function leaveFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
}
