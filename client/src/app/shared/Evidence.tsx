import { Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import type { Evidence as EvidenceItem, Kind } from "../../sdk";
import { clock, KIND_WORDS } from "./words";
import classes from "./Incident.module.css";
import { useRetried } from "./useRetried";

interface EvidenceProps {
  evidence: EvidenceItem[];
  name: string;
  kind: Kind;
}

/** The photographs of an incident: one small, all of them large. */
export function Evidence({ evidence, name, kind }: EvidenceProps) {
  const [opened, { open, close }] = useDisclosure(false);
  const first = evidence[0];
  if (!first) return null;
  const alt = `${name}, ${KIND_WORDS[kind]}`;
  return (
    <>
      <button type="button" className={classes.photoButton} onClick={open} aria-label={`Enlarge the photograph: ${alt}`}>
        <Photo item={first} alt={alt} />
        {evidence.length > 1 ? <span className={classes.photoCount}>{evidence.length} photos</span> : null}
      </button>
      <Modal opened={opened} onClose={close} title={alt} size="lg">
        <Stack>
          {evidence.map((item) => (
            <Stack key={item.seq} gap={4}>
              <Photo item={item} alt={`${alt}, ${clock(item.captured_at)}`} />
              <Text size="sm" className="numbers">
                Taken {clock(item.captured_at)}, frame {item.seq}
              </Text>
              <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: "anywhere" }}>
                SHA-256 {item.sha256}
              </Text>
            </Stack>
          ))}
        </Stack>
      </Modal>
    </>
  );
}

/** The original picture with its boxes drawn over it, not into it. */
function Photo({ item, alt }: { item: EvidenceItem; alt: string }) {
  const [ratio, setRatio] = useState(4 / 3);
  const { attempt, failed, onFail } = useRetried();
  if (item.deleted) return <span className={classes.photoGone}>This photograph was deleted: its time was over.</span>;
  if (failed) return <span className={classes.photoGone}>This photograph cannot be loaded just now. We try again.</span>;
  return (
    <span className={classes.photoFrame}>
      <span className={classes.photo} style={{ aspectRatio: ratio, ...(ratio > 4 / 3 ? { width: "100%" } : { height: "100%" }) }}>
        <img
          key={attempt}
          src={item.url}
          alt={alt}
          loading="lazy"
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setRatio(naturalWidth / naturalHeight)}
          onError={onFail}
          data-testid="incident-photo"
        />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {item.boxes.map(([x, y, w, h]) => (
            <rect key={`${x},${y},${w},${h}`} x={x} y={y} width={w} height={h} />
          ))}
        </svg>
      </span>
    </span>
  );
}
