import { isObject, malformed, notKnown, propertiesOf, type Reached, reach } from "./guarded-read.ts";
import { isFlag, type ReadProblem } from "./noted-read.ts";
import type { Told } from "./verdict.ts";

/** What a resource can have that it should not, in the order of the documentation's table. */
export const privilegeKinds = [
  "unknown",
  "unknownEntry",
  "malformed",
  "opaque",
  "engineSocket",
  "engineAddress",
  "privileged",
  "escalation",
  "hostNamespace",
  "otherContainer",
  "capability",
  "device",
  "unconfined",
  "hostFolder",
  "hostFolderRead",
  "publicBind",
  "openBind",
  "plainSecret",
  "managedContainer",
  "clusterAdmin",
  "wideRole",
] as const;

export type PrivilegeKind = (typeof privilegeKinds)[number];

/** A privilege and the place that gives it. */
export interface Privilege extends Told {
  kind: PrivilegeKind;
  path: string;
}

export interface ReachedText extends Reached {
  value: string;
}

export interface ReachedObject extends Reached {
  value: object;
}

/** One resource under inspection: reads its values by shape and notes each that has none or another. */
export class Inspection {
  readonly #found = new Map<string, Privilege>();

  /** Each once: many questions meet the same unknown part. */
  get found(): readonly Privilege[] {
    return [...this.#found.values()];
  }

  report(kind: PrivilegeKind, path: string, told: Told): void {
    this.#found.set(JSON.stringify([kind, path, told.what]), { kind, path, ...told });
  }

  reportUnknown(path: string): void {
    this.report("unknown", path, {
      what: "the value is not known at preview",
      why: "nobody can review what is not known",
      write: "it as literal text or number, not the output of another resource",
    });
  }

  /** A value among many, of which few say anything about a privilege. */
  reportUnknownEntry(path: string): void {
    this.report("unknownEntry", path, {
      what: "the value is not known at preview",
      why: "it can't be told whether it gives a privilege",
      write: "it as literal text where that is possible; nothing otherwise",
    });
  }

  reportMalformed(path: string, shape: string): void {
    this.report("malformed", path, {
      what: `the value is no ${shape}`,
      why: "what can't be read can't be judged",
      write: `a ${shape}`,
    });
  }

  /** What another reader could not read. */
  reportProblem({ path, problem, shape }: ReadProblem): void {
    if (problem === "unknown") this.reportUnknown(path);
    else this.reportMalformed(path, shape);
  }

  texts(from: Reached, path: string): ReachedText[] {
    return this.#shaped(from, path, "text", (value) => typeof value === "string");
  }

  objects(from: Reached, path: string): ReachedObject[] {
    return this.#shaped(from, path, "object", (value) => isObject(value) && !Array.isArray(value));
  }

  numbers(from: Reached, path: string): (Reached & { value: number })[] {
    return this.#shaped(from, path, "number", (value) => typeof value === "number");
  }

  /** Where a flag is on. */
  flagged(from: Reached, path: string): string[] {
    return this.#shaped(from, path, "true or false", isFlag)
      .filter(({ value }) => value === true || value === "true")
      .map((each) => each.path);
  }

  /** The entries of a map such as labels or annotations. */
  entries(from: Reached, path: string): (Reached & { key: string })[] {
    return this.objects(from, path).flatMap((each) => propertiesOf(each.value, each.path));
  }

  #shaped<Value>(
    from: Reached,
    path: string,
    shape: string,
    isShaped: (value: unknown) => boolean,
  ): (Reached & { value: Value })[] {
    return below(from, path).flatMap((reached) => {
      if (reached.value === notKnown) this.reportUnknown(reached.path);
      else if (reached.value === malformed) this.reportMalformed(reached.path, "list or object");
      else if (!isShaped(reached.value)) this.reportMalformed(reached.path, shape);
      else return [reached as Reached & { value: Value }];
      return [];
    });
  }
}

/** What stands at a path below a place, with its whole path. */
export function below(from: Reached, path: string): Reached[] {
  return reach(from.value, path).map((reached) => ({
    ...reached,
    path: [from.path, reached.path].filter((part) => part !== "").join("."),
  }));
}
