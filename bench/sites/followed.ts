import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "../../test/support/world.ts";
import type { Life } from "../update-figures.ts";

export interface Line {
  text: string;
  /** When it came. Milliseconds since 1970. */
  at: number;
}

/** A client that watches a gateway being replaced. */
export interface Watch {
  /** Waits until it was replaced, and serves. */
  life(): Promise<Life>;
  close(): Promise<void>;
}

/** Reads what a client prints while it watches, until the lines tell a whole life. */
export function followed(
  program: string,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  lifeIn: (lines: readonly Line[]) => Life | undefined,
): Watch & { lines: readonly Line[] } {
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (text) => lines.push({ text, at: Date.now() }));
  const ended = once(child, "close");
  return {
    lines,
    life: async () => {
      await until("the watch has seen it replaced", async () => lifeIn(lines) !== undefined);
      return lifeIn(lines) as Life;
    },
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
