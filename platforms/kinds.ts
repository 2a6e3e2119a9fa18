import { dockerKind } from "./docker/kind.ts";
import type { PlatformKind } from "./kind.ts";
import { kubernetesKind } from "./kubernetes/kind.ts";

/** The platforms that there are. The first one is taken where a stack names none. */
export const platformKinds: readonly [PlatformKind, ...PlatformKind[]] = [dockerKind, kubernetesKind];
