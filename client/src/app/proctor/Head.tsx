import { ActionIcon, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconKeyboard, IconMovie, IconVolume, IconVolumeOff } from "@tabler/icons-react";
import { Brand } from "../shared/Page";
import { count } from "../shared/words";
import classes from "./Console.module.css";
import { useConsole, useLine } from "./context";

interface HeadProps {
  toReview: number;
  sound: boolean;
  onSound(on: boolean): void;
  onHelp(): void;
}

export function Head({ toReview, sound, onSound, onHelp }: HeadProps) {
  const { meeting, candidates, detector } = useConsole();
  const { recordings } = useLine();
  const live = [...candidates.values()].filter(({ state }) => state === "streaming").length;
  const soundLabel = sound ? "Sound on new incidents: on" : "Sound on new incidents: off";
  return (
    <header className={`page-head ${classes.head}`}>
      <Group gap="lg" wrap="nowrap" miw={0}>
        <Brand />
        <Title order={1} fz="md" className={classes.title}>
          {meeting?.title ?? "Connecting"}
        </Title>
      </Group>
      <Group gap="lg" wrap="nowrap" className="numbers">
        <Text size="sm" c="dimmed" className={classes.counts}>
          {count(candidates.size, "candidate")}, {live} live{detector ? `, detector ${detector}` : ""}
        </Text>
        <Text size="sm" fw={600} className={classes.toReview} data-testid="to-review">
          {toReview} to review
        </Text>
        <Group gap={4} wrap="nowrap">
          <Tooltip label="Recordings">
            <ActionIcon
              component="a"
              href={recordings}
              target="_blank"
              rel="noopener"
              variant="subtle"
              color="gray"
              aria-label="Recordings"
              data-testid="recordings-link"
            >
              <IconMovie size={18} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={soundLabel}>
            <ActionIcon variant="subtle" color="gray" onClick={() => onSound(!sound)} aria-label={soundLabel} aria-pressed={sound}>
              {sound ? <IconVolume size={18} /> : <IconVolumeOff size={18} />}
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Keyboard">
            <ActionIcon variant="subtle" color="gray" onClick={onHelp} aria-label="Keyboard shortcuts">
              <IconKeyboard size={18} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
    </header>
  );
}
