import { Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ShownRecording } from "../../sdk";
import { count, dayAndClock } from "../shared/words";
import { useDesk } from "./context";
import classes from "./Review.module.css";

/** What proves that a recording was not changed, in plain words. */
export function Integrity({ shown: { recording, segments, signed } }: { shown: ShownRecording }) {
  const { archive } = useDesk();
  const [key, setKey] = useState<string>();
  useEffect(() => {
    let current = true;
    archive.signingKey().then(
      ({ public_key }) => current && setKey(public_key),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [archive]);
  const sealed = segments.filter(({ link }) => link).length;
  const head = segments.findLast(({ link }) => link)?.link;
  const { compacted_frames = 0, held, closed_at } = recording;
  return (
    <section className={classes.section}>
      <details data-testid="integrity">
        <summary>
          <Title order={2} fz="md" component="span">
            Integrity
          </Title>
          <Text span size="sm" c="dimmed">
            {signed ? "signed" : "not signed yet"}
          </Text>
        </summary>
        <Text size="sm">
          {signed
            ? `Hashed in ${count(segments.length, "part")}, each hash chained to the one before, and signed ${closed_at ? dayAndClock(closed_at) : "at its end"}, together with the hashes of the incidents' photographs.`
            : `It still grows: ${count(sealed, "part")} of it hashed and chained so far. It is signed when the candidate is done.`}
        </Text>
        {signed ? (
          <Text size="sm">
            {key === undefined || key === signed.public_key ? "The key is this server's present one." : "The key is not this server's present one: it was signed by an earlier key."} Whoever
            has the exported zip and the key can check all of it with <code>invigil verify</code>, without this server.
          </Text>
        ) : null}
        {compacted_frames > 0 ? (
          <Text size="sm">{count(compacted_frames, "frame")} were encoded anew to save room. They are no longer the bytes that came; the hashes of those are kept.</Text>
        ) : null}
        {held ? <Text size="sm">Under legal hold: nothing of it is deleted.</Text> : null}
        <dl className={classes.hashes}>
          {signed ? (
            <div>
              <dt>Key (Ed25519)</dt>
              <dd>{signed.public_key}</dd>
            </div>
          ) : null}
          {head ? (
            <div>
              <dt>{signed ? "End of the chain" : "Chain so far"} (SHA-256)</dt>
              <dd>{head}</dd>
            </div>
          ) : null}
          {signed ? (
            <div>
              <dt>Signature</dt>
              <dd>{signed.signature}</dd>
            </div>
          ) : null}
        </dl>
      </details>
    </section>
  );
}
