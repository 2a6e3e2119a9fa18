import { serve } from "../lifecycle/update/serve.ts";
import { runProgram } from "./program.ts";

await runProgram(serve);
