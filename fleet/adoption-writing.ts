import type { Adoption, AdoptionSource } from "../platforms/adoption.ts";
import { takeSecretsOver } from "./adoption-secrets.ts";
import type { Output } from "./command.ts";
import type { NamedStack } from "./stack.ts";
import type { Edit } from "./stack-edit.ts";
import { StackFileChange } from "./stack-file-change.ts";

interface Writing {
  named: NamedStack;
  /** The stack file. */
  file: string;
  source: AdoptionSource;
  out: Output;
}

/** Writes the lines of what is adopted into the stack file, and hands the secrets of the containers over. */
export async function writeAdoption(
  { named, file, source, out }: Writing,
  adoptions: readonly Adoption[],
  edits: readonly Edit[],
): Promise<void> {
  const planned = () => StackFileChange.plan(file, edits, { placeholdersMayStay: true });
  // Before anything is written: whether the stack file is one then.
  planned();
  await takeSecretsOver(named, source, adoptions);
  const change = planned();
  await change.write();
  change.show(out);
}
