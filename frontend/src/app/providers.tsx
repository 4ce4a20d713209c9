import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Refused } from "@/lib/gateway";
import { theme } from "./theme";

/** What the gateway has refused once it will refuse again; what did not arrive may next time. */
const retry = (failures: number, error: Error) => failures < 3 && !(error instanceof Refused);

const queries = new QueryClient({ defaultOptions: { queries: { retry, staleTime: 1000 } } });

export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </MantineProvider>
  );
}
