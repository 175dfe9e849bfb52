#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# No commit leaves without its data: real pushes of real Git.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# p, a project with the item d; g, its Git server; r, where its data goes.
start() {
	git init -q --bare g
	mkdir r
	project p
	cd p || return
	git remote add origin "$PWD/../g"
	mldv remote add origin "$PWD/../r"
	mkdir d
	echo 1 >d/1
	mldv add d
	git commit -qm one
}

# How many items the remote has.
items() {
	find ../r/manifests -type f 2>/dev/null | wc -l
}

# change TEXT: another version of d, committed.
change() {
	echo "$1" >d/1
	mldv add d
	git commit -qm "$1"
}

# asks COMMAND...: does it look at the remote?
asks() {
	strace -f -qq -e trace=%file -o ../trace "$@" >../out 2>&1
	grep -q "$(realpath ../r)" ../trace
}

# A clone that has only what the servers have.
clone() {
	git clone -q ../g ../c
	(cd ../c && git checkout -q "${1:-main}" && mldv pull >/dev/null)
}

check 'a push sends the data first' '
	start
	git push -q origin main
	clone
	same d ../c/d
'

check 'what the remote refuses, Git does not push' '
	start
	rmdir ../r
	: >../r
	gives 1 git push -q origin main
	has "^mldv: " stderr
	[ -z "$(git ls-remote ../g)" ]
'

check 'without a remote for data nothing is pushed' '
	start
	mldv remote remove origin
	git commit -qam none
	gives 1 git push -q origin main
	has "mldv remote add" stderr
	[ -z "$(git ls-remote ../g)" ]
'

check 'what changes no pointer asks the remote for nothing' '
	start
	git push -q origin main
	echo x >x; git add x; git commit -qm x
	gives 1 asks git push -q origin main
	[ "$(git -C ../g rev-parse main)" = "$(git rev-parse main)" ]
	change 2
	asks git push -q origin main
'

check 'every version in between goes up, not only the last' '
	start
	change 2; change 3
	git push -q origin main
	[ "$(items)" = 3 ]
	git checkout -q --detach HEAD~1
	git push -q origin HEAD:refs/heads/old
	clone old
	[ "$(cat ../c/d/1)" = 2 ]
'

check 'the commits count, not what lies in the work tree' '
	start
	echo changed >d/1
	mldv add d
	echo dirty >d/1
	rm d.mldv
	git push -q origin main
	[ "$(items)" = 1 ]
	clone
	[ "$(cat ../c/d/1)" = 1 ]
'

check 'a branch that is not checked out goes up with its data' '
	start
	git push -q origin main
	git checkout -qb other
	change other
	git checkout -q main
	mldv checkout
	[ "$(cat d/1)" = 1 ]
	git push -q origin other
	clone other
	[ "$(cat ../c/d/1)" = other ]
'

check 'several refs at once' '
	start
	git checkout -qb a; change a
	git checkout -q main; git checkout -qb b; change b
	git push -q --all origin
	[ "$(items)" = 3 ]
	[ "$(git ls-remote ../g | wc -l)" = 4 ]
'

check 'a tag brings what it needs, an annotated one too' '
	start
	git push -q origin main
	git checkout -q --detach
	change tagged
	git tag -a -m v1 v1
	git tag light
	git checkout -q main
	git push -q origin v1
	[ "$(items)" = 2 ]
	git push -q origin light
	git tag blob "$(git rev-parse main:mldv.ini)"
	git push -q origin blob
'

check 'a deletion needs nothing' '
	start
	git push -q origin main main:other
	rm -rf ../r
	git push -q origin :other
	! git -C ../g rev-parse -q --verify other
'

check 'a forced push sends what the new commits bring' '
	start
	git push -q origin main
	change 2
	git push -q origin main
	git reset -q --hard HEAD~1
	change 3
	gives 1 git push -q origin main
	git push -q --force origin main
	clone
	[ "$(cat ../c/d/1)" = 3 ]
'

check 'what the server has and this clone has not is no obstacle' '
	start
	git push -q origin main
	git clone -q ../g ../c
	(
		cd ../c
		git commit -q --allow-empty -m theirs
		git push -q
	)
	change mine
	git push -q --force origin main
	[ "$(items)" = 2 ]
'

check 'a push to a URL' '
	start
	git push -q ../g main
	[ "$(items)" = 1 ]
	git fetch -q origin
	echo x >x; git add x; git commit -qm x
	gives 1 asks git push -q "$(git config remote.origin.url)" main:next
	change 2
	git push -q "$(git config remote.origin.url)" main:next
	[ "$(items)" = 2 ]
'

check 'data that is nowhere stops the push, and it is said which' '
	start
	git push -q origin main
	change 2; change 3
	cp -r .git/mldv/store ../store
	rm -rf .git/mldv/store d
	gives 1 git push -q origin main
	has "d.: .*neither here nor on" stderr
	has "no-verify" stderr
	[ "$(git -C ../g rev-parse main)" = "$(git rev-parse HEAD~2)" ]
	mkdir .git/mldv/store && cp -r ../store/. .git/mldv/store
	git push -q origin main
	[ "$(items)" = 3 ]
'

