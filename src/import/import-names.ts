/** Ids of an execution that a log may give; others get one from their content. */
const executionIdPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** The execution's id: the session's own, so that it is the same everywhere. */
export function toExecutionId(sessionId: string, sha256: string): string {
  return executionIdPattern.test(sessionId) ? sessionId : `imported-${sha256.slice(0, 32)}`;
}

const clean = (text: string, allowed: RegExp, length: number): string => text.replaceAll(allowed, '_').slice(0, length);

export function toFlowId(name: string | undefined): string {
  const id = clean(name ?? '', /[^A-Za-z0-9_.-]/g, 100);
  return /^[A-Za-z0-9_]/.test(id) && id !== '__proto__' ? id : `imported${id}`.slice(0, 100);
}

/** Ids of steps, each once: what is called as another one gets a number. */
export function toStepIds(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map(name => {
    const cleaned = clean(name, /[^A-Za-z0-9_-]/g, 90);
    const base = /^[A-Za-z_]/.test(cleaned) && cleaned !== '__proto__' ? cleaned : `step_${cleaned}`;
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}_${number}`;
    taken.add(id);
    return id;
  });
}

export function toToolName(name: string): string {
  const tool = clean(name, /[^A-Za-z0-9_./:-]/g, 199);
  return /^[A-Za-z0-9_]/.test(tool) ? tool : `_${tool}`;
}
