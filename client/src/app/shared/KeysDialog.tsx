import { Group, Kbd, Modal, Stack, Switch, Text } from "@mantine/core";

interface KeysDialogProps {
  /** What each key does, in the order to show. */
  keys: readonly (readonly [key: string, words: string])[];
  opened: boolean;
  shortcuts: boolean;
  onShortcuts(on: boolean): void;
  onClose(): void;
}

export function KeysDialog({ keys, opened, shortcuts, onShortcuts, onClose }: KeysDialogProps) {
  const wide = keys.some(([key]) => key.length > 3);
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" size="sm">
      <Stack gap="xs">
        {keys.map(([key, words]) => (
          <Group key={key} gap="md" wrap="nowrap">
            <Kbd miw={wide ? 84 : 42} flex="none" ta="center">
              {key}
            </Kbd>
            <Text>{words}</Text>
          </Group>
        ))}
        <Switch
          mt="sm"
          checked={shortcuts}
          onChange={(event) => onShortcuts(event.currentTarget.checked)}
          label="Single-key shortcuts"
          description="Off: none of these letters does anything. Remembered in this browser."
          data-testid="shortcuts"
        />
      </Stack>
    </Modal>
  );
}
