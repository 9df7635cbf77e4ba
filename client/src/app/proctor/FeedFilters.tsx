import { Group, NativeSelect } from "@mantine/core";
import { useMemo } from "react";
import type { Kind } from "../../sdk";
import { KIND_WORDS } from "../shared/words";
import classes from "./Console.module.css";
import { useConsole } from "./context";
import type { Filters, Show } from "./triage";

const SHOWN: { value: Show; label: string }[] = [
  { value: "all", label: "All" },
  { value: "to_review", label: "To review" },
  { value: "open", label: "Going on" },
  { value: "closed", label: "Over" },
];
const KINDS = [{ value: "", label: "Every kind" }, ...Object.entries(KIND_WORDS).map(([value, label]) => ({ value, label }))];

export function FeedFilters({ filters, onFilters }: { filters: Filters; onFilters: (filters: Filters) => void }) {
  const { candidates } = useConsole();
  const people = useMemo(
    () => [
      { value: "", label: "Everyone" },
      ...[...candidates.values()].toSorted((a, b) => a.name.localeCompare(b.name)).map(({ id, name }) => ({ value: id, label: name })),
    ],
    [candidates],
  );
  return (
    <Group gap={6} wrap="nowrap" className={classes.filters}>
      <NativeSelect
        size="xs"
        aria-label="Which incidents"
        data={SHOWN}
        value={filters.show}
        onChange={(event) => onFilters({ ...filters, show: event.currentTarget.value as Show })}
        data-testid="filter-show"
      />
      <NativeSelect
        size="xs"
        aria-label="Kind"
        data={KINDS}
        value={filters.kind ?? ""}
        onChange={(event) => onFilters({ ...filters, kind: (event.currentTarget.value || undefined) as Kind | undefined })}
        data-testid="filter-kind"
      />
      <NativeSelect
        size="xs"
        aria-label="Candidate"
        data={people}
        value={filters.candidateId ?? ""}
        onChange={(event) => onFilters({ ...filters, candidateId: event.currentTarget.value || undefined })}
        data-testid="filter-candidate"
      />
    </Group>
  );
}
