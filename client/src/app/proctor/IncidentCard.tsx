import { Text } from "@mantine/core";
import { memo } from "react";
import type { Incident } from "../../sdk";
import { Evidence } from "../shared/Evidence";
import { ReviewButtons } from "../shared/ReviewButtons";
import { SeverityMark } from "../shared/SeverityMark";
import { Why } from "../shared/Why";
import { between, clock, KIND_WORDS, STATE_WORDS } from "../shared/words";
import classes from "./Console.module.css";
import { useLine } from "./context";
import { Elapsed } from "./Elapsed";

interface IncidentCardProps {
  incident: Incident;
  selected: boolean;
}

export const IncidentCard = memo(function IncidentCard({ incident, selected }: IncidentCardProps) {
  const { id, kind, severity, state, candidate_name, text, opened_at, closed_at, evidence = [], review } = incident;
  const line = useLine();
  return (
    <li
      className={classes.incident}
      tabIndex={-1}
      aria-current={selected}
      data-selected={selected}
      data-testid="incident-card"
      data-incident-id={id}
      data-kind={kind}
      data-state={state}
      data-severity={severity}
      data-review={review?.verdict ?? "none"}
    >
      <div className={classes.incidentTop}>
        {evidence.length > 0 ? <Evidence evidence={evidence} name={candidate_name} kind={kind} /> : null}
        <div className={classes.incidentText}>
          <div className={classes.incidentHead}>
            <SeverityMark severity={severity} />
            <span className={classes.state} data-state={state}>
              {STATE_WORDS[state]}
            </span>
          </div>
          <h3 className={classes.kind}>{KIND_WORDS[kind]}</h3>
          <Text fw={600} size="sm" truncate>
            {candidate_name}
          </Text>
          <Text size="sm">{text}</Text>
          <Text size="sm" c="dimmed" className="numbers">
            {clock(opened_at)}, {closed_at ? between(opened_at, closed_at) : <Elapsed since={opened_at} />}
          </Text>
        </div>
      </div>
      <ReviewButtons review={review ?? undefined} onReview={(verdict, note) => line.review(id, verdict, note)} />
      <Why incident={incident} />
    </li>
  );
});
