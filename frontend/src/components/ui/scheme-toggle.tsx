import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { Moon, Sun, SunMoon } from "lucide-react";

const next: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const icons = { auto: SunMoon, light: Sun, dark: Moon };

/** Goes round: as the system, light, dark. */
export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = icons[colorScheme];
  const label = `Colors: ${colorScheme}. Change to ${next[colorScheme]}`;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      title={label}
      aria-label={label}
      onClick={() => setColorScheme(next[colorScheme])}
    >
      <Icon size={18} />
    </ActionIcon>
  );
}
