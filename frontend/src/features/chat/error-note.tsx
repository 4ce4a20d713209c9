import { Alert, Button, Group, Text } from "@mantine/core";
import { RotateCcw, TriangleAlert } from "lucide-react";
import { CopyButton } from "@/components/ui/copy-button";
import { tell } from "@/lib/errors";

/** What went wrong, in its own words. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { name, message } = tell(error);
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={<TriangleAlert size={18} />}
      title={name ?? "This did not work"}
    >
      <Text fz="sm" mah="8rem" style={{ overflow: "auto", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {message}
      </Text>
      <Group gap="xs" mt="xs">
        {onRetry && (
          <Button
            size="compact-xs"
            color="red"
            variant="light"
            leftSection={<RotateCcw size={12} />}
            onClick={onRetry}
          >
            Try again
          </Button>
        )}
        <CopyButton value={name ? `${name}: ${message}` : message} label="Copy the error" />
      </Group>
    </Alert>
  );
}
