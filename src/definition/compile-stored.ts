import { readStored } from '../core/stored-value.ts';
import { compileFlow } from './compile-flow.ts';
import type { FlowPlan } from './plan.ts';
import type { FlowDefinition } from './schema.ts';
import { noFunctions, type ValueFunctions, withFunctions } from './value-function.ts';

interface StoredDefinition {
  /** JSON text. */
  readonly definition: string;
  readonly digest: string;
}

/**
 * Makes a definition that was stored ready to run, also one stored by an earlier version. The digest stays what it was.
 *
 * @param functions those that its texts may name
 */
export function compileStored({ definition, digest }: StoredDefinition, functions: ValueFunctions = noFunctions): FlowPlan {
  return { ...compileFlow(withFunctions(withoutFreeLabel(readDefinition({ definition, digest })), functions)), digest };
}

/** Reads what an execution started with. */
export function readDefinition({ definition, digest }: StoredDefinition): FlowDefinition {
  return readStored('definitions.definition', digest, definition);
}

/** In 0.1.0 `flow_type` was any text and meant nothing. */
function withoutFreeLabel(definition: FlowDefinition): FlowDefinition {
  const { flow_type: flowType, ...rest } = definition;
  return flowType === undefined || flowType === 'static' || flowType === 'dynamic' ? definition : rest;
}
