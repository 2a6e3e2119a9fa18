import { bake } from "../lifecycle/update/bake.ts";
import { runProgram } from "./program.ts";

await runProgram(bake);
