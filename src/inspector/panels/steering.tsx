import type { VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { canSteer, heldNow, leavePreview, notice, pause, preview, resume, scopes, step, stepInto, stepOut, stepOver, whyNotControlled, wire } from '../live/stepping.ts';
import { bindKey } from '../model/keys.ts';
import { isNewest, lookAt, newest, selected } from '../model/view-state.ts';
import { Sign } from './scrubber.tsx';

const signs = {
  pause: 'M5 3v10M11 3v10', resume: 'M4.5 2.5 12.5 8l-8 5.5z', step: 'M2 10a6 6 0 0 1 10.5-3M13 3v4.4H8.6M8 13.5a.6.6 0 1 0 0-.1z',
  into: 'M8 1.5v7M4.8 5.6 8 8.8l3.2-3.2M8 13.5a.6.6 0 1 0 0-.1z', over: 'M2 4h5M2 8h5M2 12h12M14 4l-4 4M10 4l4 4', out: 'M8 9V2M4.8 4.9 8 1.7l3.2 3.2M8 13.5a.6.6 0 1 0 0-.1z',
} as const;

interface Command {
  readonly sign: keyof typeof signs;
  readonly label: string;
  readonly keys: string;
  readonly isOff: boolean;
  readonly go: () => unknown;
}

function Button({ sign, label, keys, isOff, go }: Command): VNode {
  return <button type="button" class="command" title={`${label} (${keys})`} disabled={isOff} onClick={() => void go()}>
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="sign-line"><path d={signs[sign]} /></svg><span>{label}</span><kbd>{keys}</kbd>
  </button>;
}

/** Why it cannot be steered from here; undefined: it can. */
function whyNot(): string | undefined {
  if (!wire.value) return 'A page of a file only looks';
  if (wire.value.state.value !== 'connected') return 'Not connected';
  if (!scopes.value.includes('debug')) return whyNotControlled.value ?? 'This token does not let the page hold and step';
  return canSteer.value ? undefined : 'It has ended: look back, or ask what if';
}

/** Holds the execution, and lets it go on message by message. */
export function Steering(): VNode {
  const one = heldNow.value;
  const stands = one !== undefined && one.mode === 'paused';
  const reason = whyNot();
  const isOff = reason !== undefined;
  const isWaiting = stands && one.count > 0;
  const commands: readonly Command[] = [
    stands ? { sign: 'resume', label: 'Resume', keys: 'F8', isOff, go: resume } : { sign: 'pause', label: 'Pause', keys: 'F8', isOff, go: pause },
    { sign: 'step', label: 'Step', keys: 'F10', isOff: isOff || !isWaiting, go: step },
    { sign: 'into', label: 'Into', keys: 'F11', isOff: isOff || !isWaiting, go: stepInto },
    { sign: 'over', label: 'Over', keys: '⇧F10', isOff: isOff || !stands, go: () => stepOver(selected.value) },
    { sign: 'out', label: 'Out', keys: '⇧F11', isOff: isOff || !stands, go: stepOut },
  ];
  useLayoutEffect(() => {
    const run = (index: number) => (): void => {
      const command = commands[index];
      if (command && !command.isOff) void command.go();
    };
    const unbind = [bindKey('F8', run(0)), bindKey('F10', run(1)), bindKey('F11', run(2)), bindKey('Shift+F10', run(3)), bindKey('Shift+F11', run(4)), bindKey('Escape', () => (preview.value ? leavePreview() : false))];
    return () => {
      for (const undo of unbind) undo();
    };
  });
  return <div class="steering" role="toolbar" aria-label="Stepping">
    {commands.map(command => <Button key={command.sign} {...command} />)}
    {isOff && <span class="note steering-why">{reason}</span>}
    <span class="notice" role="status">{notice.value}</span>
    {!isNewest.value && <span class="looking"><Sign shape="M8 3v5l3 2" />Looking back: the flow stands where it stood<button type="button" class="link" onClick={() => lookAt(newest.value)}>Live</button></span>}
  </div>;
}
