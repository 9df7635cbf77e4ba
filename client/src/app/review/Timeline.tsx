import { ActionIcon, Group, Text, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconArrowsHorizontal, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from "react";
import type { Incident } from "../../sdk";
import { useDesk, usePlayerValue } from "./context";
import { type Action, onSlider } from "./keys";
import { LaneNames, Lanes } from "./Lanes";
import { Lens } from "./Lens";
import type { Model } from "./model";
import { Playhead } from "./Playhead";
import classes from "./Review.module.css";
import { positionWords } from "./telling";
import { useScrub } from "./useScrub";
import { type View, lanesOf, showing, whole } from "./view";

interface TimelineProps {
  model: Model;
  chosen: string | undefined;
  /** The stretch on screen; nothing is the whole recording. */
  view: View | undefined;
  onView(change: (before: View | undefined) => View | undefined): void;
  onChoose(incident: Incident): void;
  onAction(action: Action): void;
}

/** Below it the lanes' names have less room. */
const NARROW_PX = 640;

/** The recording at a glance: incidents by kind, samples, gaps; to be clicked, dragged and zoomed. */
export function Timeline({ model, chosen, view: zoomedIn, onView, onChoose, onAction }: TimelineProps) {
  const { ref, width: full } = useElementSize();
  const left = full < NARROW_PX ? 100 : 164;
  const width = Math.max(1, full - left);
  const lanes = useMemo(() => lanesOf(model.marks), [model.marks]);
  const view = useMemo(() => zoomedIn ?? whole(model.length), [zoomedIn, model.length]);
  const [words, setWords] = useState<string>();
  useShowing(view, model.length, onView);
  const scrub = useScrub({ model, view, width, onView, onHover: setWords });
  return (
    <div className={classes.timeline} data-testid="timeline" data-from={Math.round(view.from)} data-to={Math.round(view.to)}>
      <Group justify="space-between" wrap="nowrap" gap="sm" className={classes.timelineHead}>
        <Text size="sm" c={words ? undefined : "dimmed"} truncate className="numbers" data-testid="timeline-words">
          {words ?? legend(model)}
        </Text>
        <Group gap={2} wrap="nowrap">
          <Zoom label="Closer (+)" onClick={() => onAction("zoom_in")} testId="zoom-in">
            <IconZoomIn size={18} />
          </Zoom>
          <Zoom label="Wider (-)" onClick={() => onAction("zoom_out")} testId="zoom-out">
            <IconZoomOut size={18} />
          </Zoom>
          <Zoom label="Whole recording (0)" onClick={() => onAction("whole")} testId="zoom-whole">
            <IconArrowsHorizontal size={18} />
          </Zoom>
        </Group>
      </Group>
      {zoomedIn ? <Lens model={model} view={view} width={width} left={left} onView={onView} /> : null}
      <div className={classes.lanesScroll}>
        <div ref={ref} className={classes.lanesBox}>
          <LaneNames lanes={lanes} width={left} />
          <div className={classes.surface}>
            <Slider model={model} onAction={onAction} scrub={scrub} />
            <Lanes model={model} lanes={lanes} view={view} width={width} chosen={chosen} onChoose={onChoose} onWords={setWords} />
            <Playhead view={view} width={width} />
          </div>
        </div>
      </div>
    </div>
  );
}

function legend({ marks, holes }: Model): string {
  if (marks.length === 0) return holes.length === 0 ? "No incidents, nothing missing" : "No incidents";
  return "◆ to review   ✓ confirmed   ○ dismissed";
}

interface SliderProps {
  model: Model;
  scrub: ReturnType<typeof useScrub>;
  onAction(action: Action): void;
}

/** The surface to click and drag; a slider in whole seconds for the keyboard and for screen readers. */
function Slider({ model, scrub, onAction }: SliderProps) {
  const second = usePlayerValue(({ at }) => Math.floor(at / 1000));
  const onKeyDown = (event: KeyboardEvent) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : onSlider(event);
    if (!action) return;
    event.preventDefault();
    onAction(action);
  };
  return (
    <div
      {...scrub}
      className={classes.slider}
      role="slider"
      tabIndex={0}
      aria-label="Position in the recording"
      aria-valuemin={0}
      aria-valuemax={Math.floor(model.length / 1000)}
      aria-valuenow={second}
      aria-valuetext={positionWords(model, second * 1000)}
      onKeyDown={onKeyDown}
      data-testid="slider"
    />
  );
}

/** While the position moves, the view goes with it. */
function useShowing(view: View, length: number, onView: TimelineProps["onView"]): void {
  const { player } = useDesk();
  const follow = useCallback(() => {
    const next = showing(view, player.getState().at, length);
    if (next !== view) onView(() => next);
  }, [player, view, length, onView]);
  useEffect(() => {
    let before = player.getState().at;
    return player.subscribe(() => {
      const { at } = player.getState();
      if (at !== before) follow();
      before = at;
    });
  }, [player, follow]);
}

function Zoom({ label, onClick, testId, children }: { label: string; onClick(): void; testId: string; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" onClick={onClick} aria-label={label} data-testid={testId}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
