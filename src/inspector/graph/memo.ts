import { Component, type ComponentChild, type ComponentType } from 'preact';

/** A component that is drawn again only when one of its properties is another value than before. */
export function memo<Props extends object>(draw: (props: Props) => ComponentChild): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const now: Readonly<Props> = this.props;
      return (Object.keys({ ...now, ...next }) as (keyof Props)[]).some(key => now[key] !== next[key]);
    }

    override render(): ComponentChild {
      return draw(this.props);
    }
  };
}
