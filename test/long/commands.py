# SPDX-License-Identifier: Apache-2.0
"""The commands that write, each with the state it starts from.

    p   the project: items data/d (a dozen files, one of them chunked),
        data/keep and data/imp, which was imported from o; a stage that makes
        out; its second version is not added yet
    r   its remote, a directory; r2 is another, for who makes it
    c   a clone of p, with the first version
    o   another project, which went on since
    s.git  their server
"""

from collections import namedtuple

from ground import snapshot

# What bring() takes away before it asks for it back.
DATA = ('data/d', 'data/keep', 'data/new', 'data/imp', 'data/imp2',
        'data/kept', 'out', 'got')

FIRST = r'''
noise() {
	openssl enc -aes-256-ctr -nosalt -K "$(printf %064x "$1")" \
		-iv 00000000000000000000000000000000 </dev/zero 2>/dev/null |
		head -c "$2" || :
}
git init -q o
(
	cd o
	mldv init
	mkdir thing
	echo 1 >thing/one
	noise 5 5000 >thing/two
	mldv add thing
	git commit -qam one
)
mkdir r
git init -q p
cd p
mldv init
mkdir -p data/d/text data/d/deep/er data/keep
for i in 1 2 3 4; do
	echo "line $i" >"data/d/text/$i.txt"
	noise "$i" 3000 >"data/d/deep/$i.bin"
done
noise 9 4300000 >data/d/big.bin
: >data/d/empty
mkdir data/d/hollow
ln -s ../big.bin data/d/deep/er/link
printf '#!/bin/sh\n' >data/d/run.sh
chmod +x data/d/run.sh
echo kept >data/keep/file
mldv remote add origin "$(cd ../r && pwd)"
cat >>mldv.ini <<'END'

[stage sum]
cmd =
  mkdir -p out && cat data/d/text/* >out/lines
deps = data/d
outs = out
END
mldv add data/d data/keep
mldv import ../o thing data/imp
mldv repro
git add -A
git commit -qm first
git tag first
git clone -q --bare . ../s.git
git remote add origin "$(cd ../s.git && pwd)"
git fetch -q
mldv push
cd ..
git clone -q s.git c
(cd c && mldv pull)
'''

SECOND = r'''
noise() {
	openssl enc -aes-256-ctr -nosalt -K "$(printf %064x "$1")" \
		-iv 00000000000000000000000000000000 </dev/zero 2>/dev/null |
		head -c "$2" || :
}
echo two >>o/thing/one
(cd o && mldv add thing && git commit -qam two)
cd p
echo 'line two' >data/d/text/2.txt
echo new >data/d/text/new.txt
rm data/d/deep/3.bin
{
	head -c 2000000 data/d/big.bin
	noise 8 300
	tail -c +2000001 data/d/big.bin
} >big
mv big data/d/big.bin
mkdir data/new
noise 7 3000 >data/new/one
'''

ADD = '(cd p && mldv add data/d data/new && git commit -qam second)\n'
REPRO = ADD + '(cd p && mldv repro && git commit -qam third)\n'
PUSH = REPRO + '(cd p && mldv push && git push -q origin main)\n'
PULL = PUSH + '(cd c && git pull -q)\n'
PULLED = PULL + '(cd c && mldv pull)\n'
CLONE = PUSH + 'git clone -q s.git n\n'

DAMAGE = CLONE + r'''
(cd n && mldv pull)
for file in n/.git/mldv/store/files/*/* n/.git/mldv/store/packs/*/*; do
	chmod u+w "$file"
	printf x | dd of="$file" conv=notrunc 2>/dev/null
done
'''

DAYS = r'''
days() {
	find "$1" -type f -printf '%T@ %p\n' | while read -r time file; do
		touch -d "@$((${time%.*} - $2 * 86400))" "$file"
	done
}
'''
# Data that was pushed, and of which no commit is left.
LOST = PUSH + DAYS + r'''
(
	cd p
	echo lost >data/new/lost
	mldv add data/new
	git commit -qam lost
	mldv push
	git reset -q --hard HEAD~1
	mldv checkout
	git reflog expire --expire=now --all
	rm -f .git/ORIG_HEAD
)
days r 20
days p/.git/mldv/store 2
'''

# words: after mldv
# status: what it gives when left alone
# once: done twice, it says so
# fsck: where that is run, and may: which statuses it may give besides 0
# pushed: everything p has is on a remote; this makes pull use it
# aside: what is taken away while it runs, and comes back
# litter: temporary files may stay if it is killed: nobody knows of the place,
# or a collection removes them
# random: what it stages is never the same
# errors: which statuses a fault may give besides 1
# always: look after every fault that all versions can be had
Command = namedtuple('Command', 'name dir words before status once fsck may '
                     'pushed aside litter random errors always')


def command(name, directory, words, before='', status=0, once=False,
            fsck=None, may=(), pushed=None, aside=(), litter=False,
            random=False, errors=(), always=False):
    return Command(name, directory, tuple(words.split(' ')), before, status,
                   once, directory if fsck is None else fsck, may, pushed,
                   aside, litter, random, errors, always)


