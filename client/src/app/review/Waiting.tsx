import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";

interface WaitingProps {
  error: string | undefined;
  gone: boolean;
  onBack(): void;
  onRetry(): void;
}

/** Before a recording is there, or why it is not. */
export function Waiting({ error, gone, onBack, onRetry }: WaitingProps) {
  if (!error) {
    return (
      <Stack aria-label="Loading the recording" role="status">
        <Skeleton h={420} />
        <Skeleton h={120} />
      </Stack>
    );
  }
  return (
    <Alert color="danger" title={gone ? "There is no such recording" : "The recording could not be loaded"} data-testid="recording-trouble">
      <Text size="sm">{error}</Text>
      {gone ? <Text size="sm">It may have been deleted when its time was up, or on somebody&rsquo;s demand.</Text> : null}
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
