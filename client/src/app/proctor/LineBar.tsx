import { IconInfoCircle, IconPlugConnectedX } from "@tabler/icons-react";
import classes from "./Console.module.css";
import { useConsole, useLineState } from "./context";
import { videoWords } from "./video";

const MEETING_ENDED = "This meeting has ended. Nobody is being watched; you can go on reviewing.";

/** Says what stands between the proctor and a full live view. */
export function LineBar() {
  const lineState = useLineState();
  const { meeting, notice, room } = useConsole();
  if (lineState === "lost") {
    return (
      <div className={classes.bar} role="alert" data-tone="bad" data-testid="line-lost">
        <IconPlugConnectedX size={18} aria-hidden />
        Connection lost. What you see is not live; we are reconnecting.
      </div>
    );
  }
  if (meeting?.state === "ended") return <Notice words={MEETING_ENDED} testId="meeting-ended" />;
  return (
    <>
      <Notice words={notice} testId="detector-notice" />
      <Notice words={videoWords(room)} testId="video-notice" />
    </>
  );
}

function Notice({ words, testId }: { words: string | undefined; testId: string }) {
  if (!words) return null;
  return (
    <div className={classes.bar} role="status" data-testid={testId}>
      <IconInfoCircle size={18} aria-hidden />
      {words}
    </div>
  );
}
