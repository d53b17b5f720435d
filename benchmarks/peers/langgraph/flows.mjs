import { join } from 'node:path';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import Database from 'better-sqlite3';
import { measureFlows, toBytesPerStep } from '../measure.mjs';
import { isChain, toSynchronous, work } from '../steps.mjs';

const name = position => `step-${position}`;

/** LangGraph with its SqliteSaver: a node per step, a thread per flow. Outputs are gathered under the step's name. */
export default async function run(parameters, { directory }) {
  const { dependsOn, durability } = parameters;
  const file = join(directory, 'app.db');
  const database = new Database(file);
  const saver = new SqliteSaver(database);
  saver.setup();
  const synchronous = toSynchronous(durability);
  if (synchronous) database.pragma(`synchronous = ${synchronous}`);

  const State = Annotation.Root({ outputs: Annotation({ reducer: (left, right) => ({ ...left, ...right }), default: () => ({}) }) });
  const graph = new StateGraph(State);
  for (const position of dependsOn.keys()) graph.addNode(name(position), async () => ({ outputs: { [position]: await work() } }));
  const hasDependents = new Set(dependsOn.flat());
  for (const [position, before] of dependsOn.entries()) {
    if (before.length === 0) graph.addEdge(START, name(position));
    else graph.addEdge(isChain(dependsOn) ? name(before[0]) : before.map(name), name(position));
    if (!hasDependents.has(position)) graph.addEdge(name(position), END);
  }
  const app = graph.compile({ checkpointer: saver });

  let next = 0;
  // Its own default stores a checkpoint while the next step already runs ('async'); ours is stored before.
  const mode = durability === 'default' ? {} : { durability: 'sync' };
  const measured = await measureFlows(parameters, async () => {
    const { outputs } = await app.invoke({ outputs: {} }, { configurable: { thread_id: `flow-${next++}` }, recursionLimit: 1_000, ...mode });
    if (Object.keys(outputs).length !== dependsOn.length) throw new Error('a step has no output');
  });
  database.close();
  return { ...measured, bytesPerStep: toBytesPerStep(file, parameters) };
}
