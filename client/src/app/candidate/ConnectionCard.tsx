import { Card, Group, Text } from "@mantine/core";
import { IconCircleCheck, IconLoader, IconPlugConnectedX } from "@tabler/icons-react";
import type { Exam } from "./useProctoring";

type Standing = "proctored" | "slow" | "connecting" | "not_proctored" | "camera_lost" | "silent";

const WORDS: Record<Standing, { title: string; text: string }> = {
  proctored: { title: "Connected", text: "Your exam is being proctored. Keep this page open and in view until you finish." },
  slow: { title: "Connected, slowly", text: "Your exam is being proctored. Your network allows fewer pictures than usual; you need do nothing." },
  connecting: { title: "Connecting", text: "This takes a moment." },
  not_proctored: {
    title: "You are not connected",
    text: "Your exam is not being proctored; we are reconnecting. Check your network, and stay on this page.",
  },
  camera_lost: {
    title: "Your camera has stopped",
    text: "Your exam is not being proctored. Plug the camera in again, or choose another one.",
  },
  silent: {
    title: "Your pictures are not arriving",
    text: "Your exam is not being proctored. Check your camera and network; if this lasts, reload this page.",
  },
};

/** Loud whenever nobody is watching; of one height, so that nothing below it jumps. */
export function ConnectionCard({ exam, cameraMissing }: { exam: Exam; cameraMissing: boolean }) {
  const standing = standingOf(exam, cameraMissing);
  const { title, text } = WORDS[standing];
  const good = standing === "proctored" || standing === "slow";
  const Icon = good ? IconCircleCheck : standing === "connecting" ? IconLoader : IconPlugConnectedX;
  const color = good ? "teal" : standing === "connecting" ? "gray" : "danger";
  return (
    <Card
      mih={92}
      padding="md"
      role={good ? "status" : "alert"}
      bg={good || standing === "connecting" ? undefined : "var(--mantine-color-danger-light)"}
      style={{ borderColor: good ? undefined : `var(--mantine-color-${color}-outline)` }}
      data-testid="connection-state"
      data-state={standing}
    >
      <Group align="flex-start" wrap="nowrap" gap="md">
        <Icon size={26} stroke={1.8} color={`var(--mantine-color-${color}-outline)`} aria-hidden style={{ flex: "none" }} />
        <div>
          <Text fw={650}>{title}</Text>
          <Text size="sm">{text}</Text>
        </div>
      </Group>
    </Card>
  );
}

function standingOf({ state, arriving, wasConnected }: Exam, cameraMissing: boolean): Standing {
  if (state.link === "offline" || (state.link === "connecting" && wasConnected)) return "not_proctored";
  if (state.camera === "lost" || cameraMissing) return "camera_lost";
  if (state.link === "connecting") return "connecting";
  if (!arriving) return "silent";
  return state.link === "http" ? "slow" : "proctored";
}
