// A process of its own that asks the owner of a database for something: node ask-owner.ts SOCKET METHOD [ARGUMENT...]
import { connectToOwner } from '../../src/owner/connect-to-owner.ts';

const [address = '', method, executionId = '', ...rest] = process.argv.slice(2);
try {
  const owner = await connectToOwner(address);
  try {
    const answer = await (method === 'signal'
      ? owner.request('signal', { executionId, name: rest[0] ?? '', payload: JSON.parse(rest[1] ?? 'null') })
      : owner.request('cancel', { executionId, ...(rest[0] !== undefined && { message: rest[0] }) }));
    process.stdout.write(JSON.stringify({ answer: answer ?? null }));
  } finally {
    owner.close();
  }
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message }));
}
