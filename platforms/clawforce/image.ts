import type { SetImageBy } from "../control-plane.ts";
import { ApiRefusal } from "../control-plane-api.ts";
import { OperationFailure } from "../failure.ts";
import type { Platform } from "../platform.ts";
import { type ControlPlaneClient, UnknownOutcome } from "./client.ts";
import { writeImageToDatabase } from "./database.ts";

/** The row of an instance, and the ways to it. */
interface InstanceRow {
  id: number;
  name: string;
  client: ControlPlaneClient;
  /** The host of the control plane's database. */
  platform: Platform;
  /** What is set now; null follows the default image. */
  current(): Promise<string | null>;
}

/** Sets an instance's image and reads it back: an API without a field for it answers 200 and keeps what it had. */
export async function setImage(
  row: InstanceRow,
  image: string | null,
  { way, database }: SetImageBy,
): Promise<"api" | "database" | "none"> {
  const { client, name } = row;
  const before = await row.current();
  if (before === image) {
    return "none";
  }
  if (way !== "database") {
    await putImage(row, image);
    if ((await row.current()) === image) {
      return "api";
    }
  }
  if (way === "api") {
    throw new OperationFailure(
      `the control plane's API takes no image for ${name}: it answered, and kept ${before ?? "the default"}. ` +
        "Write `setImage: database` or `auto` under `clawforce:controlPlane`, or set it in the control plane by hand.",
    );
  }
  if (database === undefined) {
    throw new OperationFailure(
      `the control plane takes no image for ${name}, and its database is not on this Docker host. ` +
        "Write `clawforce:controlPlane.data`, or set the image in the control plane by hand.",
    );
  }
  await writeImageToDatabase(row.platform, database, name, image);
  if ((await row.current()) === image) {
    return "database";
  }
  throw new OperationFailure(
    `the image of ${name} was written to ${database.file} of ${database.controlPlane}, but the ` +
      `control plane at ${client.target} still shows another one: is that its database?`,
  );
}

/** What came of it is read back by the caller: neither a success nor a refusal says it. */
async function putImage({ client, id }: InstanceRow, image: string | null): Promise<void> {
  try {
    await client.putContainerImage(id, image);
  } catch (error) {
    const isRefusedField = error instanceof ApiRefusal && [400, 404, 405, 422].includes(error.status);
    if (!isRefusedField && !(error instanceof UnknownOutcome)) {
      throw error;
    }
  }
}
