#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installing Git's hooks, whatever is there already.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A project whose hooks are not installed, a Git server g and a remote r.
start() {
	git init -q --bare g
	mkdir r
	git init -q p
	cd p || return
	mldv init --no-hooks >/dev/null
	git remote add origin "$PWD/../g"
	mldv remote add origin "$PWD/../r"
	mkdir d
	echo 1 >d/1
	mldv add d
	git commit -qm one
}

check 'init installs them, unless it is told not to' '
	project a
	[ -x a/.git/hooks/pre-push ]
	git init -q b; cd b
	mldv init --no-hooks >out
	hasnt hooks out
	[ ! -e .git/hooks/pre-push ]
	mldv init >out
	has "^installed Git hooks" out
	mldv init >out
	has "^this is a project already" out
'

check 'the scripts are those in contrib/hooks' '
	project
	for hook in "$top"/contrib/hooks/*; do
		same "$hook" ".git/hooks/${hook##*/}"
	done
	[ -e "$top/contrib/hooks/pre-push" ]
'

check 'status says what is there, and fails if it is not' '
	start
	fails 3 mldv hooks status >out
	has "^pre-push: not installed (" out
	mldv hooks install >out
	has "^pre-push: installed (" out
	mldv hooks status >out
	has "^pre-push: installed (" out
	hasnt "not installed" out
	mldv hooks install >out
	same /dev/null out
'

check 'uninstall takes away what install brought' '
	start
	find .git -type f | grep -v /mldv/ | sort >../before
	cp .git/config ../config
	mldv hooks install
	mldv hooks uninstall >out
	has "^pre-push: not installed (" out
	rm out
	find .git -type f | grep -v /mldv/ | sort >../after
	same ../before ../after
	git config -l --local | sort >../now
	git config -l -f ../config | sort >../then
	same ../then ../now
'

check 'a hook that is there runs first, with the same arguments and input' '
	start
	printf "#!/bin/sh\nprintf \"%%s \" \"\$@\" >../args\ncat >../input\n" \
		>.git/hooks/pre-push
	chmod +x .git/hooks/pre-push
	cp .git/hooks/pre-push ../old
	mldv hooks install >out
	has "runs first" out
	same ../old .git/hooks/pre-push.before-mldv
	git push -q origin main
	[ "$(cat ../args)" = "origin $PWD/../g " ]
	has "^refs/heads/main " ../input
	[ "$(find ../r/manifests -type f | wc -l)" = 1 ]
	mldv hooks status >out
	has "runs first" out
	mldv hooks uninstall >out
	has "is back" out
	same ../old .git/hooks/pre-push
	[ ! -e .git/hooks/pre-push.before-mldv ]
'

check 'what fails there fails the push' '
	start
	printf "#!/bin/sh\nexit 9\n" >.git/hooks/pre-push
	chmod +x .git/hooks/pre-push
	mldv hooks install
	gives 1 git push -q origin main
	[ ! -e ../r/manifests ]
'

check 'a hook that does not read its input is no obstacle' '
	start
	printf "#!/bin/sh\nexit 0\n" >.git/hooks/pre-push
	chmod +x .git/hooks/pre-push
	mldv hooks install
	git push -q origin main
	[ "$(find ../r/manifests -type f | wc -l)" = 1 ]
'

check 'nothing is overwritten if two hooks are there already' '
	start
	echo "#!/bin/sh" >.git/hooks/pre-push
	echo "#!/bin/sh" >.git/hooks/pre-push.before-mldv
	fails 1 mldv hooks install
	has "pre-push.before-mldv" stderr
	[ "$(cat .git/hooks/pre-push)" = "#!/bin/sh" ]
'

check 'an older script of ours is replaced, not chained' '
	start
	mldv hooks install
	echo "# more" >>.git/hooks/pre-push
	fails 3 mldv hooks status >out
	has "installed again" out
	mldv hooks install
	hasnt "# more" .git/hooks/pre-push
	[ ! -e .git/hooks/pre-push.before-mldv ]
	chmod -x .git/hooks/pre-push
	fails 3 mldv hooks status >out
	mldv hooks install
	[ -x .git/hooks/pre-push ]
'

check 'core.hooksPath is where they go' '
	start
	mkdir -p .githooks sub
	git config core.hooksPath .githooks
	(cd sub && mldv hooks install)
	[ -x .githooks/pre-push ]
	[ ! -e .git/hooks/pre-push ]
	git push -q origin main
	[ "$(find ../r/manifests -type f | wc -l)" = 1 ]
'

# What husky 9 puts into a repository.
husky() {
	mkdir -p .husky/_
	cat >.husky/_/h <<-"END"
		#!/usr/bin/env sh
		n=$(basename "$0")
		s=$(dirname "$(dirname "$0")")/$n
		[ ! -f "$s" ] && exit 0
		sh -e "$s" "$@"
		c=$?
		[ $c != 0 ] && echo "husky - $n script failed (code $c)"
		exit $c
	END
	for hook in pre-push pre-commit post-checkout post-merge; do
		printf "#!/usr/bin/env sh\n. \"\$(dirname \"\$0\")/h\"\n" \
			>.husky/_/"$hook"
		chmod +x .husky/_/"$hook"
	done
	git config core.hooksPath .husky/_
}

