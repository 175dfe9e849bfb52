# bash completion of mldv, written by 'mldv completion bash'.

_mldv()
{
	local word=${COMP_WORDS[COMP_CWORD]} name= words= options= i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C) ((i++)) ;;
		-*) ;;
		*)
			name=${name:+$name }${COMP_WORDS[i]}
			case $name in
			remote | notify | hooks | new | metrics | params | jobs) ;;
			*) break ;;
			esac
			;;
		esac
	done
	case $name in
	'')
		words=' add repro status push pull how init remote config notify hooks merge-driver rm mv diff ls cat get import update checkout unprotect fetch fsck gc drop publish purge du new why dag env logs run-stage accept runs find metrics params verify jobs tune doctor help version'
		options=' -C --directory -q --quiet --no-wait --version -h --help'
		;;
	'add') options=' -q --quiet --no-wait -h --help --note -f --force' ;;
	'repro') options=' -q --quiet --no-wait -h --help -n --dry-run -f --force --check -j --jobs -k --keep-going --max-failures --retries -s --single --downstream --no-pull --no-run-cache --live --on -S --set --json' ;;
	'status') options=' -q --quiet --no-wait -h --help -a --all --exit-code --only-here --json' ;;
	'push') options=' -q --quiet --no-wait -h --help -j --jobs -n --dry-run --repair -r --remote --revision' ;;
	'pull') options=' -q --quiet --no-wait -h --help -f --force -j --jobs -n --dry-run -r --remote' ;;
	'how') options=' -q --quiet --no-wait -h --help --diff --dot --json' ;;
	'init') options=' -q --quiet --no-wait -h --help --layout --no-hooks' ;;
	'remote') words='add create list default remove' ;;
	'remote add') options=' -q --quiet --no-wait -h --help --local' ;;
	'remote create') options=' -q --quiet --no-wait -h --help --local' ;;
	'remote list') options=' -q --quiet --no-wait -h --help --json' ;;
	'remote default') options=' -q --quiet --no-wait -h --help --local' ;;
	'remote remove') options=' -q --quiet --no-wait -h --help' ;;
	'config') options=' -q --quiet --no-wait -h --help -l --list --unset --user --local --json' ;;
	'notify') words='test' ;;
	'notify test') options=' -q --quiet --no-wait -h --help' ;;
	'hooks') words='install uninstall status run' ;;
	'hooks install') options=' -q --quiet --no-wait -h --help' ;;
	'hooks uninstall') options=' -q --quiet --no-wait -h --help' ;;
	'hooks status') options=' -q --quiet --no-wait -h --help' ;;
	'hooks run') options=' -q --quiet --no-wait -h --help' ;;
	'merge-driver') options=' -q --quiet --no-wait -h --help' ;;
	'rm') options=' -q --quiet --no-wait -h --help -k --keep -f --force' ;;
	'mv') options=' -q --quiet --no-wait -h --help' ;;
	'diff') options=' -q --quiet --no-wait -h --help --json' ;;
	'ls') options=' -q --quiet --no-wait -h --help -R --recursive --remote -r --from --revision --json' ;;
	'cat') options=' -q --quiet --no-wait -h --help -r --remote' ;;
	'get') options=' -q --quiet --no-wait -h --help -o --out --rev' ;;
	'import') options=' -q --quiet --no-wait -h --help -o --out --rev' ;;
	'update') options=' -q --quiet --no-wait -h --help -f --force -n --dry-run' ;;
	'checkout') options=' -q --quiet --no-wait -h --help -f --force' ;;
	'unprotect') options=' -q --quiet --no-wait -h --help' ;;
	'fetch') options=' -q --quiet --no-wait -h --help -j --jobs -n --dry-run -r --remote --revision' ;;
	'fsck') options=' -q --quiet --no-wait -h --help --budget --repair -r --remote --json' ;;
	'gc') options=' -q --quiet --no-wait -h --help --delete -r --remote --exclusive --undo --json' ;;
	'drop') options=' -q --quiet --no-wait -h --help -r --remote' ;;
	'publish') options=' -q --quiet --no-wait -h --help -n --dry-run --json' ;;
	'purge') options=' -q --quiet --no-wait -h --help --why --delete -r --remote --exclusive --json' ;;
	'du') options=' -q --quiet --no-wait -h --help -r --remote -l --local --json' ;;
	'new') words='stage notebook' ;;
	'new stage') options=' -q --quiet --no-wait -h --help -d --dep -o --out -m --metrics --git-out -p --param --cwd --desc -f --force' ;;
	'new notebook') options=' -q --quiet --no-wait -h --help -d --dep -o --out -m --metrics --git-out -p --param --kernel --desc -f --force' ;;
	'why') options=' -q --quiet --no-wait -h --help --vs --json' ;;
	'dag') options=' -q --quiet --no-wait -h --help --dot --mermaid --json' ;;
	'env') options=' -q --quiet --no-wait -h --help -S --set --json' ;;
	'logs') options=' -q --quiet --no-wait -h --help -f --follow --list --json' ;;
	'run-stage') options=' -q --quiet --no-wait -h --help -r --remote --attempt' ;;
	'accept') options=' -q --quiet --no-wait -h --help --why' ;;
	'runs') options=' -q --quiet --no-wait -h --help -a --all -n --number --md --json' ;;
	'find') options=' -q --quiet --no-wait -h --help --json' ;;
	'metrics') words='show diff' ;;
	'metrics show') options=' -q --quiet --no-wait -h --help --json' ;;
	'metrics diff') options=' -q --quiet --no-wait -h --help --json --tol --md --csv' ;;
	'params') words='diff' ;;
	'params diff') options=' -q --quiet --no-wait -h --help --json --tol --md --csv' ;;
	'verify') options=' -q --quiet --no-wait -h --help --rev -r --remote --packs --no-remote --branch --base --format' ;;
	'jobs') words='list logs attach stop' ;;
	'jobs list') options=' -q --quiet --no-wait -h --help --json' ;;
	'jobs logs') options=' -q --quiet --no-wait -h --help' ;;
	'jobs attach') options=' -q --quiet --no-wait -h --help' ;;
	'jobs stop') options=' -q --quiet --no-wait -h --help' ;;
	'tune') options=' -q --quiet --no-wait -h --help --json' ;;
	'doctor') options=' -q --quiet --no-wait -h --help --json' ;;
	'help') options=' -q --quiet --no-wait -h --help' ;;
	'version') options=' -q --quiet --no-wait -h --help' ;;
	esac
	COMPREPLY=()
	case $word in
	-*) words=$options ;;
	esac
	[ -z "$words" ] ||
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o bashdefault -o default -F _mldv mldv
