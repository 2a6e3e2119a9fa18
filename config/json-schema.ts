import { z } from "zod";
import { referencePage } from "./reference-page.ts";
import { type StackSchema, secretKeys } from "./schema.ts";
import { bytes, formatBytes, formatDuration, seconds } from "./units.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const namespace = "clawforce:";

/** As `pulumi config set --secret` leaves it in the stack file. */
const secret: JsonSchema = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

const secrets: Record<(typeof secretKeys)[number], JsonSchema> = {
  controlPlanePassword: {
    description:
      "Password of `controlPlane.account`. Needed if there is a `controlPlane`. Set it with `pulumi config set --secret clawforce:controlPlanePassword`.",
    ...reference("secret"),
  },
  gatewayTokens: {
    description:
      "Token of each gateway, by the name of its instance. Needed for every instance that is not `managed`. Set each with `pulumi config set --secret --path 'clawforce:gatewayTokens.<instance>'`.",
    anyOf: [reference("secret"), { type: "object", additionalProperties: reference("secret") }],
  },
  secrets: {
    description:
      "Values for the variables that `container.secrets` names, by names of yours. Set each with `pulumi config set --secret --path 'clawforce:secrets.<name>'`.",
    anyOf: [reference("secret"), { type: "object", additionalProperties: reference("secret") }],
  },
  snapshotPassword: {
    description:
      "Password of the repositories of the snapshots. Always needed: without it no snapshot can be read. Set it with `pulumi config set --secret clawforce:snapshotPassword`.",
    ...reference("secret"),
  },
};

/**
 * The form of a stack file, for editors. What only the program can judge is not in it: names that must be known, waves that
 * must grow, digests that must differ.
 */
export function stackFileSchema(schema: StackSchema): JsonSchema {
  const { properties = {}, required = [], definitions = {} } = inputSchema(schema);
  const keys = Object.fromEntries(
    Object.entries({ ...properties, ...secrets }).map(([key, schema]) => [namespace + key, schema]),
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack file of clawforce-fleet",
    description: "Pulumi.<stack>.yaml. Made from config/schema.ts by `npm run schema`.",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: keys,
        required: required.map((key) => namespace + key),
        // Other namespaces are Pulumi's and its providers'. A key without one Pulumi does not take.
        patternProperties: {
          [`^${namespace}(?!(${[...Object.keys(properties), ...secretKeys].join("|")})$)`]: false,
          "^[^:]*$": false,
        },
      },
    },
    required: ["config"],
    definitions: { ...definitions, secret },
  };
}

/** What one writes for `schema`: of the whole stack the keys of the namespace `clawforce` but the secrets. */
export function inputSchema(schema: z.ZodType): JsonSchema & { definitions?: Record<string, JsonSchema> } {
  return z.toJSONSchema(schema, {
    io: "input",
    // What editors understand best.
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodDefault) showDefault(zodSchema, jsonSchema);
      // Zod leaves them out where a value is transformed, as examples of its output. Ours are of what one writes.
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      // Its own word for a pattern that is there as well.
      if (jsonSchema.format === "starts_with") delete jsonSchema.format;
      // An empty mapping tells nothing of the defaults in it.
      if (JSON.stringify(jsonSchema.default) === "{}") delete jsonSchema.default;
    },
  });
}

/** As one would write it: the schema's own defaults are in seconds and bytes. */
function showDefault({ def }: z.ZodDefault, jsonSchema: JsonSchema): void {
  if (typeof def.defaultValue !== "number") return;
  if (def.innerType === seconds) jsonSchema.default = formatDuration(def.defaultValue).replace(" ", "");
  if (def.innerType === bytes) jsonSchema.default = formatBytes(def.defaultValue);
}

function reference(definition: string): JsonSchema {
  return { $ref: `#/definitions/${definition}` };
}

export function schemaText(schema: StackSchema): string {
  return `${JSON.stringify(stackFileSchema(schema), null, 2)}\n`;
}

/** docs/configuration.md. */
export function pageText(schema: StackSchema): string {
  return referencePage(inputSchema(schema), secrets);
}
