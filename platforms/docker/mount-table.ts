/** What a mounted path really is: a device, and a place within the file system on it. */
export interface RealPlace {
  /** `8:1` */
  device: string;
  /** From the root of that file system, without a slash at its end: links, bind mounts and volumes are resolved. */
  path: string;
  /** Where it is mounted. */
  at: string;
}

/** The lines of /proc/self/mountinfo. */
export function parseMountTable(text: string): RealPlace[] {
  return text.split("\n").flatMap((line) => {
    const [, , device, root, at] = line.split(" ");
    return device === undefined || root === undefined || at === undefined
      ? []
      : [{ device, path: withoutSlash(unescaped(root)), at: unescaped(at) }];
  });
}

/** What is mounted at a path and below it. */
export function mountedAt(table: readonly RealPlace[], path: string): RealPlace[] {
  return table.filter(({ at }) => at === path || at.startsWith(`${path}/`));
}

/** Whether a path is the other one, or within it. */
export function isWithin(path: string, other: string): boolean {
  return `${withoutSlash(path)}/`.startsWith(`${withoutSlash(other)}/`);
}

export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}

/** The kernel writes spaces and the like as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
