import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A resource type of an SDK, with each path below its inputs at which the SDK's declarations have an image. */
export type SdkTypes = ReadonlyMap<string, readonly string[]>;

interface Property {
  name: string;
  isList: boolean;
  isText: boolean;
  /** Whole names of the input types that it is made of: `core.v1.PodSpec`. */
  types: readonly string[];
}

/** Interfaces by their whole names. */
type Declarations = Map<string, Property[]>;

/** Walks the declarations of an installed SDK: by its text, as a compiler takes ten times as long. */
export function sdkTypes(name: "@pulumi/kubernetes" | "@pulumi/docker"): SdkTypes {
  const folder = dirname(createRequire(import.meta.url).resolve(name));
  const inputs = declarationsIn(readFileSync(join(folder, "types", "input.d.ts"), "utf8"));
  const images = new Map<string, readonly string[]>();
  const found = new Map<string, readonly string[]>();
  for (const file of resourceFiles(folder)) {
    const [, type] = /__pulumiType = ['"]([^'"]+)['"]/.exec(readFileSync(`${file}.js`, "utf8")) ?? [];
    if (type === undefined) continue;
    const declared = declarationsIn(readFileSync(`${file}.d.ts`, "utf8"));
    const args = [...declared].filter(([each]) => each.endsWith("Args"));
    const paths = args.flatMap(([owner, properties]) => imagesOf(owner, properties, inputs, images));
    found.set(type, [...new Set(paths)].toSorted());
  }
  return found;
}

/** The properties of one declaration of an SDK: `core.v1.PodSpec`, or `ContainerArgs` of the file `container`. */
export function sdkProperties(
  name: "@pulumi/kubernetes" | "@pulumi/docker",
  declared: string,
  file = "types/input",
): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve(name));
  const declarations = declarationsIn(readFileSync(join(folder, `${file}.d.ts`), "utf8"));
  return (declarations.get(declared) ?? []).map((property) => property.name).toSorted();
}

/** Without their endings. */
function resourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : resourceFiles(path);
    return entry.name.endsWith(".d.ts") ? [path.slice(0, -".d.ts".length)] : [];
  });
}

function declarationsIn(text: string): Declarations {
  const declarations: Declarations = new Map();
  const around: string[] = [];
  let owner: Property[] | undefined;
  for (const [, opened, property, type = "", closed] of text.matchAll(declaration)) {
    if (opened !== undefined) {
      around.push(opened);
      owner = [];
      declarations.set(around.join("."), owner);
    } else if (closed !== undefined) {
      around.pop();
      owner = undefined;
    } else if (property !== undefined) owner?.push(propertyOf(property, type));
  }
  return declarations;
}

/** The head of a namespace, class or interface; a property with its type, which can have several lines; an end. */
const declaration =
  /^ *(?:export )?(?:declare )?(?:namespace|interface|class) (\w+)[^\n;]*\{$|^ *(?:readonly )?(\w+)\??: ([^;]*?(?:\{[^}]*\}[^;]*?)?);$|^ *(\})$/gm;

function propertyOf(name: string, type: string): Property {
  return {
    name,
    isList: type.includes("[]"),
    isText: /\bstring\b/.test(type),
    types: [...type.matchAll(/inputs\.([\w.]+)/g)].map(([, each = ""]) => each),
  };
}

/** Below a declaration; `known` keeps what was found before. */
function imagesOf(
  owner: string,
  properties: readonly Property[],
  inputs: Declarations,
  known: Map<string, readonly string[]>,
): string[] {
  return properties.flatMap(({ name, isList, isText, types }) => {
    const part = isList ? `${name}[]` : name;
    if (types.length === 0) return isText && holdsImage(owner, name) ? [part] : [];
    return types.flatMap((type) => {
      const before = known.get(type);
      if (before !== undefined) return before.map((path) => `${part}.${path}`);
      // A type that contains itself ends here.
      known.set(type, []);
      const below = imagesOf(type, inputs.get(type) ?? [], inputs, known);
      known.set(type, below);
      return below.map((path) => `${part}.${path}`);
    });
  });
}

/** By the name of a text alone: what a new version of an SDK brings has to be looked at by someone. */
function holdsImage(owner: string, name: string): boolean {
  if (/ImagePull/i.test(name)) return false;
  return /image/i.test(name) || (name === "reference" && /image/i.test(owner));
}
