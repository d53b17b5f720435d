import { defineFlow } from 'flowstone';

export const token = 'soak-token-of-32-characters-00000';
const steps = 30;

/** Waits to be told, then takes thirty steps, one after the other. */
export const chain = defineFlow({
  id: 'chain',
  steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }, ...Array.from({ length: steps }, (_, place) => ({ id: `s${place}`, uses: 'tool:tick', depends_on: [place > 0 ? `s${place - 1}` : 'go'] }))],
});
