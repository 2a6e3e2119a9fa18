/**
 * One spelling of an absolute path: `/data/./x/../y//` is `/data/y`. A path of Windows gets its drive and its letters in
 * lower case, as Windows takes them; a relative one is taken from the root.
 */
export function normalised(path: string): string {
  const slashed = isWindowsPath(path) ? `/${path.replaceAll("\\", "/").toLowerCase()}` : path;
  const parts: string[] = [];
  for (const part of slashed.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The path that the host sees: one spelling, and `/var/run` by its real name. */
export function hostPathOf(source: string): string {
  return normalised(source.trim().replaceAll("\\", "/")).replace(/^\/var\/run(?=\/|$)/, "/run");
}

/** The same of a place in which something is kept: the root of a process is that of its host. */
export function keptPathOf(source: string): string {
  const path = hostPathOf(source);
  const root = /^(?:\/proc\/(?:\d+|self|thread-self)(?:\/task\/\d+)?\/root)+(?=\/|$)/.exec(path)?.[0];
  return root === undefined ? path : hostPathOf(path.slice(root.length));
}

export function isWindowsPath(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path);
}

/** A path and all above it, from the root: `/a/b` has `/`, `/a` and itself. */
export function lineageOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
}
