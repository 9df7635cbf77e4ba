import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";

interface WaitingProps {
  error: string | undefined;
  gone: boolean;
  /** It went while it was open here. */
  deleted: boolean;
  onBack(): void;
  onRetry(): void;
}

/** Before a recording is there, or why it is not. */
export function Waiting({ error, gone, deleted, onBack, onRetry }: WaitingProps) {
  if (!error) {
    return (
      <Stack aria-label="Loading the recording" role="status">
        <Skeleton h={420} />
        <Skeleton h={120} />
      </Stack>
    );
  }
  return (
    <Alert color="danger" title={titleOf(gone, deleted)} data-testid="recording-trouble">
      {deleted ? null : <Text size="sm">{error}</Text>}
      {gone ? <Text size="sm">{deleted ? DELETED : "It may have been deleted when its time was up, or on somebody’s demand."}</Text> : null}
      <Group mt="sm" gap="sm">
        {gone ? null : (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        <Button size="xs" variant="default" onClick={onBack}>
          All recordings
        </Button>
      </Group>
    </Alert>
  );
}

const DELETED = "It was deleted while you had it open: its time was up, or somebody demanded it. Nothing of it is shown any more, and nothing in it can be decided.";

function titleOf(gone: boolean, deleted: boolean): string {
  if (deleted) return "This recording was deleted";
  return gone ? "There is no such recording" : "The recording could not be loaded";
}
