/** What `runbook completion SHELL` prints: thin, the answers come from `runbook __complete`. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The program that is asked is the one whose name is on the line; for an alias it is the one on the PATH. */
const bash = String.raw`# Completion for runbook in bash 4.4 and newer. In ~/.bashrc:  source <(runbook completion bash)
_runbook() {
  local program=$(type -P -- "\${COMP_WORDS[0]/#\~\//$HOME/}") option
  local -a answer
  mapfile -t answer < <("\${program:-runbook}" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  COMPREPLY=("\${answer[@]:1}")
  for option in \${answer[0]}; do compopt -o "$option"; done
}
complete -F _runbook runbook
`;

const zsh = String.raw`#compdef runbook
# Completion for runbook in zsh. In ~/.zshrc:  source <(runbook completion zsh)
_runbook() {
  local program=\${(Q)words[1]/#\~\//$HOME/} line value shown
  local -a before values texts open_values open_texts
  (( $+commands[$program] )) || [[ -x $program && ! -d $program ]] || program=runbook
  before=("\${(@Q)words[2,CURRENT-1]}")
  for line in "\${(@f)$("$program" __complete zsh -- "\${(@)before}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}"; do
    [[ -n $line ]] || continue
    value=\${"\${line#?}"%%$'\t'*} shown=\${line#*$'\t'}
    [[ -n $compstate[quote] ]] || { [[ $value == '~/'* ]] && value="~\${(q)value[2,-1]}" || value=\${(q)value} }
    if [[ $line == +* ]]; then open_values+=("$value") open_texts+=("$shown")
    else values+=("$value") texts+=("$shown"); fi
  done
  # With a quote that is open, zsh quotes by itself.
  local -a raw
  [[ -n $compstate[quote] ]] || raw=(-Q)
  (( $#values )) && compadd $raw -l -d texts -a values
  (( $#open_values )) && compadd $raw -S '' -l -d open_texts -a open_values
  (( $#values + $#open_values ))
}
if [[ $funcstack[1] == _runbook ]]; then
  _runbook "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _runbook runbook
fi
`;

const fish = String.raw`# Completion for runbook in fish. In ~/.config/fish/config.fish:  runbook completion fish | source
function __runbook_complete
  set -l words (commandline -opc)
  set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
  type -q -- $program; or set program runbook
  $program __complete fish -- $words[2..-1] (commandline -ct) 2>/dev/null </dev/null
end
complete -c runbook -f -a '(__runbook_complete)'
`;

const TEXTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };

export function scriptFor(shell: Shell): string {
  // In a template, a dollar before a brace has to be written with a backslash.
  return TEXTS[shell].replaceAll('\\${', '${');
}
