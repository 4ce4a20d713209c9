import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Check, CodeXml } from "lucide-react";
import { apiUrl } from "@/lib/gateway";
import { isKnown, threadHead, threadRuns } from "./api";
import { languages, snippet } from "./snippets";

/** Copies what was asked last as code. */
export function CopyRequest({ threadId }: { threadId: string | undefined }) {
  const { copy, copied } = useClipboard({ timeout: 1500 });
  const enabled = isKnown(useQuery(threadHead(threadId)).data);
  const run = useQuery({ ...threadRuns(threadId), enabled }).data?.[0];
  const isReady = enabled && threadId !== undefined && run !== undefined;
  return (
    <Menu position="bottom-end" withinPortal disabled={!isReady}>
      <Menu.Target>
        <Tooltip label={copied ? "Copied" : "Copy the last request as code"} withArrow>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Copy the last request as code"
            disabled={!isReady}
          >
            {copied ? <Check size={18} /> : <CodeXml size={18} />}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {isReady &&
          languages.map((language) => (
            <Menu.Item key={language} onClick={() => copy(snippet(language, { apiUrl, threadId, run }))}>
              Copy as {language}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}
