import { IconInfoCircle, IconPlugConnectedX } from "@tabler/icons-react";
import classes from "./Console.module.css";
import { useConsole, useLineState } from "./context";

/** Says that what is on screen is not live. */
export function LineBar() {
  const lineState = useLineState();
  const { meeting } = useConsole();
  if (lineState === "lost") {
    return (
      <div className={classes.bar} role="alert" data-tone="bad" data-testid="line-lost">
        <IconPlugConnectedX size={18} aria-hidden />
        Connection lost. What you see is not live; we are reconnecting.
      </div>
    );
  }
  if (meeting?.state !== "ended") return null;
  return (
    <div className={classes.bar} role="status" data-testid="meeting-ended">
      <IconInfoCircle size={18} aria-hidden />
      This meeting has ended. Nobody is being watched; you can go on reviewing.
    </div>
  );
}
