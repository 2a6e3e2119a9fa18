import type { StackConfig } from "../config/schema.ts";
import { type SurveyedWorkload, survey as surveyOn } from "../lifecycle/update/situation.ts";
import { surveyInWindow as surveyInWindowOn } from "../lifecycle/update/window.ts";
import { platformOf } from "../platforms/of-stack.ts";

/** What the configuration wants, what is there and what is on record, on the platform of the stack. */
export function survey(config: StackConfig, stack: string): Promise<SurveyedWorkload[]> {
  return surveyOn(config, stack, platformOf(config));
}

/** The same, once it is known that what would change may change now. */
export function surveyInWindow(config: StackConfig, stack: string): Promise<SurveyedWorkload[]> {
  return surveyInWindowOn(config, stack, platformOf(config));
}
