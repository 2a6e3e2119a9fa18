import { homedir } from "node:os";
import { join } from "node:path";

/** A path of this machine as a stack file has it: `~/` is the home of whoever runs this. */
export function fromHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
