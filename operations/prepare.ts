import { prepare } from "../lifecycle/update/prepare.ts";
import { runProgram } from "./program.ts";

await runProgram(prepare);
