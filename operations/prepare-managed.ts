import { prepareManaged } from "../lifecycle/managed/prepare.ts";
import { runProgram } from "./program.ts";

await runProgram(prepareManaged);
