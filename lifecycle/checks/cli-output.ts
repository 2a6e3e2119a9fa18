/**
 * The JSON document of a command line tool: tools print warnings in front of it. Undefined when there is none, as with
 * `openclaw channels status --json`, which says "Gateway not reachable" as text and ends with 0.
 */
export function jsonOf(output: string): unknown {
  for (const start of [0, output.search(/^[[{]/m)]) {
    try {
      return JSON.parse(output.slice(Math.max(0, start)));
    } catch {
      // Perhaps there is something in front of it.
    }
  }
  return undefined;
}

/** One line for the operator: control characters and colours out, 300 characters at most. */
export function oneLine(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
      .replace(/\u001b\[[0-9;]*m/g, "")
      .trim()
      .replace(/\s+/g, " ")
      .slice(0, 300)
  );
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}
