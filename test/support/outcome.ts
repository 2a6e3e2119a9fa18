import type { spawn } from "node:child_process";
/** What a program did. */
export interface Run {
  code: number | null;
  output: string;
}

/** Of a program that was started: its exit code, and both of its outputs in one. */
export function outcomeOf(child: ReturnType<typeof spawn>): Promise<Run> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
