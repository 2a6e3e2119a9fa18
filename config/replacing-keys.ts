/** What becomes of a container when a key of the stack file changes. */
export type ChangeOf = "new container" | "in place";

/** Keys of an instance that its container is made with. */
const ofInstance = ["volume", "directory", "publish", "secrets", "mounts", "aliases"];

/** Keys of the control plane that its container is made with. */
const ofControlPlane = ["image", "data", "backups", "publish", "stopGrace"];

/**
 * @param section - a key of the stack file: `instanceGroups`.
 * @param key - one below it, as the page says it: `<name>.container.health.path`.
 * @returns undefined for a key that no container is made with.
 */
export function replaces(section: string, key: string): ChangeOf | undefined {
  if (section === "instanceGroups") return ofGroup(key.replace(/^<name>\.?/, ""));
  if (section !== "controlPlane") return undefined;
  const [top = ""] = key.split(".");
  return ofControlPlane.includes(top) || key === "account.passwordVariable"
    ? "new container"
    : ofContainer(key);
}

function ofGroup(key: string): ChangeOf | undefined {
  const own = /^instances\[\]\.([a-zA-Z]+)/.exec(key)?.[1];
  if (own !== undefined) return ofInstance.includes(own) ? "new container" : undefined;
  return key === "stopGrace" ? "new container" : ofContainer(key);
}

function ofContainer(key: string): ChangeOf | undefined {
  if (key === "container.memory") return "in place";
  return key.startsWith("container.") ? "new container" : undefined;
}
