import { connectWindow } from 'flowstone/electron/window';
import type { FormEvent } from 'react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { FlowstoneClient } from './client.ts';
import { useConnection, useOrders } from './use-orders.ts';

function Orders({ client }: { readonly client: FlowstoneClient }) {
  const { orders, failure } = useOrders(client);
  const { value } = useConnection(client);
  const [what, setWhat] = useState('');
  const place = (event: FormEvent): void => {
    event.preventDefault();
    if (what.trim() === '') return;
    void client.start('order', { input: { what }, labels: { what } });
    setWhat('');
  };
  return (
    <>
      <header>
        <h1>Orders</h1>
        <span role="status" className={value === 'open' ? 'completed' : 'running'}>{value === 'open' ? 'connected' : 'the runtime is begun again'}</span>
      </header>
      <form onSubmit={place}>
        <input value={what} onChange={event => setWhat(event.target.value)} placeholder="What is ordered" aria-label="What is ordered" />
        <button type="submit">Order</button>
      </form>
      <table>
        <thead><tr><th>order</th><th>state</th><th>steps</th><th /></tr></thead>
        <tbody>
          {orders.map(({ executionId, status, what: text, steps }) => (
            <tr key={executionId} data-execution={executionId}>
              <td>{text}</td>
              <td className={status}>{status}</td>
              <td><ol>{steps.map(step => <li key={step.id} className={step.status}>{step.id}: {step.status}</li>)}</ol></td>
              <td>
                <button type="button" disabled={steps[1]?.status !== 'waiting'} onClick={() => void client.signal(executionId, 'approved')}>Approve</button>{' '}
                <button type="button" disabled={status === 'scored' || status === 'failed'} onClick={() => void client.cancel(executionId)}>Cancel</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {failure !== undefined && <p role="alert" className="failed">{failure}</p>}
      {orders.length === 0 && <p className="quiet">No orders yet.</p>}
    </>
  );
}

const client = connectWindow();
// For whoever looks from the console.
Object.assign(window, { client });
createRoot(document.getElementById('root') as HTMLElement).render(<Orders client={client} />);
