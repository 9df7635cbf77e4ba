import { Button, Group, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ShownRecording } from "../../sdk";
import { count } from "../shared/words";
import { InForce } from "./InForce";
import { Integrity } from "./Integrity";
import type { Model } from "./model";
import classes from "./Review.module.css";
import { holeWords } from "./telling";

/** What else there is to know of a recording. */
export function Details({ shown, model }: { shown: ShownRecording; model: Model }) {
  return (
    <>
      <section className={classes.section}>
        <details data-testid="gaps">
          <summary>
            <Title order={2} fz="md" component="span">
              Gaps
            </Title>
            <Text span size="sm" c="dimmed">
              {model.holes.length === 0 ? "none" : count(model.holes.length, "gap")}
            </Text>
          </summary>
          {model.holes.length === 0 ? (
            <Text size="sm" c="dimmed">
              Every picture that came is here.
            </Text>
          ) : (
            <ul className={classes.gapList}>
              {model.holes.map((hole) => (
                <li key={hole.gap.cause + hole.gap.began_at}>{holeWords(hole)}</li>
              ))}
            </ul>
          )}
        </details>
      </section>
      <InForce model={model} recording={shown.recording} />
      <Integrity shown={shown} />
      <section className={classes.section}>
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed">
            Everything kept of this candidate, as a zip that proves itself.
          </Text>
          <Button
            component="a"
            href={shown.bundle_url}
            download
            size="compact-sm"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
            data-testid="candidate-bundle"
          >
            Export the candidate
          </Button>
        </Group>
      </section>
    </>
  );
}
