import { Text } from "@mantine/core";
import { IconAlertOctagon, IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { memo } from "react";
import type { Incident, Severity } from "../../sdk";
import { between, clock, KIND_WORDS, SEVERITY_WORDS, STATE_WORDS } from "../shared/words";
import classes from "./Console.module.css";
import { Elapsed } from "./Elapsed";
import { Evidence } from "./Evidence";
import { ReviewButtons } from "./ReviewButtons";
import { Why } from "./Why";

const ICONS = { info: IconInfoCircle, warning: IconAlertTriangle, critical: IconAlertOctagon } satisfies Record<Severity, unknown>;

interface IncidentCardProps {
  incident: Incident;
  selected: boolean;
}

export const IncidentCard = memo(function IncidentCard({ incident, selected }: IncidentCardProps) {
  const { id, kind, severity, state, candidate_name, text, opened_at, closed_at, evidence = [], review } = incident;
  const Icon = ICONS[severity];
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
            <span className={classes.severity} data-severity={severity}>
              <Icon size={16} stroke={2} aria-hidden />
              {SEVERITY_WORDS[severity]}
            </span>
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
      <ReviewButtons incidentId={id} review={review ?? undefined} />
      <Why incident={incident} />
    </li>
  );
});
