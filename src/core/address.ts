/** The step itself, when it is not one of the items of a `for_each` step. */
export const noItem = -1;

/** The address below the flow: `balance`, or `balance[3]` for an item; `''` for the flow itself. */
export function toLocalAddress(stepId: string, item: number): string {
  return item === noItem ? stepId : `${stepId}[${item}]`;
}

/** The whole address, as in `orchestrator/flow:<executionId>/step:balance/item:3`. */
export function toAddress(executionId: string, local: string): string {
  const flow = `orchestrator/flow:${executionId}`;
  if (local === '') return flow;
  const bracket = local.indexOf('[');
  return bracket < 0 ? `${flow}/step:${local}` : `${flow}/step:${local.slice(0, bracket)}/item:${local.slice(bracket + 1, -1)}`;
}