check 'what the remote has already need not be here' '
	start
	git push -q origin main
	rm -rf .git/mldv/store d
	git branch -rd origin/main
	git push -q origin main:second
'

check 'the settings are those of the commit, not of the work tree' '
	start
	git push -q origin main
	git checkout -q --orphan bare
	git rm -rqf .
	git commit -q --allow-empty -m nothing
	[ ! -e mldv.ini ]
	git checkout -q -B more main
	change more
	git checkout -qf bare
	git push -q origin more
	[ "$(items)" = 2 ]
	git push -q origin bare
'

check 'when the remote for data changes, all items go to the new one' '
	start
	mkdir ../s
	git push -q origin main
	mldv remote add second "$PWD/../s"
	mldv remote default second
	git commit -qam second
	git push -q origin main
	[ "$(find ../s/manifests -type f | wc -l)" = 1 ]
'

check 'outputs of stages go up, those that Git keeps do not' '
	start
	cat >>mldv.ini <<-END

		[stage s]
		cmd = cat d/1 >out; cat d/1 d/1 >kept
		deps = d
		outs =
		  out
		  kept  git=yes
	END
	mldv repro
	git add -A; git commit -qm stage
	git push -q origin main
	[ "$(items)" = 2 ]
	clone
	same out ../c/out
	same kept ../c/kept
	echo 2 >d/1; mldv add d; mldv repro; git add -A; git commit -qm 2
	git push -q origin main
	[ "$(items)" = 4 ]
	sed -i "s/kept  git=yes/kept/" mldv.ini
	git rm -q --cached kept
	mldv repro --force
	git add -A; git commit -qm moved
	git push -q origin main
	[ "$(items)" = 5 ]
'

check 'nothing on standard input is no success by silence' '
	start
	mldv hooks run pre-push -- origin ../g </dev/null >out 2>&1
	has "named no refs" out
	[ "$(items)" = 1 ]
	rm -rf ../r; : >../r
	change 2
	gives 1 mldv hooks run pre-push -- origin ../g </dev/null
'

check 'the variables of the pre-commit framework are understood' '
	start
	git push -q origin main
	git checkout -qb other
	change 2
	git checkout -q main
	PRE_COMMIT_FROM_REF=$(git rev-parse main) \
	PRE_COMMIT_TO_REF=$(git rev-parse other) \
	PRE_COMMIT_REMOTE_NAME=origin PRE_COMMIT_REMOTE_URL=$PWD/../g \
		mldv hooks run pre-push </dev/null >out
	hasnt "named no refs" out
	[ "$(items)" = 2 ]
	git checkout -q other; change 3; git checkout -q main
	PRE_COMMIT_LOCAL_BRANCH=refs/heads/other PRE_COMMIT_REMOTE_NAME=origin \
		mldv hooks run pre-push </dev/null >out
	[ "$(items)" = 3 ]
'

check 'what Git does not say is refused' '
	start
	echo nonsense | fails 2 mldv hooks run pre-push -- origin ../g
	echo "a b c d" | fails 1 mldv hooks run pre-push -- origin ../g
'

check 'without mldv on PATH nothing is pushed, and it is said how to' '
	start
	mkdir ../bin
	for tool in git sh cat; do ln -s "$(command -v "$tool")" ../bin/; done
	gives 1 env PATH="$PWD/../bin" git push -q origin main
	has "no-verify" stderr
	[ -z "$(git ls-remote ../g)" ]
	env PATH="$PWD/../bin" git push -q --no-verify origin main
	[ "$(git ls-remote ../g | wc -l)" = 2 ]
'

check 'in a linked work tree and from elsewhere' '
	start
	git push -q origin main
	git worktree add -q ../w -b side
	cd ../w
	mldv checkout
	change side
	git push -q origin side
	[ "$(items)" = 2 ]
	change again
	cd /
	git --git-dir="$OLDPWD/../p/.git" --work-tree="$OLDPWD/../p" push -q \
		origin side
	cd "$OLDPWD"
	[ "$(items)" = 3 ]
'

check 'a merge brings what its branches brought, and no more' '
	start
	mkdir e; echo e >e/1; mldv add e; git commit -qm e
	git push -q origin main
	git checkout -qb side; change side
	git checkout -q main
	echo e2 >e/1; mldv add e; git commit -qm e2
	git merge -q -m merge side
	git push -q origin main
	[ "$(items)" = 4 ]
'

check 'a conflict that was committed once stands for nothing' '
	start
	git push -q origin main
	echo "<<<<<<< ours" >d.mldv
	git commit -qam conflict
	gives 1 git push -q origin main
	has "d.mldv" stderr
	git checkout -q HEAD~1 d.mldv
	git commit -qm good
	git push -q origin main
'

check 'an interrupted push leaves Git as it was' '
	start
	gives 1 env MLDV_X=1 sh -c "ln -sf /bin/false ../false; mkdir ../b2
		printf \"#!/bin/sh\nkill -9 \\$\\$\n\" >../b2/mldv
		chmod +x ../b2/mldv
		PATH=$PWD/../b2:$PATH git push -q origin main"
	[ -z "$(git ls-remote ../g)" ]
'

finish
