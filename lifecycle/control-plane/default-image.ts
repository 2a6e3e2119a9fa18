import type { ControlPlaneApi } from "../../platforms/control-plane-api.ts";
import { OperationFailure } from "../../platforms/failure.ts";

/** The setting that new instances, and those without an image of their own, follow. */
const settingKey = "default_agent_image";

export async function readDefaultImage(api: Pick<ControlPlaneApi, "settings">): Promise<string | null> {
  const value = (await api.settings())[settingKey];
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Sets the image of instances that are made from now on, and reads it back: any key is accepted, known or not.
 *
 * @returns the one of before; null: none was set. Set again, it reverts the change.
 */
export async function setDefaultImage(
  api: Pick<ControlPlaneApi, "settings" | "changeSettings">,
  image: string | null,
): Promise<string | null> {
  const before = await readDefaultImage(api);
  if (before !== image) {
    await api.changeSettings({ [settingKey]: image ?? "" });
    const after = await readDefaultImage(api);
    if (after !== image) {
      throw new OperationFailure(
        `the control plane's default image is ${after ?? "not set"} after it was set to ${image ?? "none"}. ` +
          "Look at its settings, then try again.",
      );
    }
  }
  return before;
}
