import { connectWindow } from 'flowstone/electron/window';
import { FlowstoneContext, useConnection, useExecution, useExecutions, useFlowstone } from 'flowstone/react';
import type { FormEvent } from 'react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

/** An order, as it stands now. */
function Order({ executionId }: { readonly executionId: string }) {
  const client = useFlowstone();
  const { value, error } = useExecution(executionId);
  if (!value) return <tr><td colSpan={4} className="quiet">{error?.message ?? 'reading …'}</td></tr>;
  const { status, labels, steps, settledAt } = value;
  const asks = steps.some(({ stepId, status: state }) => stepId === 'approve' && state === 'waiting');
  return (
    <tr data-execution={executionId}>
      <td>{labels?.['what']}</td>
      <td className={status}>{status}</td>
      <td><ol>{steps.map(step => <li key={step.stepId} className={step.status}>{step.stepId}: {step.status}</li>)}</ol></td>
      <td>
        <button type="button" disabled={!asks} onClick={() => void client.signal(executionId, 'approved')}>Approve</button>{' '}
        <button type="button" disabled={settledAt !== null} onClick={() => void client.cancel(executionId)}>Cancel</button>
      </td>
    </tr>
  );
}

function Orders() {
  const client = useFlowstone();
  const connection = useConnection();
  const { value: orders, error } = useExecutions({ flowId: 'order', limit: 20 });
  const [what, setWhat] = useState('');
  const isConnected = connection.value === 'open';
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
        <span role="status" className={isConnected ? 'completed' : 'running'}>{isConnected ? 'connected' : 'the runtime is begun again'}</span>
      </header>
      <form onSubmit={place}>
        <input value={what} onChange={event => setWhat(event.target.value)} placeholder="What is ordered" aria-label="What is ordered" />
        <button type="submit">Order</button>
      </form>
      <table>
        <thead><tr><th>order</th><th>state</th><th>steps</th><th /></tr></thead>
        <tbody>{orders?.map(({ executionId }) => <Order key={executionId} executionId={executionId} />)}</tbody>
      </table>
      {error && <p role="alert" className="failed">{error.message}</p>}
      {orders?.length === 0 && <p className="quiet">No orders yet.</p>}
    </>
  );
}

const client = connectWindow();
// For whoever looks from the console.
Object.assign(window, { client });
createRoot(document.getElementById('root') as HTMLElement).render(<FlowstoneContext value={client}><Orders /></FlowstoneContext>);
