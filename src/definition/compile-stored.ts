import { compileFlow } from './compile-flow.ts';
import type { FlowPlan } from './plan.ts';
import type { FlowDefinition } from './schema.ts';

/** Makes a definition that was stored ready to run, also one stored by an earlier version. The digest stays what it was. */
export function compileStored({ definition, digest }: { readonly definition: string; readonly digest: string }): FlowPlan {
  return { ...compileFlow(withoutFreeLabel(JSON.parse(definition) as FlowDefinition)), digest };
}

/** In 0.1.0 `flow_type` was any text and meant nothing. */
function withoutFreeLabel(definition: FlowDefinition): FlowDefinition {
  const { flow_type: flowType, ...rest } = definition;
  return flowType === undefined || flowType === 'static' || flowType === 'dynamic' ? definition : rest;
}
