import type { MountedThing, MountSource } from "./mount-source.ts";
import type { NotedRead, Part } from "./noted-read.ts";

/** File systems in memory: nothing of them is left when they are not mounted. */
const inMemory = ["hugetlbfs", "ramfs", "tmpfs"];

/** File systems that show the kernel of the host itself, whatever their device is called, and where a host has them. */
const ofKernel: Readonly<Record<string, string>> = {
  bpf: "/sys/fs/bpf",
  cgroup: "/sys/fs/cgroup",
  cgroup2: "/sys/fs/cgroup",
  configfs: "/sys/kernel/config",
  debugfs: "/sys/kernel/debug",
  devpts: "/dev/pts",
  devtmpfs: "/dev",
  efivarfs: "/sys/firmware/efi/efivars",
  proc: "/proc",
  securityfs: "/sys/kernel/security",
  sysfs: "/sys",
  tracefs: "/sys/kernel/tracing",
};

/** File systems that lay folders of the host over one another: their device says nothing. */
const ofFolders = ["aufs", "fuse.overlayfs", "overlay", "overlayfs"];

/** The options of those that name folders, and whether such a folder is written. */
const folderOptions: Readonly<Record<string, { isWritten: boolean }>> = {
  br: { isWritten: true },
  "datadir+": { isWritten: false },
  dirs: { isWritten: true },
  lowerdir: { isWritten: false },
  "lowerdir+": { isWritten: false },
  upperdir: { isWritten: true },
  workdir: { isWritten: true },
  xino: { isWritten: true },
};

/** What other drivers than Docker's own are told in, where a folder of the host can be meant. */
const toldOptions = ["device", "mountpoint"];

/**
 * What the options of a volume make it stand for. Only Docker's own driver says in them where it keeps a volume.
 *
 * @param driver - path of the driver's name; undefined: take it for Docker's own.
 */
export function optionSources(
  note: NotedRead,
  from: Part,
  driver: string | undefined,
  options: string,
): MountSource[] {
  const name = driver === undefined ? undefined : note.text(from, driver);
  const told = (key: string) => {
    const text = note.text(from, `${options}.${key}`);
    const path = [from.path, options, key].filter((part) => part !== "").join(".");
    return { path, text };
  };
  if (name !== undefined && name !== "local") {
    return toldOptions.map(told).flatMap(({ path, text }) => {
      return text === undefined ? [] : [{ kind: "told" as const, text, path, readOnly: false }];
    });
  }
  const type = (told("type").text ?? "none").toLowerCase();
  const option = told("o");
  const words = wordsOf(option.text ?? "");
  const readOnly = words.findLast((word) => word === "ro" || word === "rw") === "ro";
  const device = told("device");
  const ofDevice = device.text === undefined ? undefined : ofDeviceOption(type, device.text, words);
  return [
    ...(ofDevice === undefined ? [] : [{ ...ofDevice, path: device.path, readOnly }]),
    ...words.flatMap((word) => foldersOf(word, option.path, readOnly)),
  ];
}

/** Separated by commas; a comma that belongs to a name has a backslash before it. */
function wordsOf(options: string): string[] {
  return options.split(/(?<!\\),/).map((word) => word.trim());
}

/** What `type` and `device` say together; undefined: nothing of a host. */
function ofDeviceOption(type: string, device: string, words: readonly string[]): MountedThing | undefined {
  // The engine looks for what has no slash before it from the root.
  if (words.some((word) => word === "bind" || word === "rbind"))
    return { kind: "folder", text: device.startsWith("/") ? device : `/${device}` };
  if (inMemory.includes(type) || ofFolders.includes(type)) return undefined;
  const shown = Object.hasOwn(ofKernel, type) ? ofKernel[type] : undefined;
  if (shown !== undefined) return { kind: "stateless", text: shown };
  if (/^nfs/.test(type)) return nfs(device, words);
  if (/^(cifs|smb)/.test(type)) return cifs(device, words);
  return { kind: "disk", text: device };
}

/** `server:/share`, or `:/share` with the server in `addr`. */
function nfs(device: string, words: readonly string[]): MountedThing {
  const [, server = "", share = device] = /^(\[[^\]]*\]|[^/:]*):(.*)/s.exec(device) ?? [];
  return { kind: "nfs", server: server === "" ? addressIn(words) : server, share };
}

/** `//server/share/folder`, in slashes of either kind; the folder can also stand in `prefixpath`. */
function cifs(device: string, words: readonly string[]): MountedThing {
  const [server = "", ...folders] = device.replace(/^[/\\]{0,2}/, "").split(/[/\\]/);
  const path = `/${[...folders, optionIn(words, "prefixpath")].join("/")}`;
  return { kind: "cifs", server: server === "" ? addressIn(words) : server, share: path };
}

function addressIn(words: readonly string[]): string {
  return optionIn(words, "addr") || optionIn(words, "ip");
}

function optionIn(words: readonly string[], key: string): string {
  return words.findLast((word) => word.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
}

/** `lowerdir=/a:/b`; with aufs a folder has its mode behind it: `br=/a=rw:/b=ro`. */
function foldersOf(word: string, path: string, readOnly: boolean): MountSource[] {
  const [key = ""] = word.split(/[=:]/, 1);
  const option = Object.hasOwn(folderOptions, key) ? folderOptions[key] : undefined;
  if (option === undefined) return [];
  return word
    .slice(key.length + 1)
    .split(/(?<!\\):/)
    .filter((folder) => folder !== "")
    .map((folder) => {
      const [, bare = folder, mode = ""] = /(.*)=(r[ow]|rr)[^/]*$/.exec(folder) ?? [];
      const text = bare.replaceAll(/\\(.)/g, "$1");
      return {
        ...{ kind: "folder" as const, path, text: text.startsWith("/") ? text : `/${text}` },
        readOnly: readOnly || !option.isWritten || ["ro", "rr"].includes(mode),
      };
    });
}
