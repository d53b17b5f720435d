import type { StepStatus } from '../../../persistence/records.ts';

/** How a diagram draws what has a status. */
const classes: Readonly<Record<StepStatus, string>> = {
  pending: 'fill:#f6f8fa,stroke:#8c959f,color:#57606a',
  running: 'fill:#ddf4ff,stroke:#0969da,color:#0a3069',
  retrying: 'fill:#fff8c5,stroke:#9a6700,color:#633c01',
  waiting: 'fill:#fff8c5,stroke:#9a6700,color:#633c01',
  completed: 'fill:#dafbe1,stroke:#1a7f37,color:#0f5323',
  failed: 'fill:#ffebe9,stroke:#cf222e,color:#82071e',
  skipped: 'fill:#eaeef2,stroke:#8c959f,color:#6e7781,stroke-dasharray:5 4',
  cancelled: 'fill:#eaeef2,stroke:#57606a,color:#424a53',
};

/** Writes the classes that nodes belong to, one line for its look and one for its members. */
export function renderStatusClasses(members: ReadonlyMap<string, StepStatus>): string[] {
  return [...Map.groupBy(members, ([, status]) => status)].flatMap(([status, nodes]) => [
    `  classDef ${status} ${classes[status]}`,
    `  class ${nodes.map(([name]) => name).join(',')} ${status}`,
  ]);
}
