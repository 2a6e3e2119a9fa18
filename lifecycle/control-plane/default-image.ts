import type { ControlPlaneApi } from "../../platforms/control-plane-api.ts";
import { OperationFailure } from "../../platforms/failure.ts";

/** What new instances get. */
const usualSettings: readonly string[] = ["default_agent_image"];
/** What instances without an image of their own follow: the first that is set. */
const followed = ["default_container_image", "default_agent_image"];

/** Whether an instance without an image of its own runs this one because the settings say so. */
export async function followsDefault(
  api: Pick<ControlPlaneApi, "settings">,
  image: string,
): Promise<boolean> {
  const settings = await api.settings();
  const named = followed.map((key) => imageIn(settings, key)).find((each) => each !== null) ?? "";
  return named === image || (named !== "" && image.startsWith(`${named}@`));
}

/**
 * Sets the image of instances that are made from now on, and reads it back: any key is accepted, known or not.
 *
 * @param keys - the settings that get it.
 * @returns the one of before, of the first key; null: none was set. Set again, it reverts the change.
 */
export async function setDefaultImage(
  api: Pick<ControlPlaneApi, "settings" | "changeSettings">,
  image: string | null,
  keys: readonly string[] = usualSettings,
): Promise<{ from: string | null; changed: boolean }> {
  const before = await api.settings();
  const others = keys.filter((key) => imageIn(before, key) !== image);
  if (others.length > 0) {
    await api.changeSettings(Object.fromEntries(others.map((key) => [key, image ?? ""])));
    const after = await api.settings();
    const wrong = others.find((key) => imageIn(after, key) !== image);
    if (wrong !== undefined) {
      throw new OperationFailure(
        `the control plane's ${wrong} is ${imageIn(after, wrong) ?? "not set"} after it was set to ${image ?? "none"}. ` +
          "Look at its settings, then try again.",
      );
    }
  }
  return { from: imageIn(before, keys[0] ?? ""), changed: others.length > 0 };
}

function imageIn(settings: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = settings[key];
  return typeof value === "string" && value !== "" ? value : null;
}
