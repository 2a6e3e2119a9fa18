import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { digestPinned, noMutableImage } from "./image-rules.ts";
import { leastPrivilege } from "./least-privilege.ts";

/** All rules of the pack, in the order of their pages in the documentation. */
export const rules: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  noMutableImage,
  digestPinned,
  leastPrivilege,
];
