import { Button, Group, SegmentedControl, Text, Title } from "@mantine/core";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { Incident } from "../../sdk";
import { KIND_WORDS } from "../shared/words";
import { familyOf } from "./families";
import type { Action } from "./keys";
import type { Mark, Model } from "./model";
import classes from "./Review.module.css";
import { reviewWords } from "./telling";
import { timecode } from "./words";

interface IncidentListProps {
  model: Model;
  chosen: string | undefined;
  onChoose(incident: Incident): void;
  onAction(action: Action): void;
}

type Show = "to_review" | "all";

/** Every incident of the recording, in order of time. */
export function IncidentList({ model, chosen, onChoose, onAction }: IncidentListProps) {
  const [show, setShow] = useState<Show>("all");
  const left = useMemo(() => model.marks.filter(({ incident }) => !incident.review).length, [model.marks]);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    // The list alone is scrolled: the page stays where its reader is.
    const row = chosen === undefined ? null : list.current?.querySelector<HTMLElement>(`[data-row-id="${CSS.escape(chosen)}"]`);
    if (!list.current || !row) return;
    const above = row.offsetTop - list.current.scrollTop;
    if (above < 0 || above > list.current.clientHeight - row.offsetHeight) list.current.scrollTop = row.offsetTop - list.current.clientHeight / 3;
  }, [chosen]);
  const marks = show === "all" ? model.marks : model.marks.filter(({ incident }) => !incident.review || incident.id === chosen);
  return (
    <section className={classes.section} aria-labelledby="incidents-title">
      <Group justify="space-between" gap="xs">
        <Title order={2} fz="md" id="incidents-title">
          Incidents{" "}
          <Text span size="sm" c="dimmed" className="numbers" data-testid="reviewed-count">
            {model.marks.length - left} of {model.marks.length} reviewed
          </Text>
        </Title>
        <SegmentedControl
          size="xs"
          value={show}
          onChange={(value) => setShow(value as Show)}
          data={[
            { value: "all", label: "All" },
            { value: "to_review", label: `To review (${left})` },
          ]}
          aria-label="Which incidents"
        />
      </Group>
      {left > 0 ? (
        <Button size="compact-sm" variant="default" mt={8} onClick={() => onAction("to_review")} data-testid="to-review">
          Next to review (u)
        </Button>
      ) : null}
      {marks.length === 0 ? (
        <Text c="dimmed" size="sm" mt="xs">
          {emptyWords(model)}
        </Text>
      ) : (
        <ol ref={list} className={classes.rows}>
          {marks.map((mark) => (
            <Row key={mark.incident.id} mark={mark} chosen={mark.incident.id === chosen} onChoose={onChoose} />
          ))}
        </ol>
      )}
    </section>
  );
}

function emptyWords({ marks, grows }: Model): string {
  if (marks.length > 0) return "Everything here has been reviewed.";
  return grows ? "Nothing has been noted so far." : "Nothing was noted in this recording.";
}

interface RowProps {
  mark: Mark;
  chosen: boolean;
  onChoose(incident: Incident): void;
}

const Row = memo(function Row({ mark: { incident, from }, chosen, onChoose }: RowProps) {
  return (
    <li>
      <button
        type="button"
        className={classes.incidentRow}
        onClick={() => onChoose(incident)}
        aria-current={chosen}
        data-row-id={incident.id}
        data-kind={incident.kind}
        data-review={incident.review?.verdict ?? "none"}
        data-testid="incident-row"
      >
        <span className={classes.swatch} data-family={familyOf(incident.kind)} aria-hidden />
        <span className={`numbers ${classes.rowTime}`}>{timecode(from)}</span>
        <span className={classes.rowKind}>{KIND_WORDS[incident.kind]}</span>
        <span className={classes.rowReview} data-review={incident.review?.verdict ?? "none"}>
          {reviewWords(incident)}
        </span>
      </button>
    </li>
  );
});
