import { IconInfoCircle, IconPlugConnectedX } from "@tabler/icons-react";
import classes from "./Console.module.css";
import { useConsole, useLineState } from "./context";

const MEETING_ENDED = "This meeting has ended. Nobody is being watched; you can go on reviewing.";

/** Says what stands between the proctor and a full live view. */
export function LineBar() {
  const lineState = useLineState();
  const { meeting, notice } = useConsole();
  if (lineState === "lost") {
    return (
      <div className={classes.bar} role="alert" data-tone="bad" data-testid="line-lost">
        <IconPlugConnectedX size={18} aria-hidden />
        Connection lost. What you see is not live; we are reconnecting.
      </div>
    );
  }
  const words = meeting?.state === "ended" ? MEETING_ENDED : notice;
  if (!words) return null;
  return (
    <div className={classes.bar} role="status" data-testid={meeting?.state === "ended" ? "meeting-ended" : "detector-notice"}>
      <IconInfoCircle size={18} aria-hidden />
      {words}
    </div>
  );
}
