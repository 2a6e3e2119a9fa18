import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const docker = "platforms/docker";
const kubernetes = "platforms/kubernetes";
const clawforce = "platforms/clawforce";
const kamal = "platforms/proxies/kamal";
/** What there is to choose from, and what is chosen for a stack. */
const kinds = "platforms/kinds.ts";
const ofStack = "platforms/of-stack.ts";
/** Which kinds of platform and of check a stack file may name. */
const stackConfig = "lifecycle/stack-config.ts";

/** Package -> the only places that may import it, beside tests and measurements. */
const owners: Readonly<Record<string, readonly string[]>> = {
  dockerode: [docker, clawforce, "demo"],
  ws: [kubernetes, "demo"],
};

/** Place -> the places it may import from, its own always included. `*`: any. */
const arrows: Readonly<Record<string, readonly string[] | "*">> = {
  "index.ts": ["config", "components", "lifecycle", "platforms", ofStack, stackConfig, kamal],
  components: ["config", "platforms"],
  operations: ["config", "lifecycle", "platforms", ofStack, kamal],
  lifecycle: ["config", "platforms"],
  [stackConfig]: ["config", "lifecycle", kinds],
  "lifecycle/schema-files.ts": ["config", "lifecycle", stackConfig],
  platforms: ["config"],
  [docker]: ["config", "platforms", clawforce],
  [kubernetes]: ["config", "platforms", clawforce],
  // It is driven through the control plane's own API, and what its instances really run is read on their Docker host.
  [clawforce]: ["config", "platforms", docker],
  [kamal]: ["config", "platforms"],
  [kinds]: ["platforms", docker, kubernetes],
  [ofStack]: ["config", "platforms", kinds, kamal],
  // Docker is asked by `pin` for the credentials of this machine, and its host looked at by `doctor`.
  fleet: ["config", "lifecycle", "operations", "platforms", ofStack, stackConfig, docker, "review"],
  // Both judge what the rest makes, and call the same things by the same names.
  review: ["config", "policies"],
  demo: ["fleet", "config", "lifecycle", "platforms", docker, kubernetes, clawforce, "toolchain"],
  toolchain: [],
  config: [],
  policies: [],
  test: "*",
  bench: "*",
  "vitest.config.ts": ["test"],
};
const ownPlaces = Object.keys(arrows).filter((place) => place.includes("/"));

const longest = 400;

interface Source {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
}

/** What a source file does against the rules, one sentence each. */
function violations({ path, text }: Source): string[] {
  return [
    ...lengthViolations(text),
    ...placeViolations(path),
    ...nameViolations(path),
    ...exportViolations(path, text),
    ...importViolations(path, text),
    ...packageViolations(path, text),
  ].map((violation) => `${path} ${violation}`);
}

function lengthViolations(text: string): string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > longest ? [`has ${lines} lines, more than ${longest}`] : [];
}

function placeViolations(path: string): string[] {
  const place = placeOf(path);
  return Object.hasOwn(arrows, place) ? [] : [`stands in ${place}, which has no row in the table of arrows`];
}

function nameViolations(path: string): string[] {
  const name = posix.basename(path);
  if (/(^|-)(utils?|helpers?)\./.test(name)) return ["has a name that says nothing"];
  const isEntry = path === "index.ts" || path === "policies/index.ts";
  return name === "index.ts" && !isEntry ? ["is a barrel: import from the files themselves"] : [];
}

function exportViolations(path: string, text: string): string[] {
  const isReadByVitest =
    posix.basename(path) === "vitest.config.ts" ||
    /^test\/(support\/(time-budget|results|file-order)|mutation\/(changes-in-place|stop-at-failure))\.ts$/.test(
      path,
    );
  return !isReadByVitest && hasDefaultExport(text) ? ["has a default export"] : [];
}

