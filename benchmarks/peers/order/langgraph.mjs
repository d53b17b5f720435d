import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import Database from 'better-sqlite3';
import { charge, reserve, ship, toFile } from '../../order/steps.mjs';

const database = new Database(toFile('order.db'));
const State = Annotation.Root({ shelf: Annotation(), receipt: Annotation(), track: Annotation() });
const app = new StateGraph(State)
  .addNode('reserve', async () => ({ shelf: await reserve() }))
  .addNode('charge', async () => ({ receipt: await charge() }))
  .addNode('ship', async ({ shelf }) => ({ track: await ship(shelf) }))
  .addEdge(START, 'reserve')
  .addEdge('reserve', 'charge')
  .addEdge('charge', 'ship')
  .addEdge('ship', END)
  .compile({ checkpointer: new SqliteSaver(database) });
const thread = { configurable: { thread_id: 'order-1' }, durability: 'sync' };
// Whoever starts it has to know whether it goes on: `null` in place of an input.
const { next } = await app.getState(thread);
const { track } = await app.invoke(next.length > 0 ? null : {}, thread);
console.log(track);
database.close();
