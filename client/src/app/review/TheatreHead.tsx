import { ActionIcon, Button, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconKeyboard } from "@tabler/icons-react";
import type { Recording } from "../../sdk";
import { Brand } from "../shared/Page";
import { dayAndClock, span } from "../shared/words";
import classes from "./Review.module.css";
import { StateBadge } from "./StateBadge";
import { megabytes } from "./words";

interface TheatreHeadProps {
  recording: Recording;
  /** Why what is shown is not the newest. */
  trouble: string | undefined;
  onBack(): void;
  onHelp(): void;
}

export function TheatreHead({ recording, trouble, onBack, onHelp }: TheatreHeadProps) {
  const { candidate_name, began_at, seconds, frames, bytes } = recording;
  return (
    <header className="page-head">
      <div className={classes.head}>
        <Group gap="md" wrap="nowrap" miw={0}>
          <span className={classes.brand}>
            <Brand />
          </span>
          <Button variant="default" size="compact-md" px={8} flex="none" onClick={onBack} aria-label="Recordings" data-testid="back">
            <IconArrowLeft size={16} aria-hidden />
            <span className={classes.backWords}>Recordings</span>
          </Button>
          <Title order={1} fz="md" className={classes.title}>
            {candidate_name}
          </Title>
          <StateBadge recording={recording} />
        </Group>
        <Group gap="md" wrap="nowrap">
          <Text size="sm" c="dimmed" className={`numbers ${classes.figures}`}>
            {dayAndClock(began_at)}, {span(seconds * 1000)}, {frames} frames, {megabytes(bytes)}
          </Text>
          <Tooltip label="Keyboard (?)">
            <ActionIcon variant="subtle" color="gray" onClick={onHelp} aria-label="Keyboard shortcuts" data-testid="help">
              <IconKeyboard size={18} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </div>
      {trouble ? (
        <p className={classes.trouble} role="alert" data-testid="feed-trouble">
          {trouble}
        </p>
      ) : null}
    </header>
  );
}
