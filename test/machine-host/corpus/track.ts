/** Where tracked actions note that they ran; set by whoever runs a machine. */
export const tracked: { sink: ((name: string, event: string) => void) | undefined } = { sink: undefined };

/** An action that notes its name and the event it ran for. */
export const track =
  (name: string) =>
  ({ event }: { readonly event: { readonly type: string } }): void =>
    tracked.sink?.(name, event.type);