check 'husky: lines in its scripts, whose own commands have the same input' '
	start
	husky
	printf "cat >../input\n" >.husky/pre-push
	cp .husky/_/pre-push ../stub
	mldv hooks install
	same ../stub .husky/_/pre-push
	has "^cat >../input$" .husky/pre-push
	git push -q origin main
	[ "$(find ../r/manifests -type f | wc -l)" = 1 ]
	has "^refs/heads/main " ../input
	mldv hooks status
	mldv hooks install >out
	same /dev/null out
	rm -rf ../r; : >../r
	echo 2 >d/1; mldv add d; git commit -qm 2
	gives 1 git push -q origin main
	mldv hooks uninstall
	[ "$(cat .husky/pre-push)" = "cat >../input" ]
'

check 'husky without scripts of the user' '
	start
	husky
	mldv hooks install
	git push -q origin main
	[ "$(find ../r/manifests -type f | wc -l)" = 1 ]
	mldv hooks uninstall
	[ ! -e .husky/pre-push ]
'

check 'work trees share them' '
	start
	git worktree add -q ../w -b side
	cd ../w
	mldv hooks install
	[ -x ../p/.git/hooks/pre-push ]
'

check 'after a checkout, mldv says what is another version' '
	start
	mldv hooks install
	git checkout -qb side >../out 2>&1
	hasnt mldv ../out
	echo 2 >d/1; mldv add d; git commit -qm 2
	git checkout -q main >../out 2>&1
	has "^mldv: 1 item (d) is another version in this commit; run .mldv checkout." ../out
	[ "$(cat d/1)" = 2 ]
	mldv checkout
	git checkout -q --detach >../out 2>&1
	hasnt mldv ../out
	git checkout -q HEAD -- d.mldv >../out 2>&1
	hasnt mldv ../out
'

check 'or brings it, or keeps quiet, as the setting says' '
	start
	mldv hooks install
	mldv config hooks.checkout auto --local
	git checkout -qb side
	mkdir e; echo e >e/1; mldv add e
	echo 2 >d/1; mldv add d; git add -A; git commit -qm 2
	git checkout -q main
	[ "$(cat d/1)" = 1 ]
	git merge -q side >../out 2>&1
	[ "$(cat d/1)" = 2 ]
	mldv push; mldv push --revision main~1
	rm -rf d e .git/mldv/store
	git checkout -q main~1 >../out 2>&1
	has "run .mldv pull." ../out
	mldv pull
	mldv config hooks.checkout off --local
	git checkout -q main >../out 2>&1
	hasnt mldv ../out
	[ "$(cat d/1)" = 1 ]
'

check 'what was changed and is not in the store is not overwritten' '
	start
	mldv hooks install
	mldv config hooks.checkout auto --local
	git checkout -qb side
	echo 2 >d/1; mldv add d; git commit -qm 2
	echo precious >d/1
	git checkout -q main >../out 2>&1
	has "^mldv: .*d/1" ../out
	[ "$(cat d/1)" = precious ]
'

check 'a rebase is not disturbed' '
	start
	mldv hooks install
	git checkout -qb side; echo 2 >d/1; mldv add d; git commit -qm 2
	git checkout -q main; git commit -q --allow-empty -m other
	git checkout -q side
	git rebase main >../out 2>&1
	hasnt "^mldv: .*checkout" ../out
'

check 'a commit that is of no project is left alone' '
	start
	mldv hooks install
	git checkout -q --orphan bare
	git rm -rqf .
	git commit -q --allow-empty -m nothing >../out 2>&1
	git checkout -q -b other >>../out 2>&1
	hasnt mldv ../out
'

check 'before a commit, mldv says what was changed or is stale' '
	start
	printf "\n[stage s]\ncmd = cat t >o\ndeps = t\nouts = o\n" >>mldv.ini
	echo t >t
	mldv repro; git add -A; git commit -qm s
	mldv hooks install
	git commit -q --allow-empty -m quiet >../out 2>&1
	hasnt mldv ../out
	echo 2 >d/1; echo 2 >t
	git commit -qam loud >../out 2>&1
	has "^mldv: .d. was changed; run .mldv add d.$" ../out
	has "^mldv: stage .s. is stale: dep t changed; run .mldv repro.$" ../out
	mldv config hooks.commit block --local
	gives 1 git commit -q --allow-empty -m blocked
	has "no-verify" stderr
	[ "$(git log -1 --format=%s)" = loud ]
	git commit -q --no-verify --allow-empty -m anyway
	mldv config hooks.commit off --local
	git commit -q --allow-empty -m off >../out 2>&1
	hasnt mldv ../out
'

check 'what is no hook of ours is refused' '
	fails 2 mldv hooks run update
	fails 2 mldv hooks run
'

finish
