import { retainSnapshots, verify } from "../lifecycle/update/verify.ts";
import { forgetArchives } from "../platforms/clawforce/archives.ts";
import { runProgram } from "./program.ts";

await runProgram((context) =>
  verify(context, context.workload.managed === true ? forgetArchives : retainSnapshots),
);
