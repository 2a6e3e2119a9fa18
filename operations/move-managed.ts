import { moveManaged } from "../platforms/clawforce/move-instance.ts";
import { runProgram } from "./program.ts";

await runProgram(moveManaged);
