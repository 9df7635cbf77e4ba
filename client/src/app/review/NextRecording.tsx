import { Button, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { count } from "../shared/words";
import { useDesk } from "./context";
import { inOrder, type Overview, overviewOf, toReview } from "./overview";
import classes from "./Review.module.css";

function nextOf(overviews: readonly Overview[], recordingId: string): Overview | undefined {
  return inOrder(overviews, "to_review").find((each) => each.recording.id !== recordingId && toReview(each) > 0);
}

interface NextRecordingProps {
  /** The one that is done. */
  recordingId: string;
  onGo(recordingId: string): void;
}

/** When nothing is left to review here: where there is. */
export function NextRecording({ recordingId, onGo }: NextRecordingProps) {
  const { archive } = useDesk();
  const [next, setNext] = useState<Overview>();
  useEffect(() => {
    let current = true;
    Promise.all([archive.recordings(), archive.incidents()]).then(
      ([{ recordings }, incidents]) => current && setNext(nextOf(overviewOf(recordings, incidents), recordingId)),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [archive, recordingId]);
  if (!next) return null;
  return (
    <section className={classes.section} data-testid="next-recording">
      <Text size="sm" c="dimmed" mb={6}>
        Nothing is left to review here.
      </Text>
      <Button size="compact-sm" onClick={() => onGo(next.recording.id)}>
        {next.recording.candidate_name}: {count(toReview(next), "incident")} to review
      </Button>
    </section>
  );
}
