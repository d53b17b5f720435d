type Letter = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j' | 'k' | 'l' | 'm' | 'n' | 'o' | 'p' | 'q' | 'r' | 's' | 't' | 'u' | 'v' | 'w' | 'x' | 'y' | 'z' | '_';
type Cased = Letter | Uppercase<Letter>;
/** What stands before `steps` where that is the end of another name, or of a path. */
type Inside = `${string}${Cased | '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '.' | '$'}`;

/** Whether no step's id begins a text: looked at only when it does not simply go on after one, since it takes long with many steps. */
type IsUnknown<Before extends string, Rest extends string, Ids extends string> = Rest extends `${Ids}${string}` ? never : Rest extends `${Cased}${string}` ? (Before extends Inside ? never : Rest) : never;

/** What a text reads of `steps`, where that is none of them. */
type UnknownStep<Text extends string, Ids extends string> = Text extends `${infer Before}steps.${infer Rest}`
  ? (Rest extends `${infer Name}.${string}` ? (Name extends Ids ? never : IsUnknown<Before, Rest, Ids>) : IsUnknown<Before, Rest, Ids>) | UnknownStep<Rest, Ids>
  : never;

/** A condition as a text: its steps are steps of the flow. The rest of it is checked when the flow is defined. */
export type ConditionText<Text, Ids extends string> = Text extends string
  ? string extends Text ? string : [UnknownStep<Text, Ids>] extends [never] ? string : 'a condition whose steps are steps of this flow'
  : string;
