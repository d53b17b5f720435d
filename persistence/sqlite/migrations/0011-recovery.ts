/** How a step is being recovered, or was. */
export const recovery = `
ALTER TABLE steps ADD COLUMN recovery TEXT CONSTRAINT step_recovery CHECK (CASE recovery
  WHEN 'alternative' THEN 1 WHEN 'ask' THEN 1 WHEN 'retry' THEN 1 WHEN 'skip' THEN 1 WHEN 'output' THEN 1 ELSE recovery IS NULL END);
`;
