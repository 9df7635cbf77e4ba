import { Button, Group, Switch, Text, Title } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import type { Incident, Verdict } from "../../sdk";
import { Evidence } from "../shared/Evidence";
import { ReviewButtons } from "../shared/ReviewButtons";
import { SeverityMark } from "../shared/SeverityMark";
import { Grounds, Judge } from "../shared/Why";
import { between, clock, KIND_WORDS, STATE_WORDS } from "../shared/words";
import type { Action } from "./keys";
import type { Mark, Model } from "./model";
import classes from "./Review.module.css";
import { TraceTable } from "./TraceTable";
import { timecode } from "./words";

interface IncidentPanelProps {
  model: Model;
  mark: Mark;
  /** Who judged it last, where that is known. */
  reviewer: string | undefined;
  /** Go to the next one to review after a decision. */
  goOn: boolean;
  onGoOn(on: boolean): void;
  onReview(incident: Incident, verdict: Verdict, note: string): Promise<void>;
  onAction(action: Action): void;
}

/** The incident to judge: what, when, why, how it came about; and the decision. */
export function IncidentPanel({ model, mark, reviewer, goOn, onGoOn, onReview, onAction }: IncidentPanelProps) {
  const { incident, from } = mark;
  const { id, kind, severity, state, text, candidate_name, opened_at, closed_at, evidence = [], review, trace } = incident;
  return (
    <section
      className={classes.panel}
      tabIndex={-1}
      aria-labelledby="chosen-title"
      data-testid="incident-panel"
      data-incident-id={id}
      data-kind={kind}
      data-review={review?.verdict ?? "none"}
    >
      <Group gap="sm" wrap="nowrap" align="flex-start">
        {evidence.length > 0 ? <Evidence evidence={evidence} name={candidate_name} kind={kind} /> : null}
        <div className={classes.panelText}>
          <Group gap="xs" justify="space-between">
            <SeverityMark severity={severity} />
            <Text size="sm" c="dimmed" className="numbers">
              {model.marks.indexOf(mark) + 1} of {model.marks.length}
            </Text>
          </Group>
          <Title order={2} fz="md" id="chosen-title">
            {KIND_WORDS[kind]}
          </Title>
          <Text size="sm">{text}</Text>
          <Text size="sm" c="dimmed" className="numbers">
            {timecode(from)} · {clock(opened_at)}, {closed_at ? between(opened_at, closed_at) : STATE_WORDS[state].toLowerCase()}
          </Text>
        </div>
      </Group>
      <ReviewButtons review={review ?? undefined} reviewer={reviewer} onReview={(verdict, note) => onReview(incident, verdict, note)} />
      <Group justify="space-between" gap="xs" mt="xs">
        <Button size="compact-sm" variant="subtle" leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={() => onAction("replay")} data-testid="replay">
          Play it (r)
        </Button>
        <Switch size="xs" label="Then the next to review" checked={goOn} onChange={(event) => onGoOn(event.currentTarget.checked)} data-testid="go-on" />
      </Group>
      <Title order={3} className={classes.small}>
        Why
      </Title>
      <div className={classes.facts}>
        <Grounds incident={incident} />
      </div>
      <details className={classes.folded} data-testid="way">
        <summary>
          <Title order={3} className={classes.small} component="span">
            Detector, and from picture to banner
          </Title>
        </summary>
        <div className={classes.facts}>
          <Judge incident={incident} />
        </div>
        <TraceTable trace={trace} />
      </details>
    </section>
  );
}
