import { moveManaged } from "../lifecycle/managed/move.ts";
import { runProgram } from "./program.ts";

await runProgram(moveManaged);
