// The completion scripts: each calls `kubectl-sysctls __complete` and offers what it prints.

export type Shell = keyof typeof SCRIPTS;

const BASH = `# bash completion of kubectl-sysctls: source <(kubectl-sysctls completion bash)
_kubectl_sysctls() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) compopt -o default 2>/dev/null ;;
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-sysctls __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_sysctls kubectl-sysctls
`;

const ZSH = `#compdef kubectl-sysctls
# zsh completion of kubectl-sysctls: source <(kubectl-sysctls completion zsh)
_kubectl_sysctls() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    case $line in
      :0) files=1 ;;
      :*) ;;
      *$'\\t'*) found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <(kubectl-sysctls __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( files )) && _files
  _describe 'kubectl-sysctls' found
}
compdef _kubectl_sysctls kubectl-sysctls
`;

const FISH = `# fish completion of kubectl-sysctls: kubectl-sysctls completion fish | source
function __kubectl_sysctls
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (kubectl-sysctls __complete $words "$current" 2>/dev/null)
    if test "$lines[-1]" = ':0'
        __fish_complete_path "$current"
    end
    string match -v ':*' -- $lines
end
complete -c kubectl-sysctls -f -a '(__kubectl_sysctls)'
`;

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
