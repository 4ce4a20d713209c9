import { createTheme, type MantineColorsTuple, NavLink } from "@mantine/core";

const rail: MantineColorsTuple = [
  "#eef0ff",
  "#dbdffa",
  "#b4bcf0",
  "#8b97e7",
  "#6977df",
  "#5463da",
  "#4959d8",
  "#3a4ac0",
  "#3241ac",
  "#273899",
];

export const theme = createTheme({
  colors: { rail },
  primaryColor: "rail",
  defaultRadius: "md",
  autoContrast: true,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    NavLink: NavLink.extend({ styles: { root: { borderRadius: "var(--mantine-radius-md)" } } }),
  },
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  headings: { fontWeight: "650" },
});
