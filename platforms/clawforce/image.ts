import { ApiRefusal, UnknownOutcome } from "../../lifecycle/control-plane/client.ts";
import { OperationFailure } from "../failure.ts";
import { type ControlPlaneDatabase, writeImageToDatabase } from "./database.ts";
import { type ManagedContext, readManaged } from "./instance.ts";

export interface SetImageOptions {
  /** The reference for the instance's row; null lets it follow the default image. */
  image: string | null;
  /** `auto`: the API where it takes an image, else the database. */
  way: "auto" | "api" | "database";
  /** Needed for the database. */
  database?: ControlPlaneDatabase;
}

export interface ManagedImage {
  kind: "managed-image";
  instance: string;
  before: string | null;
  after: string | null;
  /** `none`: it was set already. */
  way: "api" | "database" | "none";
}

/** Sets an instance's image and reads it back: an API without a field for it answers 200 and keeps what it had. */
export async function setImage(context: ManagedContext, options: SetImageOptions): Promise<ManagedImage> {
  const { instance } = context;
  const { image } = options;
  const { id, containerImage: before } = await readManaged(context);
  const isSet = async () => (await readManaged(context)).containerImage === image;
  const result = (way: ManagedImage["way"]): ManagedImage => {
    context.progress(
      way === "none" ? "image: set already" : `image: set to ${image ?? "the default"} (${way})`,
    );
    return { kind: "managed-image", instance, before, after: image, way };
  };
  if (before === image) {
    return result("none");
  }
  if (options.way !== "database") {
    await putImage(context, id, image);
    if (await isSet()) {
      return result("api");
    }
  }
  if (options.way === "api") {
    throw new OperationFailure(
      `the control plane's API takes no image for ${instance}: it answered, and kept ${before ?? "the default"}. ` +
        "Write `setImage: database` or `auto` under `clawforce:controlPlane`, or set it in the control plane by hand.",
    );
  }
  if (options.database === undefined) {
    throw new OperationFailure(
      `the control plane takes no image for ${instance}, and its database is not on this Docker host. ` +
        "Write `clawforce:controlPlane.data`, or set the image in the control plane by hand.",
    );
  }
  await writeImageToDatabase(context.docker, options.database, instance, image);
  if (await isSet()) {
    return result("database");
  }
  throw new OperationFailure(
    `the image of ${instance} was written to ${options.database.file} of ${options.database.controlPlane}, but the ` +
      `control plane at ${context.client.target} still shows another one: is that its database?`,
  );
}

/** What came of it is read back by the caller: neither a success nor a refusal says it. */
async function putImage({ client }: ManagedContext, id: number, image: string | null): Promise<void> {
  try {
    await client.putContainerImage(id, image);
  } catch (error) {
    const isRefusedField = error instanceof ApiRefusal && [400, 404, 405, 422].includes(error.status);
    if (!isRefusedField && !(error instanceof UnknownOutcome)) {
      throw error;
    }
  }
}
