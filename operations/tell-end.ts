import { tellEnd } from "../lifecycle/update/tell-end.ts";
import { runProgram } from "./program.ts";

await runProgram(tellEnd);
