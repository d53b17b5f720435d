import { Buffer } from 'node:buffer';
import type { EvaluationTask } from '../evaluator/evaluation-task.ts';
import { compileProgram, type Program } from './expression-engine.ts';
import { countBytes, runProgram, tooLarge } from './expression-result.ts';
import { findProblems } from './schema-validator.ts';

const maxPrograms = 1_000;
const programs = new Map<string, Program>();

/**
 * Does what `evaluateApart` asks for, in the thread that is there for it.
 *
 * @param begin called when everything is read: what follows is the work that is limited
 * @returns JSON text
 * @throws a `FlowError` for a mistake in what was asked for
 */
export async function performTask(task: EvaluationTask, begin: () => void): Promise<string> {
  if (task.kind === 'schema') {
    const schema = JSON.parse(task.schema) as object | boolean;
    const value = JSON.parse(task.value) as unknown;
    begin();
    return JSON.stringify(findProblems(schema, value));
  }
  const { source, now, seed, maxBytes } = task;
  const program = getProgram(source);
  const scope = JSON.parse(task.scope) as object;
  begin();
  const result = await runProgram(source, program, scope, { now, seed });
  if (countBytes(result) > maxBytes) throw tooLarge(maxBytes);
  const text = JSON.stringify(result);
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) throw tooLarge(maxBytes);
  return text;
}

function getProgram(source: string): Program {
  const known = programs.get(source);
  if (known) return known;
  if (programs.size >= maxPrograms) programs.clear();
  const program = compileProgram(source);
  programs.set(source, program);
  return program;
}
