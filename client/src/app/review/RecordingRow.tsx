import { Badge, Button, Card, Group, Progress, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { count, dayAndClock, KIND_WORDS, span } from "../shared/words";
import { type Overview, toReview } from "./overview";
import classes from "./Review.module.css";
import { StateBadge } from "./StateBadge";
import { megabytes } from "./words";

interface RecordingRowProps {
  overview: Overview;
  onOpen(recordingId: string): void;
}

/** One recording in the list. */
export function RecordingRow({ overview, onOpen }: RecordingRowProps) {
  const { recording, incidents, reviewed, kinds } = overview;
  const { id, candidate_name, began_at, seconds, frames, bytes, not_recorded, gaps = 0, held } = recording;
  const left = toReview(overview);
  return (
    <Card component="li" padding="md" data-testid="recording-row" data-recording-id={id} data-state={recording.state} data-to-review={left}>
      <div className={classes.row}>
        <div className={classes.rowWho}>
          <Group gap="xs">
            <Text fw={600} truncate>
              {candidate_name}
            </Text>
            <StateBadge recording={recording} />
            {held ? (
              <Badge variant="light" color="caution" tt="none">
                Held
              </Badge>
            ) : null}
          </Group>
          <Text size="sm" c="dimmed" className="numbers">
            {dayAndClock(began_at)}, {span(seconds * 1000)}, {count(frames, "frame")}, {megabytes(bytes)}
          </Text>
          <Gaps gaps={gaps} missing={not_recorded} />
        </div>
        <div className={classes.rowWhat}>
          <Text size="sm" fw={left > 0 ? 600 : 400} className="numbers">
            {incidents === 0 ? "No incidents" : `${reviewed} of ${incidents} reviewed`}
          </Text>
          {incidents > 0 ? (
            <Progress value={(100 * reviewed) / incidents} size="sm" my={4} aria-label={`${reviewed} of ${incidents} reviewed`} />
          ) : null}
          <Text size="sm" c="dimmed">
            {kinds.map(([kind, number]) => `${KIND_WORDS[kind]} ${number}`).join(", ")}
          </Text>
        </div>
        <Button
          variant={left > 0 ? "filled" : "default"}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => onOpen(id)}
          aria-label={`${left > 0 ? "Review" : "Watch"}: ${candidate_name}`}
          data-testid="open-recording"
        >
          {left > 0 ? "Review" : "Watch"}
        </Button>
      </div>
    </Card>
  );
}

function Gaps({ gaps, missing }: { gaps: number; missing: number }) {
  if (gaps === 0 && missing === 0) return null;
  return (
    <Text size="sm" className={classes.warn} data-testid="row-gaps">
      {count(gaps, "gap")}
      {missing > 0 ? `, ${count(missing, "frame")} missing` : ""}
    </Text>
  );
}

