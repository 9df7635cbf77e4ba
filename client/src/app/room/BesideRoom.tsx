import { Box } from "@mantine/core";
import type { ReactNode } from "react";
import { RoomView } from "./RoomView";
import classes from "./RoomView.module.css";
import { useRoom } from "./useRoom";

/** The proctors' video meeting with the console beside it; the console alone where there is none. */
export function BesideRoom({ token, children }: { token: string; children: ReactNode }) {
  const room = useRoom(token, "proctor", true);
  const meanwhile = "The candidates are proctored all the same.";
  if (room.state === "asking" || room.state === "none") return children;
  return (
    <Box className={classes.split}>
      <Box p={room.state === "away" ? "md" : 0} miw={0}>
        <RoomView room={room} meanwhile={meanwhile} />
      </Box>
      {children}
    </Box>
  );
}
