import { IconAlertOctagon, IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { Severity } from "../../sdk";
import classes from "./Incident.module.css";
import { SEVERITY_WORDS } from "./words";

const ICONS = { info: IconInfoCircle, warning: IconAlertTriangle, critical: IconAlertOctagon } satisfies Record<Severity, unknown>;

/** A severity by its sign, its colour and its word. */
export function SeverityMark({ severity }: { severity: Severity }) {
  const Icon = ICONS[severity];
  return (
    <span className={classes.severity} data-severity={severity}>
      <Icon size={16} stroke={2} aria-hidden />
      {SEVERITY_WORDS[severity]}
    </span>
  );
}