COMMANDS = (
    command('init', 'n', 'init', 'git init -q n; echo 1 >n/file',
            fsck='', random=True, litter=True),
    command('init again', 'p', 'init',
            '(cd p && git rm -qf .gitattributes)', once=True, litter=True),
    command('add', 'p', 'add data/d data/new'),
    command('add a part', 'p', 'add data/d/text'),
    command('add and merge packs', 'p', 'add data/new', r'''
cd p
for i in $(seq 17); do
	echo $i >data/new/$i
	mldv add data/new
done
echo >data/new/last
'''),
    command('rm', 'p', 'rm data/keep', once=True),
    command('rm -f', 'p', 'rm -f data/keep',
            'echo changed >p/data/keep/file', once=True),
    command('rm -k', 'p', 'rm -k data/keep', once=True),
    command('mv', 'p', 'mv data/keep data/kept', once=True),
    command('repro', 'p', 'repro', ADD, aside=('p/out',)),
    command('push', 'p', 'push', REPRO, pushed=(), always=True),
    command('push to a new remote', 'p', 'push -r other',
            REPRO + '(mkdir r2; cd p; mldv remote add other "$PWD/../r2")',
            pushed=('-r', 'other')),
    command('push --revision', 'p', 'push --revision HEAD~1', REPRO),
    command('push over old packs', 'p', 'push', PUSH + DAYS + 'days r 20',
            pushed=(), always=True),
    command('fetch', 'c', 'fetch', PULL, may=(5,)),
    command('pull', 'c', 'pull', PULL, may=(5,)),
    command('pull into a new clone', 'n', 'pull', CLONE, may=(5,)),
    command('pull a part', 'n', 'pull data/d/text', CLONE, may=(5,)),
    command('pull the rest', 'n', 'pull data/d',
            CLONE + '(cd n && mldv pull data/d/text)', may=(5,)),
    command('checkout', 'c', 'checkout', PULLED + r'''
cd c
git checkout -q --detach first
rm -rf data/keep data/new out
'''),
    command('checkout -f', 'c', 'checkout -f', PULLED + r'''
cd c
echo mine >data/keep/file
echo mine >data/d/mine
rm data/d/big.bin
mkdir data/d/big.bin
'''),
    command('unprotect', 'c', 'unprotect data/d', PULLED + r'''
cd c
big=$(find .git/mldv/store/files -type f -size -4300001c | head -n 1)
ln -f "$big" data/d/big.bin
'''),
    command('cat', 'n', 'cat data/d/text/1.txt', CLONE, may=(5,)),
    command('ls --remote', 'n', 'ls -R --remote', CLONE, may=(5,)),
    command('status', 'c', 'status', PULLED + 'rm -rf c/.git/mldv/state',
            litter=True),
    command('get', 'n', 'get -o got ../o thing', 'mkdir n', once=True,
            fsck='', litter=True),
    command('get from a remote', 'n', 'get -o got ../s.git data/d',
            PUSH + 'mkdir n', once=True, fsck='', litter=True),
    command('import', 'p', 'import ../o thing data/imp2', once=True,
            litter=True),
    command('import from a remote', 'c', 'import ../q.git data/d data/imp2',
            PUSH + 'git clone -q --bare s.git q.git', once=True,
            litter=True),
    command('update', 'p', 'update', litter=True),
    command('drop', 'c', 'drop data/d', PULLED, may=(5,), always=True),
    command('gc --delete', 'p', 'gc --delete', LOST, always=True),
    command('gc of a remote', 'p', 'gc -r origin --delete', LOST,
            pushed=(), always=True),
    command('gc of a remote a day later', 'p', 'gc -r origin --delete',
            LOST + '(cd p && mldv gc -r origin --delete); days r 2; days r 20;'
            'find r/gc -type f -exec touch -d "2 days ago" {} +', pushed=(), always=True),
    command('gc --undo', 'p', 'gc -r origin --undo',
            LOST + '(cd p && mldv gc -r origin --delete)', once=True,
            pushed=(), always=True),
    command('fsck', 'n', 'fsck', DAMAGE, status=4, once=True, may=(4, 5)),
    command('fsck --repair', 'n', 'fsck --repair', DAMAGE + 'rm -rf n/data/d',
            may=(4, 5), errors=(4, 5)),
    command('config', 'p', 'config gc.runs 10'),
    command('config --local', 'p', 'config --local store.link copy', litter=True),
    command('config --unset', 'p', 'config --unset project.remote',
            once=True),
    command('remote add', 'p', 'remote add other /nowhere', once=True),
    command('remote default', 'p', 'remote default other',
            '(cd p && mldv remote add other /nowhere)'),
    command('remote remove', 'p', 'remote remove other',
            '(cd p && mldv remote add other /nowhere)', once=True),
    command('new stage', 'p', 'new stage -d data/d -o got two -- cp -r x got',
            once=True),
)


def make(lab):
    """What all of them start from; and the first version, to compare with."""
    lab.ground.must(lab.ground.top, 'mkdir', lab.world)
    lab.sh(FIRST)
    lab.first = snapshot(lab.at('c'))
    lab.sh(SECOND)
    lab.save('first')
