/** The one look of all pages: quiet slate, one teal, system fonts. Colour is never the only sign of anything. */

import { createTheme, type MantineColorsTuple } from "@mantine/core";

const harbor: MantineColorsTuple = [
  "#eff7f8", "#dcecee", "#b5d7dc", "#8bc1c9", "#66adb8", "#4a9aa6", "#358590", "#256f7a", "#1b5c66", "#124850",
];
const danger: MantineColorsTuple = [
  "#fdeeef", "#fadadd", "#f4b4ba", "#ec8c95", "#f08f99", "#dd5a68", "#c93a4a", "#b3202e", "#971a27", "#7d1420",
];
const caution: MantineColorsTuple = [
  "#fff5e6", "#fde6c4", "#f9d093", "#f3b75e", "#f0b95a", "#d69a2d", "#b96a00", "#a05a00", "#8a4b00", "#6f3c00",
];
const slate: MantineColorsTuple = [
  "#e3e7ea", "#b8c0c7", "#97a2ab", "#6d7984", "#46515b", "#39434c", "#252d34", "#191f25", "#13181d", "#0e1216",
];

export const theme = createTheme({
  primaryColor: "harbor",
  primaryShade: 7,
  colors: { harbor, danger, caution, dark: slate },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.5rem", lineHeight: "1.25" }, h2: { fontSize: "1.125rem", lineHeight: "1.3" } },
  },
  components: {
    Card: { defaultProps: { withBorder: true, padding: "lg" } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { backgroundOpacity: 0.45 },
        transitionProps: { duration: 120 },
      },
    },
  },
});
