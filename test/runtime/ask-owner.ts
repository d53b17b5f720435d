// A process of its own that asks the owner of a database for something: node ask-owner.ts SOCKET METHOD [ARGUMENT...]
import { connectToOwner } from '../../src/owner/broker-client.ts';

const [address = '', method, executionId = '', ...rest] = process.argv.slice(2);
try {
  const owner = await connectToOwner(address);
  try {
    const answer = method === 'signal' ? await owner.signal(executionId, rest[0] ?? '', JSON.parse(rest[1] ?? 'null')) : await owner.cancel(executionId, rest[0]);
    process.stdout.write(JSON.stringify({ answer: answer ?? null }));
  } finally {
    owner.close();
  }
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message }));
}
