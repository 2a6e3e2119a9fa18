import type { StackConfig } from "../../config/schema.ts";
import type { EndedProcess } from "../../platforms/child-process.ts";
import type { Platform } from "../../platforms/platform.ts";

/** What an examination has found: that it is well, what is missing, or what no update needs and is better. */
export type Finding =
  | { well: string }
  | { problem: string; remedy: string }
  | { advice: string; remedy: string };

/** What is examined, and how it can be asked. Nothing is changed by any of it. */
export interface Subject {
  stack: string;
  /** The stack file. */
  file: string;
  /** Undefined where the stack file can't be used: its problems are a finding of their own. */
  config: StackConfig | undefined;
  /** Undefined where the stack file does not say which. */
  platform: Platform | undefined;
  env: NodeJS.ProcessEnv;
  /** Runs `pulumi` to its end; rejects where there is none. */
  pulumi: (...argv: string[]) => Promise<EndedProcess>;
  /** The permission bits of a file, and undefined where it is not there. */
  modeOf: (file: string) => number | undefined;
  /** Whether this user may write into a folder, or make it. */
  isWritable: (folder: string) => boolean;
  /** Undefined: the registry has it. Else a sentence that says why not. */
  missingInRegistry: (reference: string) => Promise<string | undefined>;
}

export interface Examination {
  /** One or two words. */
  name: string;
  /** Each of them is said. An error of it is a problem as well. */
  look: (subject: Subject) => Promise<Finding[]>;
}

/** For what depends on something that is not there. */
export const notAsked: Finding[] = [];
