import { useSignal } from '@preact/signals';
import type { FunctionComponent, VNode } from 'preact';
import { useEffect } from 'preact/hooks';

/** A component whose code is loaded when it is first shown. */
export function createLazy<Props extends object = Record<never, never>>(load: () => Promise<FunctionComponent<Props>>): (props: Props) => VNode | null {
  let loaded: FunctionComponent<Props> | undefined;
  return function Lazy(props: Props): VNode | null {
    const isHere = useSignal(loaded !== undefined);
    useEffect(() => {
      if (isHere.value) return;
      load().then(component => {
        loaded = component;
        isHere.value = true;
      }).catch(() => {});
    }, []);
    void isHere.value;
    const Component = loaded;
    return Component ? <Component {...props} /> : <p class="empty" role="status">Reading …</p>;
  };
}
