import { Alert, Button, Stack, Text } from "@mantine/core";
import type { CameraProblem } from "./useCamera";

const HELP: Record<CameraProblem, { title: string; text: string }> = {
  denied: {
    title: "The browser was not allowed to use your camera",
    text: "Click the camera or lock symbol beside the address, set the camera to “Allow”, then try again. On a Mac or in Windows, also look in the system's privacy settings.",
  },
  none: {
    title: "No camera was found",
    text: "Plug one in, or open the cover and switch on the one that is built in, then try again.",
  },
  busy: {
    title: "Another program is using your camera",
    text: "Close video calls and camera programs, then try again.",
  },
  insecure: {
    title: "The browser gives no camera to this address",
    text: "The page must be opened over https. Tell whoever sent you the link.",
  },
  other: {
    title: "The camera could not be started",
    text: "Unplug it and plug it in again, or restart the browser, then try again.",
  },
};

/** What went wrong with the camera, and what to do. */
export function CameraHelp({ problem, onRetry }: { problem: CameraProblem; onRetry: () => void }) {
  const { title, text } = HELP[problem];
  return (
    <Alert color="danger" title={title} role="alert" data-testid="camera-problem" data-problem={problem}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{text}</Text>
        <Button size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}
