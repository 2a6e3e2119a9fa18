import type { ControlPlaneClient } from "../../lifecycle/control-plane/client.ts";
import { OperationFailure } from "../failure.ts";

/** The setting that new instances, and those without an image of their own, follow. */
const settingKey = "default_agent_image";

export interface DefaultImage {
  kind: "default-image";
  /** Null when none was set. Handed to `setDefaultImage` again, it reverts the change. */
  before: string | null;
  after: string | null;
  changed: boolean;
}

export async function readDefaultImage(client: ControlPlaneClient): Promise<string | null> {
  const value = (await client.settings())[settingKey];
  return typeof value === "string" && value !== "" ? value : null;
}

/** Sets the image of instances that are made from now on, and reads it back: any key is accepted, known or not. */
export async function setDefaultImage(
  client: ControlPlaneClient,
  image: string | null,
): Promise<DefaultImage> {
  const before = await readDefaultImage(client);
  if (before !== image) {
    await client.changeSettings({ [settingKey]: image ?? "" });
    const after = await readDefaultImage(client);
    if (after !== image) {
      throw new OperationFailure(
        `the control plane's default image is ${after ?? "not set"} after it was set to ${image ?? "none"}. ` +
          "Look at its settings, then try again.",
      );
    }
  }
  return { kind: "default-image", before, after: image, changed: before !== image };
}
