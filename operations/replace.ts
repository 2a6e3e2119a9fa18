import { replaceInPlace } from "../lifecycle/update/replace.ts";
import { runProgram } from "./program.ts";

await runProgram(replaceInPlace);
