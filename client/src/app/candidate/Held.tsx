import { Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import { between, clock } from "../shared/words";
import type { HeldWarning } from "./session";

/** Everything that was noted about the candidate in this exam; nothing is held back from them. */
export function Held({ warnings }: { warnings: HeldWarning[] }) {
  return (
    <Card padding="md">
      <Stack gap="sm">
        <div>
          <Title order={2}>What is noted about you</Title>
          <Text size="sm" c="dimmed">
            {warnings.length === 0 ? "Nothing so far." : "Your proctor sees the same list and decides what it means."}
          </Text>
        </div>
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: "none" }}>
          {warnings.map((warning) => (
            <Line key={warning.id} warning={warning} />
          ))}
        </Stack>
      </Stack>
    </Card>
  );
}

function Line({ warning: { text, openedAt, clearedAt } }: { warning: HeldWarning }) {
  return (
    <Group component="li" justify="space-between" wrap="nowrap" align="flex-start" data-testid="held-warning" data-open={!clearedAt}>
      <div>
        <Text>{text}</Text>
        <Text size="sm" c="dimmed" className="numbers">
          {clock(openedAt)}
          {clearedAt ? ` to ${clock(clearedAt)}, ${between(openedAt, clearedAt)}` : ""}
        </Text>
      </div>
      <Badge variant="light" tt="none" color={clearedAt ? "gray" : "caution"} style={{ flex: "none" }}>
        {clearedAt ? "Over" : "Going on"}
      </Badge>
    </Group>
  );
}
