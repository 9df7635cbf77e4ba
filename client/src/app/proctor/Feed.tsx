import { Button, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Incident } from "../../sdk";
import { textOf } from "../shared/api";
import classes from "./Console.module.css";
import { useConsole, useLine } from "./context";
import { FeedFilters } from "./FeedFilters";
import { IncidentCard } from "./IncidentCard";
import type { Filters } from "./triage";
import { useSteadyScroll } from "./useSteadyScroll";

interface FeedProps {
  incidents: Incident[];
  filters: Filters;
  onFilters(filters: Filters): void;
  selected: string | undefined;
}

export function Feed({ incidents, filters, onFilters, selected }: FeedProps) {
  const { list, above, toTop, onScroll } = useSteadyScroll(incidents);
  return (
    <section className={classes.feed} aria-label="Incidents">
      <div className={classes.paneHead}>
        <Title order={2} fz="md">
          Incidents
        </Title>
        <FeedFilters filters={filters} onFilters={onFilters} />
      </div>
      <div className={classes.feedBody}>
        {above > 0 ? (
          <Button className={classes.above} size="xs" onClick={toTop} data-testid="newer">
            {above} newer
          </Button>
        ) : null}
        <ol ref={list} className={classes.incidents} onScroll={onScroll}>
          {incidents.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} selected={incident.id === selected} />
          ))}
          <li className={classes.feedEnd}>
            {incidents.length === 0 ? <Text c="dimmed">Nothing to show. New incidents appear here the moment they happen.</Text> : null}
            <Older />
          </li>
        </ol>
      </div>
    </section>
  );
}

function Older() {
  const line = useLine();
  const { older } = useConsole();
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const load = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await line.loadOlder();
      setAsked(true);
    } catch (failure) {
      setError(textOf(failure));
    } finally {
      setBusy(false);
    }
  };
  if (!older) return asked ? <Text size="sm" c="dimmed">There are no older ones.</Text> : null;
  return (
    <>
      <Button variant="subtle" size="xs" loading={busy} onClick={() => void load()} data-testid="older">
        Load older incidents
      </Button>
      {error ? <Text size="sm" c="danger">{error}</Text> : null}
    </>
  );
}
