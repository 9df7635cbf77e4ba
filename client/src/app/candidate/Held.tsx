import { Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import type { Held as HeldItem, Verdict } from "../../sdk";
import { chosen, inWords } from "../shared/accommodations";
import { between, clock } from "../shared/words";
import type { HeldState } from "./heldFeed";

const VERDICT_WORDS: Record<Verdict, string> = {
  confirmed: "A proctor looked at this: confirmed.",
  dismissed: "A proctor looked at this: dismissed.",
};

/** Everything that was noted about the candidate in this exam; nothing is held back from them. */
export function Held({ held: { list, loaded, accommodations } }: { held: HeldState }) {
  const agreed = inWords(chosen(accommodations));
  return (
    <Card padding="md">
      <Stack gap="sm">
        <div>
          <Title order={2}>What is noted about you</Title>
          <Text size="sm" c="dimmed">
            {list.length > 0 ? "Your proctor sees the same list and decides what it means." : loaded ? "Nothing so far." : "Loading the list."}
          </Text>
          {agreed ? (
            <Text size="sm" data-testid="agreed">
              Agreed with you, and not noted: {agreed}.
            </Text>
          ) : null}
        </div>
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: "none" }}>
          {list.map((item) => (
            <Line key={item.incident_id} item={item} />
          ))}
        </Stack>
      </Stack>
    </Card>
  );
}

function Line({ item: { text, opened_at, closed_at, verdict } }: { item: HeldItem }) {
  return (
    <Group component="li" justify="space-between" wrap="nowrap" align="flex-start" data-testid="held-warning" data-open={!closed_at} data-verdict={verdict ?? "none"}>
      <div>
        <Text>{text}</Text>
        <Text size="sm" c="dimmed" className="numbers">
          {clock(opened_at)}
          {closed_at ? ` to ${clock(closed_at)}, ${between(opened_at, closed_at)}` : ""}
        </Text>
        {verdict ? <Text size="sm">{VERDICT_WORDS[verdict]}</Text> : null}
      </div>
      <Badge variant="light" tt="none" color={closed_at ? "gray" : "caution"} style={{ flex: "none" }}>
        {closed_at ? "Over" : "Going on"}
      </Badge>
    </Group>
  );
}
