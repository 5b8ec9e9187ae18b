"""The completion scripts, one per shell. They evaluate nothing of what chatty prints."""

SCRIPTS = {
    "bash": """\
# chatty completion for bash: "chatty completion install" puts this file where bash looks,
# or put  eval "$(chatty completion show bash)"  into .bashrc
_chatty_complete() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(_CHATTY_COMPLETE=bash chatty "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o default -F _chatty_complete chatty
""",
    "zsh": """\
#compdef chatty
# chatty completion for zsh: "chatty completion install" puts this file into a directory for fpath,
# or put  source <(chatty completion show zsh)  behind compinit in .zshrc
_chatty() {
    local -a described plain
    local line word
    while IFS= read -r line; do
        word=${line%%$'\\t'*}
        if [[ $line == *$'\\t'* ]]; then
            described+=("${word//:/\\\\:}:${line#*$'\\t'}")
        else
            plain+=("$word")
        fi
    done < <(_CHATTY_COMPLETE=1 chatty "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( $#described )) && _describe -V chatty described
    (( $#plain )) && compadd -- "${plain[@]}"
    (( $#described + $#plain )) || _files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _chatty "$@"
else
    compdef _chatty chatty
fi
""",
    "fish": """\
# chatty completion for fish: "chatty completion install" puts this file where fish looks
function __chatty_complete
    set -l words (commandline -opc) (commandline -ct)
    _CHATTY_COMPLETE=1 chatty $words[2..-1] 2>/dev/null
end
complete -c chatty -f -a '(__chatty_complete)'
complete -c chatty -n '__fish_contains_opt -s f file; or __fish_contains_opt -s o output' -F
""",
}
"""Shell -> its script."""
