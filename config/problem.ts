export type Path = readonly (string | number)[];

/** One thing wrong with the configuration. */
export interface Problem {
  /** Below the namespace: `["instanceGroups", "support", "wave"]`. */
  path: Path;
  /** Rule and remedy: sentences, the first in lower case, the last with its full stop. */
  message: string;
  /** Nothing is known of what stands here: no other rule can judge it. */
  unknownKey?: true;
}

/** The configuration is refused. The message lists every problem with its remedy; nothing has been touched. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `  ${pathText(problem.path)}: ${problem.message}`);
    super([`The stack configuration has ${count}; nothing was touched.`, ...lines].join("\n"));
    this.problems = problems;
  }
}

/** As `pulumi config set --path` takes it: `clawforce:instanceGroups.support.waves[1]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part, index) => {
    if (index === 0) return `clawforce:${part}`;
    if (typeof part === "number") return `${text}[${part}]`;
    return /^[A-Za-z0-9_-]+$/.test(part) ? `${text}.${part}` : `${text}[${JSON.stringify(part)}]`;
  }, "clawforce:");
}
