import { remembered } from "./remembered.ts";

/** The words of a name: `agentImage`, `AGENT_IMAGE` and `agent-image` have the same. */
export const wordsOf: (name: string) => readonly string[] = remembered(
  (name) =>
    name
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .split(/[^a-z0-9]/)
      .filter((word) => word !== ""),
  256 * 1024,
);
