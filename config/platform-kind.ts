import { z } from "zod";
import { fieldOf } from "./json.ts";
import type { Problem } from "./problem.ts";

/** Which platform, and what it wants to know. The kinds are `platforms/kinds.ts`; each reads its own settings. */
export interface PlatformSettings {
  kind: string;
}

/** What the configuration has to know of a kind of platform. */
export interface PlatformDeclaration {
  /** Of the settings below `platform`; their `kind` is its name. */
  schema: PlatformObject;
  /** What a stack file says that cannot be done there. It may be wrong in any other way too. Undefined: all can be done. */
  problems?(raw: unknown): Problem[];
  /** A change of `container.memory` makes another unit there; elsewhere it changes in its place. */
  memoryMakesAnew?: true;
}

/** The one that a stack file names; where it names none, the first of the kinds. Undefined: there is none of that name. */
export function platformNamed(
  kinds: readonly PlatformDeclaration[],
  raw: unknown,
): PlatformDeclaration | undefined {
  const named = fieldOf(fieldOf(raw, "platform"), "kind");
  return named === undefined ? kinds[0] : kinds.find(({ schema }) => schema.shape.kind.value === named);
}

export type PlatformObject = z.ZodObject<{ kind: z.ZodLiteral<string> }> & z.ZodType<PlatformSettings>;
export type PlatformSchema = z.ZodType<PlatformSettings, PlatformSettings>;

/** A platform of any of these kinds. */
export function platformSchemaOf(kinds: readonly PlatformDeclaration[]): PlatformSchema {
  const [first, ...rest] = kinds.map(({ schema }) => schema);
  if (first === undefined) throw new Error("There is no kind of platform.");
  const any = rest.length === 0 ? first : z.discriminatedUnion("kind", [first, ...rest]);
  // What zod infers of a list is nothing that each entry has.
  return any as unknown as PlatformSchema;
}