function hasDefaultExport(text: string): boolean {
  // Parsing each file whole takes longer than all the rest.
  if (!/\bdefault\b|\bexport\s*=/.test(text)) return false;
  return ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest).statements.some((statement) => {
    if (ts.isExportAssignment(statement)) return true;
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      return (
        clause !== undefined &&
        ts.isNamedExports(clause) &&
        clause.elements.some(({ name }) => name.text === "default")
      );
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false;
  });
}

/** The files that a file imports, from the root. */
function targetsOf(path: string, text: string): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)));
}

/** The first circle of files that is found, its first file again at its end; undefined: there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[] | undefined => {
    const before = way.indexOf(file);
    if (before !== -1) return [...way.slice(before), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const circle = follow(next, [...way, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = follow(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function importViolations(path: string, text: string): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .flatMap((specifier) => {
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      const [from, to] = [placeOf(path), placeOf(target)];
      const allowed = arrows[from] ?? [];
      return [
        ...(/\.(ts|json)$/.test(specifier) ? [] : [`imports ${specifier} without its ending .ts`]),
        ...(target.startsWith("../") ? [`imports ${specifier} from outside`] : []),
        ...(allowed === "*" || to === from || allowed.includes(to)
          ? []
          : [`imports ${specifier}: no arrow from ${from} to ${to}`]),
      ];
    });
}

function packageViolations(path: string, text: string): string[] {
  const place = placeOf(path);
  return importsOf(text).flatMap((specifier) => {
    const allowed = owners[specifier];
    return allowed === undefined || allowed.includes(place) || arrows[place] === "*"
      ? []
      : [`imports ${specifier}, which is for ${allowed.join(" and ")}`];
  });
}

/** Static, re-exported, dynamic and type-only ones; none from comments and texts. */
function importsOf(text: string): string[] {
  const scanned = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return [...new Set(scanned)];
}

/** A folder at the top; below `platforms`, where the interfaces stand, each platform is a place of its own. */
function placeOf(path: string): string {
  const own = ownPlaces.find((place) => path === place || path.startsWith(`${place}/`));
  return own ?? path.split("/")[0] ?? path;
}

function sourcesBelow(root: string, folder = root): Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return sourcesBelow(root, path);
    if (!entry.isFile() || !entry.name.endsWith(".ts")) return [];
    return [{ path: relative(root, path).split(sep).join("/"), text: readFileSync(path, "utf8") }];
  });
}

const sources = sourcesBelow(join(dirname(fileURLToPath(import.meta.url)), "..", ".."));

describe("every source file", () => {
  test("is found", () => {
    const places = new Set(sources.map(({ path }) => placeOf(path)));
    expect([...places]).toEqual(expect.arrayContaining(["config", "test"]));
  });

  test("follows the arrows, is short, and is named and exported for what it is", () => {
    expect(sources.flatMap(violations)).toEqual([]);
  });

  test("of a unit test starts no process: that is for test/fixtures", () => {
    const units = sources.filter(({ path }) => path.startsWith("test/unit/"));
    const starting = units.filter(({ text }) => importsOf(text).includes("node:child_process"));
    expect(starting.map(({ path }) => path)).toEqual([]);
  });
});

describe("imports", () => {
  test("form no circle, of types neither", () => {
    expect(circleIn(new Map(sources.map(({ path, text }) => [path, targetsOf(path, text)])))).toBeUndefined();
  });

  test("that form one are named in their order", () => {
    const graph = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts", "d.ts"]],
      ["c.ts", []],
      ["d.ts", ["b.ts"]],
    ]);
    expect(circleIn(graph)).toEqual(["b.ts", "d.ts", "b.ts"]);
  });
});

