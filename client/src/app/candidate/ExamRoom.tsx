import { Button, Card, Grid, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure, useFullscreenDocument } from "@mantine/hooks";
import { IconMaximize, IconMinimize } from "@tabler/icons-react";
import { RoomView } from "../room/RoomView";
import type { Room } from "../room/useRoom";
import { useRoomCamera } from "../room/useRoomCamera";
import { Confirm } from "../shared/Confirm";
import { Page } from "../shared/Page";
import { CameraPicker } from "./CameraCheck";
import { CameraHelp } from "./CameraHelp";
import { CameraView } from "./CameraView";
import { ConnectionCard } from "./ConnectionCard";
import { Held } from "./Held";
import { Messages } from "./Messages";
import { Telling } from "./Telling";
import type { CandidateSession } from "./session";
import type { Camera } from "./useCamera";
import { type Endings, useProctoring } from "./useProctoring";

interface ExamRoomProps {
  session: CandidateSession;
  camera: Camera;
  room: Room;
  endings: Endings;
}

export function ExamRoom({ session, camera, room, endings }: ExamRoomProps) {
  const source = useRoomCamera(room.state === "open" ? room.room.meeting : undefined, camera.track);
  const exam = useProctoring(session, source, endings);
  const [finishing, finish] = useDisclosure(false);
  const cameraGone = camera.problem !== undefined || exam.state.camera === "lost";
  if (exam.finishing) return <Telling link={exam.state.link} />;
  return (
    <Page title="Exam" width={room.state === "open" ? 1400 : 960} aside={<Text c="dimmed" truncate>{session.name}</Text>}>
      <h1 className="visually-hidden">Exam</h1>
      <Grid gap="md" data-testid="exam-room">
        <Grid.Col span={{ base: 12, sm: 8 }}>
          <Stack gap="md">
            <RoomView room={room} meanwhile="Your exam goes on and is proctored." />
            <ConnectionCard exam={exam} cameraMissing={camera.problem !== undefined} />
            {cameraGone ? <CameraHelp problem={camera.problem ?? "none"} onRetry={camera.retry} /> : null}
            <Messages messages={exam.messages} onDismiss={exam.dismiss} />
            <Held held={exam.held} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 4 }}>
          <Card padding="md">
            <Stack gap="sm">
              <Title order={2}>You</Title>
              <CameraView track={camera.track} label="Your camera, as your proctor sees you" />
              {camera.devices.length > 1 ? <CameraPicker camera={camera} /> : null}
              <FullScreenButton />
              <Button color="danger" variant="outline" onClick={finish.open} data-testid="finish-exam">
                Finish the exam
              </Button>
            </Stack>
          </Card>
        </Grid.Col>
      </Grid>
      <Confirm opened={finishing} onClose={finish.close} title="Finish the exam?" action="Finish" onConfirm={exam.finish}>
        <Text>Your camera is turned off and your proctor is told that you are done. Hand in your work first.</Text>
      </Confirm>
    </Page>
  );
}

function FullScreenButton() {
  const { fullscreen, toggle } = useFullscreenDocument();
  if (!document.fullscreenEnabled) return null;
  return (
    <Button variant="default" onClick={() => void toggle()} leftSection={fullscreen ? <IconMinimize size={16} /> : <IconMaximize size={16} />}>
      <Group gap={4}>{fullscreen ? "Leave full screen" : "Enter full screen"}</Group>
    </Button>
  );
}
