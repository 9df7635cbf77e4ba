import { useEffect, useMemo, useState } from "react";
import { ProblemPage } from "../shared/ProblemPage";
import { claimsOf, tabSession, takeTokenFromAddress } from "../shared/session";
import { Archive } from "./archive";
import { RecordingsPage } from "./RecordingsPage";
import { useAddress } from "./useAddress";
import { Watch } from "./Watch";

const session = tabSession<string>("review");
const PATH = /^\/review\/([\da-f-]{36})\/?$/i;

/** The recordings of one meeting: a reviewer's or proctor's token says which, an operator's address does. */
export default function ReviewPage() {
  const [token] = useState(() => takeTokenFromAddress() ?? session.read());
  const meetingId = PATH.exec(window.location.pathname)?.[1] ?? (token ? claimsOf(token)?.meeting_id : undefined);
  useEffect(() => {
    if (token) session.write(token);
  }, [token]);
  if (!token || !meetingId) return <ProblemPage problem="bad_link" />;
  return <Review meetingId={meetingId} token={token} />;
}

function Review({ meetingId, token }: { meetingId: string; token: string }) {
  const archive = useMemo(() => new Archive(meetingId, token), [meetingId, token]);
  const [recordingId, go] = useAddress();
  const [attempt, setAttempt] = useState(0);
  if (recordingId) return <Watch key={recordingId} archive={archive} recordingId={recordingId} onGo={go} />;
  return <RecordingsPage key={attempt} archive={archive} onOpen={go} onRetry={() => setAttempt(attempt + 1)} />;
}