describe("the scan", () => {
  test.each([
    ["components/workload.ts", 'import type { Check } from "../config/schema.ts";'],
    ["components/a.ts", 'import type { A } from "../platforms/resources.ts";'],
    ["index.ts", 'import { a } from "./components/workload.ts"; import { b } from "./config/load.ts";'],
    ["operations/gate.ts", 'export { a } from "../lifecycle/update/gate.ts";'],
    ["lifecycle/a.ts", 'import type { Platform } from "../platforms/platform.ts";'],
    ["demo/run.ts", 'const a = await import("../toolchain/find.ts");'],
    ["test/unit/x.test.ts", 'import { a } from "../../components/workload.ts";'],
    [
      "config/a.ts",
      'import { readFileSync } from "node:fs"; import { z } from "zod"; import a from "./a.json" with { type: "json" };',
    ],
    [
      "config/a.ts",
      '// import { a } from "../components/a.ts";\nconst text = `import "../fleet/a.ts"`;\nconst b = { default: 1 };',
    ],
    ["vitest.config.ts", "export default {};"],
    ["policies/index.ts", 'import { a } from "./a.ts";'],
    ["config/a.ts", "x\n".repeat(400)],
  ])("lets %s be (%#)", (path, text) => {
    expect(violations({ path, text })).toEqual([]);
  });

  test.each([
    [
      "config/a.ts",
      'import type { A } from "../components/a.ts";',
      "imports ../components/a.ts: no arrow from config to components",
    ],
    ["config/a.ts", 'import "../index.ts";', "imports ../index.ts: no arrow from config to index.ts"],
    [
      "components/a.ts",
      'export * from "../operations/a.ts";',
      "imports ../operations/a.ts: no arrow from components to operations",
    ],
    [
      "lifecycle/a.ts",
      'export { a } from "../platforms/docker/a.ts";',
      "imports ../platforms/docker/a.ts: no arrow from lifecycle to platforms/docker",
    ],
    [
      "operations/a.ts",
      'const a = await import("../fleet/a.ts");',
      "imports ../fleet/a.ts: no arrow from operations to fleet",
    ],
    [
      "fleet/a.ts",
      'const a = require("../components/a.ts");',
      "imports ../components/a.ts: no arrow from fleet to components",
    ],
    [
      "demo/a.ts",
      'import { a } from "../components/a.ts";',
      "imports ../components/a.ts: no arrow from demo to components",
    ],
    [
      "toolchain/a.ts",
      'import { a } from "../config/a.ts";',
      "imports ../config/a.ts: no arrow from toolchain to config",
    ],
    [
      "components/rooms/a.ts",
      'import { a } from "../../test/a.ts";',
      "imports ../../test/a.ts: no arrow from components to test",
    ],
    [
      "policies/a.ts",
      'import { a } from "../config/a.ts";',
      "imports ../config/a.ts: no arrow from policies to config",
    ],
    [
      "components/a.ts",
      'import { a } from "../policies/a.ts";',
      "imports ../policies/a.ts: no arrow from components to policies",
    ],
    ["other/a.ts", "const a = 1;", "stands in other, which has no row in the table of arrows"],
    ["config/a.ts", 'import { a } from "./b";', "imports ./b without its ending .ts"],
    ["config/a.ts", 'import { a } from "./b.js";', "imports ./b.js without its ending .ts"],
    ["test/a.ts", 'import { a } from "../../a.ts";', "imports ../../a.ts from outside"],
    ["config/a.ts", "export default 1;", "has a default export"],
    ["config/a.ts", "export default function a() {}", "has a default export"],
    ["config/a.ts", "const a = 1; export { a as default };", "has a default export"],
    ["config/text-utils.ts", "", "has a name that says nothing"],
    ["test/support/helper.ts", "", "has a name that says nothing"],
    ["config/index.ts", "", "is a barrel: import from the files themselves"],
    ["config/a.ts", "x\n".repeat(401), "has 401 lines, more than 400"],
    [
      "lifecycle/a.ts",
      'import WebSocket from "ws";',
      "imports ws, which is for platforms/kubernetes and demo",
    ],
  ])("refuses %s: %s", (path, text, violation) => {
    expect(violations({ path, text })).toEqual([`${path} ${violation}`]);
  });
});
