import path from 'node:path';

export interface Language {
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Whole names, lower case. */
  readonly names?: readonly string[];
  /** What begins a comment that ends with its line. */
  readonly line?: readonly string[];
  /** What begins and ends a comment over several lines. */
  readonly block?: readonly [string, string];
}

const slashes = { line: ['//'], block: ['/*', '*/'] } as const;
const hash = { line: ['#'] } as const;
const dashes = { line: ['--'] } as const;
const markup = { block: ['<!--', '-->'] } as const;

/** Name, how a file of it is told, and its comments. Add a row to add a language. */
export const languages: readonly Language[] = [
  { name: 'Assembly', extensions: ['.asm', '.s'], line: [';', '#'] },
  { name: 'Batch', extensions: ['.bat', '.cmd'], line: ['rem ', 'REM ', '::'] },
  { name: 'C', extensions: ['.c', '.h'], ...slashes },
  { name: 'C#', extensions: ['.cs'], ...slashes },
  { name: 'C++', extensions: ['.cc', '.cpp', '.cxx', '.hh', '.hpp', '.hxx'], ...slashes },
  { name: 'CMake', extensions: ['.cmake'], names: ['cmakelists.txt'], ...hash },
  { name: 'Clojure', extensions: ['.clj', '.cljs', '.cljc', '.edn'], line: [';'] },
  { name: 'CSS', extensions: ['.css'], block: ['/*', '*/'] },
  { name: 'CSV', extensions: ['.csv', '.tsv'] },
  { name: 'Dart', extensions: ['.dart'], ...slashes },
  { name: 'Dockerfile', extensions: ['.dockerfile'], names: ['dockerfile', 'containerfile'], ...hash },
  { name: 'Elixir', extensions: ['.ex', '.exs'], ...hash },
  { name: 'Erlang', extensions: ['.erl', '.hrl'], line: ['%'] },
  { name: 'Go', extensions: ['.go'], names: ['go.mod'], ...slashes },
  { name: 'GraphQL', extensions: ['.graphql', '.gql'], ...hash },
  { name: 'Groovy', extensions: ['.groovy', '.gradle'], ...slashes },
  { name: 'HTML', extensions: ['.html', '.htm', '.xhtml'], ...markup },
  { name: 'Haskell', extensions: ['.hs'], line: ['--'], block: ['{-', '-}'] },
  { name: 'INI', extensions: ['.ini', '.cfg', '.conf', '.properties', '.editorconfig'], line: ['#', ';'] },
  { name: 'JSON', extensions: ['.json', '.jsonc', '.json5', '.jsonl', '.webmanifest', '.map'], line: ['//'] },
  { name: 'Java', extensions: ['.java'], ...slashes },
  { name: 'JavaScript', extensions: ['.js', '.mjs', '.cjs', '.jsx'], ...slashes },
  { name: 'Julia', extensions: ['.jl'], line: ['#'], block: ['#=', '=#'] },
  { name: 'Jupyter', extensions: ['.ipynb'] },
  { name: 'Kotlin', extensions: ['.kt', '.kts'], ...slashes },
  { name: 'LaTeX', extensions: ['.tex', '.sty', '.cls', '.bib'], line: ['%'] },
  { name: 'Less', extensions: ['.less'], ...slashes },
  { name: 'Lua', extensions: ['.lua'], line: ['--'], block: ['--[[', ']]'] },
  { name: 'Make', extensions: ['.mk', '.mak'], names: ['makefile', 'gnumakefile'], ...hash },
  { name: 'Markdown', extensions: ['.md', '.mdx', '.markdown'], ...markup },
  { name: 'Nix', extensions: ['.nix'], line: ['#'], block: ['/*', '*/'] },
  { name: 'OCaml', extensions: ['.ml', '.mli'], block: ['(*', '*)'] },
  { name: 'Objective-C', extensions: ['.m', '.mm'], ...slashes },
  { name: 'PHP', extensions: ['.php'], line: ['//', '#'], block: ['/*', '*/'] },
  { name: 'Perl', extensions: ['.pl', '.pm'], ...hash },
  { name: 'PowerShell', extensions: ['.ps1', '.psm1', '.psd1'], line: ['#'], block: ['<#', '#>'] },
  { name: 'Protocol Buffers', extensions: ['.proto'], ...slashes },
  { name: 'Python', extensions: ['.py', '.pyi', '.pyw'], ...hash },
  { name: 'R', extensions: ['.r', '.rmd'], ...hash },
  { name: 'Ruby', extensions: ['.rb', '.rake', '.gemspec'], names: ['gemfile', 'rakefile'], ...hash },
  { name: 'Rust', extensions: ['.rs'], ...slashes },
  { name: 'SQL', extensions: ['.sql'], line: ['--'], block: ['/*', '*/'] },
  { name: 'SVG', extensions: ['.svg'], ...markup },
  { name: 'Sass', extensions: ['.scss', '.sass'], ...slashes },
  { name: 'Scala', extensions: ['.scala', '.sbt'], ...slashes },
  { name: 'Shell', extensions: ['.sh', '.bash', '.zsh', '.fish', '.ksh'], names: ['.bashrc', '.profile', '.zshrc'], ...hash },
  { name: 'Svelte', extensions: ['.svelte'], ...markup },
  { name: 'Swift', extensions: ['.swift'], ...slashes },
  { name: 'TOML', extensions: ['.toml'], ...hash },
  { name: 'Terraform', extensions: ['.tf', '.tfvars', '.hcl'], line: ['#', '//'], block: ['/*', '*/'] },
  { name: 'Text', extensions: ['.txt', '.text', '.log'], names: ['license', 'licence', 'readme', 'authors', 'notice'] },
  { name: 'TypeScript', extensions: ['.ts', '.mts', '.cts', '.tsx'], ...slashes },
  { name: 'VHDL', extensions: ['.vhd', '.vhdl'], ...dashes },
  { name: 'Verilog', extensions: ['.v', '.sv', '.svh'], ...slashes },
  { name: 'Vim script', extensions: ['.vim'], line: ['"'] },
  { name: 'Vue', extensions: ['.vue'], ...markup },
  { name: 'XML', extensions: ['.xml', '.xsd', '.xsl', '.plist', '.csproj'], ...markup },
  { name: 'YAML', extensions: ['.yml', '.yaml'], ...hash },
  { name: 'Zig', extensions: ['.zig'], line: ['//'] },
  { name: 'reStructuredText', extensions: ['.rst'] },
];

const byExtension = new Map(languages.flatMap(language => language.extensions.map(extension => [extension, language] as const)));
const byName = new Map(languages.flatMap(language => (language.names ?? []).map(name => [name, language] as const)));

/** Tells a file's language by its name; undefined: none of the table's. */
export function detectLanguage(file: string): Language | undefined {
  const name = path.posix.basename(file).toLowerCase();
  return byName.get(name) ?? byExtension.get(path.posix.extname(name));
}
