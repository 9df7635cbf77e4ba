import { Button, Card, Group, Select, Stack, Text, Title } from "@mantine/core";
import { Page } from "../shared/Page";
import { CameraHelp } from "./CameraHelp";
import { CameraView } from "./CameraView";
import type { Camera } from "./useCamera";
import { type Light, useLight } from "./useLight";

const HINTS: Record<Light, string> = {
  waiting: "Waiting for your camera. Your browser may ask for permission.",
  dark: "The picture is very dark. Turn on a light in front of you, or open the camera's cover.",
  glaring: "The picture is very bright. Turn away from the window or lamp behind you.",
  good: "Your camera works. Sit so that your whole face is in the picture, and nobody else's.",
};

export function CameraCheck({ camera, onStart }: { camera: Camera; onStart: () => void }) {
  const light = useLight(camera.track);
  return (
    <Page title="Check your camera" width={640}>
      <Card>
        <Stack>
          <Stack gap={4}>
            <Title order={1}>Check your camera</Title>
            <Text c="dimmed">Only you see this. Nothing is sent until you start.</Text>
          </Stack>
          {camera.problem ? <CameraHelp problem={camera.problem} onRetry={camera.retry} /> : <CameraView track={camera.track} label="Your camera" />}
          {camera.problem ? null : (
            <Text role="status" mih="3em" data-testid="camera-hint" data-light={light}>
              {HINTS[light]}
            </Text>
          )}
          <Group justify="space-between" align="flex-end">
            <CameraPicker camera={camera} />
            <Button disabled={!camera.track} onClick={onStart} data-testid="camera-start">
              Start the exam
            </Button>
          </Group>
        </Stack>
      </Card>
    </Page>
  );
}

export function CameraPicker({ camera }: { camera: Camera }) {
  const devices = camera.devices.map(({ deviceId, label }, index) => ({ value: deviceId, label: label || `Camera ${index + 1}` }));
  return (
    <Select
      label="Camera"
      data={devices}
      value={camera.deviceId ?? null}
      onChange={(deviceId) => deviceId && camera.choose(deviceId)}
      disabled={devices.length < 2}
      placeholder="None yet"
      allowDeselect={false}
      flex="1 1 14rem"
      maw={320}
    />
  );
}
