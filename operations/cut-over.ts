import { cutOver } from "../lifecycle/update/cut-over.ts";
import { runProgram } from "./program.ts";

await runProgram(cutOver);
