import type { PolicyResource } from "@pulumi/policy";
import { isObject, itemsOf, notKnown, propertiesOf, read } from "./guarded-read.ts";
import { jsonObject } from "./json.ts";
import type { Finding } from "./rule.ts";
import { type Unread, unreadProperty } from "./unread.ts";

/** Runs in place of the program when only what it is told has changed, and hands its result on. */
const keepResult = "operations/keep-result.ts";
/** The variables that a program takes begin with it; its task comes by standard input. */
const ownVariables = "CLAWFORCE_";

type ProgramFinding = Unread | Finding<"otherProgram" | "frozen">;

/**
 * Whether a command runs this program of the fleet, and nothing else: one that only has its name proves nothing. None
 * where `--target` leaves a command out that was never made.
 *
 * @param rests - its workload stays as it is: then a command that stays as a whole has nothing to run for, and is still
 * judged as it is.
 */
export function programFindings(command: PolicyResource, program: string, rests: boolean): ProgramFinding[] {
  if (isLeftOut(command)) return [];
  const { name, urn, props, opts } = command;
  const findings = [
    ...[
      { path: "create", wanted: program },
      { path: "update", wanted: keepResult },
      { path: "delete", wanted: "" },
      { path: "dir", wanted: "" },
    ].map(({ path, wanted }) => {
      const value = read(props, path);
      return { path, value, isRight: (value ?? "") === wanted };
    }),
    ...interpreter(props),
    ...environment(props),
  ].flatMap(({ path, value, isRight }): ProgramFinding[] => {
    if (value === notKnown) return [unreadProperty(command, { path, problem: "unknown" })];
    return isRight ? [] : [otherProgram(command, path, program)];
  });
  const ignored = opts.ignoreChanges;
  const staysWhole = rests && ignored.length === 1 && ignored[0] === "*";
  const frozen = (staysWhole ? [] : ignored).map(
    (path): ProgramFinding => ({
      ...{ kind: "frozen", resource: name, urn, path: "ignoreChanges" },
      what: `changes of ${path} are ignored`,
      why: "it would not run, or not for what was reviewed",
      write: "no ignoreChanges",
    }),
  );
  return [...findings, ...frozen];
}

interface Judged {
  path: string;
  value: unknown;
  isRight: boolean;
}

function interpreter(props: object): Judged[] {
  const value = read(props, "interpreter");
  if (!Array.isArray(value)) return [{ path: "interpreter", value, isRight: false }];
  const items = itemsOf(value, "interpreter");
  const unknown = items.find((item) => item.value === notKnown);
  if (unknown !== undefined) return [{ ...unknown, isRight: false }];
  return [{ path: "interpreter", value, isRight: items.length === 1 && items[0]?.value === "node" }];
}

/** Any other variable could have node run something else first. */
function environment(props: object): Judged[] {
  const value = read(props, "environment");
  if (!isObject(value)) return [{ path: "environment", value, isRight: false }];
  return propertiesOf(value, "environment")
    .filter(({ key }) => !key.startsWith(ownVariables))
    .map(({ path }) => ({ path, value, isRight: false }));
}

function otherProgram({ name, urn }: PolicyResource, path: string, program: string): ProgramFinding {
  return {
    ...{ kind: "otherProgram", resource: name, urn, path },
    what: `it is not ${program}, run by node and by nothing else`,
    why: "nobody knows what another program does or leaves out",
    write: `create ${program}, update ${keepResult}, interpreter ["node"], no delete, no dir and no variables but ${ownVariables}…`,
  };
}

/** Not in this update, and never made: an update with `--target` shows such a one without properties. */
export function isLeftOut({ props }: PolicyResource): boolean {
  return Object.keys(props).length === 0;
}

/** Whether a program is told to work on this workload with this image: undefined when that is not known. */
export function isToldOf(
  { props }: PolicyResource,
  workload: string,
  isImage: (image: unknown) => boolean,
): boolean | undefined {
  const task = read(props, "stdin");
  if (task === notKnown) return undefined;
  const told = jsonObject(task);
  const on = told && read(told, "workload");
  return isObject(on) && read(on, "name") === workload && isImage(read(on, "image"));
}
