/** Whether single keys do something. Who dictates, or often hits a key by chance, turns them off; this browser remembers. */

import { useLocalStorage } from "@mantine/hooks";

export function useShortcuts(): readonly [boolean, (on: boolean) => void] {
  const [on, setOn] = useLocalStorage({ key: "invigil.shortcuts", defaultValue: true, getInitialValueInEffect: false });
  return [on, setOn];
}
