import { ActionIcon, Button, Group, Menu, Text, Tooltip } from "@mantine/core";
import {
  IconClock, IconFocusCentered, IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerSkipBack, IconPlayerSkipForward, IconPlayerTrackNext,
  IconPlayerTrackPrev,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useDesk, usePlayer, usePlayerValue } from "./context";
import type { Action } from "./keys";
import type { Model } from "./model";
import { SPEEDS } from "./player";
import classes from "./Review.module.css";
import { exactClock, timecode } from "./words";

interface ControlsProps {
  model: Model;
  live: boolean;
  boxes: boolean;
  /** What the video is about, in words. */
  notice: string | undefined;
  onAction(action: Action): void;
}

/** The player's buttons. */
export function Controls({ model, live, boxes, notice, onAction }: ControlsProps) {
  const playing = usePlayerValue((state) => state.playing);
  const following = usePlayerValue((state) => state.following);
  return (
    <div className={classes.controls}>
      <Group gap={4} wrap="nowrap">
        <Tool label="Previous incident (k)" onClick={() => onAction("previous")} testId="previous">
          <IconPlayerTrackPrev size={18} />
        </Tool>
        <Tool label="One frame back (,)" onClick={() => onAction("frame_back")} testId="frame-back">
          <IconPlayerSkipBack size={18} />
        </Tool>
        <Tooltip label={playing ? "Pause (space)" : "Play (space)"}>
          <ActionIcon size="lg" onClick={() => onAction("toggle")} aria-label={playing ? "Pause" : "Play"} data-testid="play" data-playing={playing}>
            {playing ? <IconPlayerPauseFilled size={20} /> : <IconPlayerPlayFilled size={20} />}
          </ActionIcon>
        </Tooltip>
        <Tool label="One frame on (.)" onClick={() => onAction("frame_on")} testId="frame-on">
          <IconPlayerSkipForward size={18} />
        </Tool>
        <Tool label="Next incident (j)" onClick={() => onAction("next")} testId="next">
          <IconPlayerTrackNext size={18} />
        </Tool>
      </Group>
      <Position model={model} />
      <Group gap={6} className={classes.controlsEnd}>
        {notice ? (
          <Text size="sm" c="dimmed" role="status" data-testid="video-notice">
            {notice}
          </Text>
        ) : null}
        {live ? (
          <Button size="compact-sm" variant={following ? "filled" : "default"} aria-pressed={following} onClick={() => onAction("follow")} data-testid="follow">
            Follow live
          </Button>
        ) : null}
        <Tool label="Go to a time (g)" onClick={() => onAction("go_to")} testId="go-to">
          <IconClock size={18} />
        </Tool>
        <Tool label={`Boxes around faces (b): ${boxes ? "on" : "off"}`} pressed={boxes} onClick={() => onAction("boxes")} testId="toggle-boxes">
          <IconFocusCentered size={18} />
        </Tool>
        <Speed />
      </Group>
    </div>
  );
}

function Position({ model }: { model: Model }) {
  const { at } = usePlayer();
  return (
    <Text size="sm" className={`numbers ${classes.position}`} data-testid="position" data-at={Math.round(at)}>
      <b>{timecode(at, true)}</b> / {timecode(model.length)}
      <span className={classes.clock}> · {exactClock(model.began + at)}</span>
    </Text>
  );
}

function Speed() {
  const { player } = useDesk();
  const speed = usePlayerValue((state) => state.speed);
  return (
    <Menu position="top-end" withinPortal>
      <Menu.Target>
        <Button size="compact-sm" variant="default" aria-label={`Speed: ${speed} times`} w={52} data-testid="speed">
          {speed}×
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {SPEEDS.map((each) => (
          <Menu.Item key={each} onClick={() => player.setSpeed(each)} aria-current={each === speed} data-testid={`speed-${each}`}>
            {each}×
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ToolProps {
  label: string;
  testId: string;
  pressed?: boolean;
  onClick(): void;
  children: ReactNode;
}

function Tool({ label, testId, pressed, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant={pressed ? "light" : "subtle"} color={pressed ? "harbor" : "gray"} onClick={onClick} aria-label={label} aria-pressed={pressed} data-testid={testId}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
