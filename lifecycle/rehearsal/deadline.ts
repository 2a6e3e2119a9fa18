import type { MigrationStep } from "../../config/rehearsal-schema.ts";

/** Seconds that a step of a migration may take on a state of so many bytes. */
export function migrationDeadline({ deadline, perGigabyte }: MigrationStep, bytes: number): number {
  return deadline + (perGigabyte * bytes) / 1e9;
}
