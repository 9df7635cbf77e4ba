import { Alert, Button, Card, Group, NativeSelect, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { Page } from "../shared/Page";
import { ProblemPage } from "../shared/ProblemPage";
import { count, dayAndClock } from "../shared/words";
import type { Archive } from "./archive";
import { inOrder, type Order, type Overview, toReview } from "./overview";
import { RecordingRow } from "./RecordingRow";
import { useMeeting } from "./useMeeting";

const ORDERS: { value: Order; label: string }[] = [
  { value: "to_review", label: "To review first" },
  { value: "name", label: "By name" },
  { value: "begun", label: "By beginning" },
];

interface RecordingsPageProps {
  archive: Archive;
  onOpen(recordingId: string): void;
  onRetry(): void;
}

/** The recordings of a meeting. */
export function RecordingsPage({ archive, onOpen, onRetry }: RecordingsPageProps) {
  const { meeting, overviews, bundle, error, code } = useMeeting(archive);
  const [order, setOrder] = useState<Order>("to_review");
  if (!overviews && code && code !== "unreachable" && code !== "internal") return <ProblemPage problem="bad_link" detail={error} />;
  return (
    <Page title="Recordings" width={1180}>
      <Stack gap="lg" data-testid="recordings">
        <Group justify="space-between" align="flex-end" gap="sm">
          <div>
            <Title order={1}>{meeting?.title ?? "Recordings"}</Title>
            <Text c="dimmed" aria-live="polite">
              {overviews && meeting ? summary(overviews, dayAndClock(meeting.created_at)) : "Loading the recordings"}
            </Text>
          </div>
          <Group gap="sm" align="flex-end">
            <NativeSelect
              size="sm"
              aria-label="Order"
              data={ORDERS}
              value={order}
              onChange={(event) => setOrder(event.currentTarget.value as Order)}
              data-testid="order"
            />
            <Button
              component="a"
              href={bundle}
              download
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              data-disabled={bundle ? undefined : true}
              data-testid="meeting-bundle"
            >
              Export the meeting
            </Button>
          </Group>
        </Group>
        {error ? <Trouble text={error} onRetry={onRetry} /> : null}
        {overviews ? <Rows overviews={inOrder(overviews, order)} onOpen={onOpen} /> : error ? null : <Loading />}
      </Stack>
    </Page>
  );
}

function Trouble({ text, onRetry }: { text: string; onRetry(): void }) {
  return (
    <Alert color="danger" title="The recordings could not be loaded" data-testid="trouble">
      <Text size="sm">{text}</Text>
      <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
        Try again
      </Button>
    </Alert>
  );
}

function Loading() {
  return (
    <Stack gap="sm" aria-hidden>
      <Skeleton h={92} />
      <Skeleton h={92} />
      <Skeleton h={92} />
    </Stack>
  );
}

function Rows({ overviews, onOpen }: { overviews: Overview[]; onOpen(recordingId: string): void }) {
  if (overviews.length === 0) {
    return (
      <Card>
        <Text c="dimmed">Nothing has been recorded in this meeting. A recording appears here with the first picture of a candidate.</Text>
      </Card>
    );
  }
  return (
    <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: "none" }}>
      {overviews.map((overview) => (
        <RecordingRow key={overview.recording.id} overview={overview} onOpen={onOpen} />
      ))}
    </Stack>
  );
}

function summary(overviews: readonly Overview[], created: string): string {
  const left = overviews.reduce((sum, each) => sum + toReview(each), 0);
  const live = overviews.filter(({ recording }) => recording.state === "open").length;
  const words = [`${created}: ${count(overviews.length, "recording")}`, left > 0 ? `${count(left, "incident")} to review` : "nothing to review"];
  return [...words, ...(live > 0 ? [`${live} live`] : [])].join(", ");
}
