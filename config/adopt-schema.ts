import { z } from "zod";
import { containerName, doc } from "./fields.ts";

const adoptObject = z.strictObject({
  container: containerName.meta(
    doc("Name of the container that runs on the state now.", "openclaw-gateway-1"),
  ),
  without: z
    .array(z.string().min(1))
    .default([])
    .meta(
      doc(
        "What the old container has and the new one need not have, by the keys that `pulumi preview` names.",
        ["labels.traefik.enable"],
      ),
    ),
});

/** A name alone loses nothing. */
export const adopt = z
  .union(
    [
      containerName.transform((container): z.output<typeof adoptObject> => ({ container, without: [] })),
      adoptObject,
    ],
    "expected a container to adopt. Write its name, or a mapping with `container`",
  )
  .meta(
    doc(
      "Container of somebody else's that runs on the state now: its name, or a mapping. The first `pulumi up` takes over from it. Default: none.",
      "openclaw-gateway-1",
    ),
  );

export type AdoptConfig = z.output<typeof adopt>;
