import { Badge } from "@mantine/core";
import { IconPointFilled, IconRosetteDiscountCheck } from "@tabler/icons-react";
import type { Recording } from "../../sdk";

/** Whether a recording still grows, or is closed and signed. */
export function StateBadge({ recording }: { recording: Recording }) {
  const live = recording.state === "open";
  return (
    <Badge
      variant="light"
      color={live ? "harbor" : "gray"}
      tt="none"
      flex="none"
      leftSection={live ? <IconPointFilled size={12} aria-hidden /> : <IconRosetteDiscountCheck size={12} aria-hidden />}
      data-testid="recording-state"
    >
      {live ? "Live" : "Signed"}
    </Badge>
  );
}
