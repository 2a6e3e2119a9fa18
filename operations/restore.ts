import { restoreBeforeCreate } from "../lifecycle/update/restore.ts";
import { runProgram } from "./program.ts";

await runProgram(restoreBeforeCreate);
