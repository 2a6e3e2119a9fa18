import type { ControlPlaneDatabase } from "../control-plane.ts";
import { OperationFailure } from "../failure.ts";
import type { Platform } from "../platform.ts";

/**
 * Sets an instance's image where the control plane reads it at the next restart: the documented way for one whose API has
 * no field for it. It may run meanwhile, because SQLite's own locks keep the two writers apart.
 */
export async function writeImageToDatabase(
  platform: Pick<Platform, "job">,
  database: ControlPlaneDatabase,
  instance: string,
  image: string | null,
): Promise<void> {
  const result = await platform.job({
    workload: `${database.controlPlane}/database`,
    purpose: "setting of an instance's image",
    image: database.tools,
    // mode=rw: a wrong path is an error and not a new, empty database.
    argv: ["sqlite3", "-batch", "-bail", `file:/data/${database.file}?mode=rw`],
    places: [{ from: database.data, at: "/data", readOnly: false }],
    stdin: imageStatement(instance, image),
    deadline: 60,
  });
  const where = `${database.file} of ${database.controlPlane}`;
  if (result.exitCode !== 0) {
    throw new OperationFailure(
      `the image of ${instance} can't be written to ${where}: ${result.stderr.trim()}. Correct \`controlPlane.database\`, ` +
        "or set the image in the control plane by hand.",
    );
  }
  if (result.stdout.trim().split("\n").at(-1) !== "1") {
    throw new OperationFailure(
      `${where} has no instance ${instance}: nothing was changed. Correct \`instances\`.`,
    );
  }
}

/** Ends with the number of rows that were changed. */
export function imageStatement(instance: string, image: string | null): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(instance)) {
    throw new OperationFailure(`${JSON.stringify(instance)} is not the name of an instance.`);
  }
  if (image !== null && !/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(image)) {
    throw new OperationFailure(`${JSON.stringify(image)} is not an image reference.`);
  }
  const value = image === null ? "NULL" : `'${image}'`;
  return [
    ".timeout 10000",
    "BEGIN IMMEDIATE;",
    `UPDATE instances SET container_image = ${value} WHERE name = '${instance}';`,
    "SELECT changes();",
    "COMMIT;",
    "",
  ].join("\n");
}
