import { Button, Group, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy, IconExternalLink } from "@tabler/icons-react";

interface CopyFieldProps {
  label: string;
  description?: string;
  /** Undefined while it is loading. */
  value: string | undefined;
  testId: string;
}

/** A link to read, copy or open. */
export function CopyField({ label, description, value, testId }: CopyFieldProps) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label={label}
        description={description}
        value={value ?? ""}
        placeholder="Loading"
        readOnly
        onFocus={(event) => event.currentTarget.select()}
        flex="1 1 16rem"
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
        data-testid={testId}
      />
      <Button
        variant="default"
        w={120}
        disabled={!value}
        leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        onClick={() => clipboard.copy(value)}
        aria-label={`Copy: ${label}`}
      >
        <span aria-live="polite">{clipboard.copied ? "Copied" : clipboard.error ? "Failed" : "Copy"}</span>
      </Button>
      <Button
        variant="default"
        component="a"
        href={value}
        target="_blank"
        rel="noopener"
        leftSection={<IconExternalLink size={16} />}
        aria-label={`Open: ${label}`}
      >
        Open
      </Button>
    </Group>
  );
}
