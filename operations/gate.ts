import { gate } from "../lifecycle/update/gate.ts";
import { runProgram } from "./program.ts";

await runProgram(gate);
