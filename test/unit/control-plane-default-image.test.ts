import { expect, test } from "vitest";
import { setDefaultImage } from "../../lifecycle/control-plane/default-image.ts";

/** As the real one: it takes any key, known or not. */
function controlPlaneWith(settings: Record<string, unknown>, keeps: readonly string[] = []) {
  const writes: object[] = [];
  const api = {
    settings: async () => ({ ...settings }),
    changeSettings: async (change: Record<string, string>) => {
      writes.push(change);
      const taken = Object.entries(change).filter(([key]) => !keeps.includes(key));
      Object.assign(settings, Object.fromEntries(taken));
    },
  };
  return { api: api as never, writes };
}

const both = ["default_agent_image", "default_container_image"];

test("the default image goes to new instances alone unless the stack file names more settings", async () => {
  const { api, writes } = controlPlaneWith({ default_agent_image: "a:1", default_container_image: "a:1" });
  expect(await setDefaultImage(api, "a:2")).toEqual({ from: "a:1", changed: true });
  expect(writes).toEqual([{ default_agent_image: "a:2" }]);
  expect(await setDefaultImage(api, "a:2", both)).toEqual({ from: "a:2", changed: true });
  expect(writes[1]).toEqual({ default_container_image: "a:2" });
  expect(await setDefaultImage(api, "a:2", both)).toEqual({ from: "a:2", changed: false });
});

test("each of them is read back", async () => {
  const { api } = controlPlaneWith({ default_container_image: "a:1" }, ["default_container_image"]);
  await expect(setDefaultImage(api, "a:2", both)).rejects.toThrow(
    "the control plane's default_container_image is a:1 after it was set to a:2",
  );
});
