import { useEffect, useState } from "react";
import type { ErrorDetail } from "../../sdk";
import { BesideRoom } from "../room/BesideRoom";
import { ProblemPage } from "../shared/ProblemPage";
import { tabSession, takeTokenFromAddress } from "../shared/session";
import { Console } from "./Console";
import { LineProvider } from "./context";
import { Line } from "./line";

const session = tabSession<string>("proctor");

/** The live view of one meeting. */
export default function ProctorPage() {
  const [token] = useState(() => takeTokenFromAddress() ?? session.read());
  if (!token) return <ProblemPage problem="bad_link" />;
  return <Connected token={token} />;
}

function Connected({ token }: { token: string }) {
  const [line] = useState(() => new Line(token));
  const [refusal, setRefusal] = useState<ErrorDetail>();

  useEffect(() => session.write(token), [token]);
  useEffect(() => line.on("refused", setRefusal), [line]);
  useEffect(() => line.open(), [line]);

  if (refusal) return <ProblemPage problem={refusal.code === "ended" ? "meeting_ended" : "bad_link"} detail={refusal.text} />;
  return (
    <LineProvider value={line}>
      <BesideRoom token={token}>
        <Console />
      </BesideRoom>
    </LineProvider>
  );
}
