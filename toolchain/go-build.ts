import { join } from "node:path";
import type { Cache } from "./cache.ts";
import { type Argv, answerOf, run } from "./processes.ts";
import { SetUpError } from "./set-up-error.ts";

/** From 1.21 on, Go fetches the newer toolchain that a go.mod asks for by itself. */
const oldestGo = { major: 1, minor: 21 };

/** The folder of one of the Go modules beside this file. */
export function moduleFolder(name: string): string {
  return join(import.meta.dirname, name);
}

/** Refuses a machine whose Go is missing or too old for the fallback builds. */
export async function expectGo(part: string): Promise<void> {
  const version = await answerOf(["go", "env", "GOVERSION"]);
  const problem = goProblem(version);
  if (problem !== undefined) {
    throw new SetUpError(
      `${part} has to be built here, and ${problem}: install Go ${oldestGo.major}.${oldestGo.minor} or newer from https://go.dev/dl, or start again with internet.`,
    );
  }
}

/** What is wrong with a Go of that version, if anything. */
export function goProblem(version: string | undefined): string | undefined {
  if (version === undefined) return "Go is not installed";
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return `its version ${version} cannot be read`;
  const isOldEnough =
    Number(major) > oldestGo.major || (Number(major) === oldestGo.major && Number(minor) >= oldestGo.minor);
  return isOldEnough ? undefined : `its Go ${major}.${minor} is too old`;
}

/**
 * Builds a module of ours with exactly the dependencies of its go.sum. Go's own caches lie in ours, so that clean
 * removes all that the builds left; no C compiler and no git take part.
 */
export async function goBuild(cache: Cache, options: GoBuild): Promise<void> {
  const argv: Argv = [
    "go",
    "build",
    "-trimpath",
    "-mod=readonly",
    "-buildvcs=false",
    "-ldflags",
    ["-s", "-w", ...(options.linkerVariables ?? []).flatMap((variable) => ["-X", variable])].join(" "),
    "-o",
    options.output,
    options.target ?? ".",
  ];
  await run(argv, {
    cwd: options.sources ?? moduleFolder(options.module),
    log: join(cache.logs, `${options.module}.log`),
    env: {
      ...goEnvironment(cache),
      ...(options.large && { GOGC: "400" }),
    },
  });
}

/** For every call of Go: what it downloads and compiles lies in our cache, and no setting of the user's takes part. */
function goEnvironment(cache: Cache): Record<string, string> {
  return {
    CGO_ENABLED: "0",
    GOFLAGS: "-modcacherw",
    GOWORK: "off",
    GOMODCACHE: join(cache.folder, "go", "modules"),
    GOCACHE: join(cache.folder, "go", "build"),
  };
}

/** A module in Go's cache, downloaded when it is not there. */
export interface DownloadedModule {
  readonly folder: string;
  /** Over all files of the module, as it stands in a go.sum: `h1:…`. */
  readonly sum: string;
}

/** @param version exactly one: `v4.24.0` */
export async function goModule(cache: Cache, path: string, version: string): Promise<DownloadedModule> {
  const argv: Argv = ["go", "mod", "download", "-json", `${path}@${version}`];
  // In no module of its own: whoever calls this compares the sum with one that is known.
  const answer = await answerOf(
    argv,
    { ...goEnvironment(cache), GOFLAGS: "-modcacherw -mod=mod" },
    cache.folder,
  );
  if (answer === undefined) {
    throw new SetUpError(
      `\`${argv.join(" ")}\` fails: see whether the Go module proxy can be reached, then start again.`,
    );
  }
  const { Dir, Sum } = JSON.parse(answer) as { Dir: string; Sum: string };
  return { folder: Dir, sum: Sum };
}

export interface GoBuild {
  readonly module: string;
  /** The file to write, or a folder when the target is a tool. */
  readonly output: string;
  /** Default: the module's own main package. */
  readonly target?: string;
  readonly linkerVariables?: readonly string[];
  /** Where the module is when it is put together for the build. Default: beside this file. */
  readonly sources?: string;
  /** The compilers collect garbage less often: a sixth less processor time, for some GB of memory more. Default: no. */
  readonly large?: boolean;
}
