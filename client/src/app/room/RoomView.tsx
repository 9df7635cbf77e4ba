import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./RoomView.module.css";
import type { OpenRoom, Room } from "./useRoom";

interface RoomViewProps {
  room: Room;
  /** What to say beside the reason why there is no video. */
  meanwhile: string;
}

/** The service's own interface in a frame of ours; nothing where the exam has no video meeting. */
export function RoomView({ room, meanwhile }: RoomViewProps) {
  if (room.state === "asking" || room.state === "none") return null;
  if (room.state === "open") return <Kit {...room.room} />;
  if (room.state === "opening") {
    return (
      <Group className={classes.frame} justify="center" role="status" data-testid="room-opening">
        <Loader size="sm" />
        <Text>Opening the video meeting</Text>
      </Group>
    );
  }
  return (
    <Alert color="orange" title="The video meeting is not available" role="alert" data-testid="room-away">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">
          {room.text} {meanwhile}
        </Text>
        <Button variant="default" size="xs" onClick={room.retry} data-testid="room-retry">
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}

/** The kits are elements of the browser's own kind: React need not know more of them than where they stand. */
function Kit({ element, meeting }: OpenRoom) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const kit = Object.assign(document.createElement(element), { mode: "fill", showSetupScreen: true, meeting });
    frame.current?.append(kit);
    return () => kit.remove();
  }, [element, meeting]);
  return <div ref={frame} className={classes.frame} data-testid="room" />;
}
