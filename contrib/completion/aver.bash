# SPDX-License-Identifier: Apache-2.0
# Completion of aver(1) for bash: verbs, and each verb's options from its --help.
_aver() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} help
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "serve chat verify endorse attest explain version" -- "$cur")
        return
    fi
    case $verb in
    verify)
        if [ "$COMP_CWORD" -eq 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "report receipt eventlog" -- "$cur")
            return
        fi
        case ${COMP_WORDS[2]} in
        report | receipt | eventlog) help=$(aver verify "${COMP_WORDS[2]}" --help 2>/dev/null) ;;
        *) help=$(aver verify http://localhost --help 2>/dev/null) ;;
        esac
        ;;
    explain) help=$(aver explain 2>/dev/null | sed -n 's/^  \([a-z_.]*\) .*/\1/p') ;;
    *) help=$(aver "$verb" --help 2>/dev/null) ;;
    esac
    case $verb in
    explain) mapfile -t COMPREPLY < <(compgen -W "$help" -- "$cur") ;;
    *)
        if [ "${cur:0:1}" = - ]; then
            mapfile -t COMPREPLY < <(compgen -W "$(grep -o -- '--[a-z][a-z-]*' <<<"$help")" -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
        ;;
    esac
}
complete -o filenames -F _aver aver
