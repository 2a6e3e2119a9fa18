import * as pulumi from "@pulumi/pulumi";

/** An expected failure ends the program with its sentence alone. */
export async function withoutStackTrace<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new pulumi.RunError(error instanceof Error ? error.message : String(error));
  }
}

/** Shows lines to whoever previews or updates. A preview hands them on too; what was planned is no fact afterwards. */
export function tell(lines: string[]): string[] {
  for (const line of lines) {
    void pulumi.log.info(line);
  }
  return pulumi.runtime.isDryRun() ? lines : [];
}
