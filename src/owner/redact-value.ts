/** Takes texts that must not be told out of a value that is JSON. */
export function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  const text = JSON.stringify(value);
  const clean = redact(text);
  return clean === text ? value : (JSON.parse(clean) as unknown);
}
