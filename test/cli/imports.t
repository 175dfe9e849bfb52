#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# Deps "python:…": what a module imports, compared with what Python finds.

# sources: files from standard input, each after a line "== PATH".
sources() {
	awk '
		/^== / {
			file = $2
			dir = file
			if (sub("/[^/]*$", "", dir))
				system("mkdir -p " dir)
			printf "" >file
			next
		}
		{ print >file }
	'
}

# stage MODULE: one that depends on it.
stage() {
	cat >>mldv.ini <<-END
		[stage s]
		deps = python:$1
		cmd = echo 1 >o
		outs = o
	END
}

# members: the Python files among the deps of the stage, as its run had them.
members() {
	mldv repro >report &&
		sed -n "s/^dep . [0-9a-f]* \(.*\.py\)$/\1/p" mldv.lock | sort
}

# python MODULE [DIR...]: the files of this directory that Python would load.
python() {
	python3 - "$@" <<-'END'
		import sys, os, modulefinder
		name, root = sys.argv[1], os.getcwd()
		path = [os.path.normpath(os.path.join(root, d))
		        for d in sys.argv[2:] or [".", "src"]]
		finder = modulefinder.ModuleFinder(path)
		if name.endswith(".py"):
		    finder.run_script(name)
		else:
		    finder.import_hook(name)
		files = {os.path.relpath(m.__file__, root)
		         for m in finder.modules.values() if m.__file__}
		print("\n".join(sorted(files)))
	END
}

# loaded MODULE: the files of this directory that Python does load.
loaded() {
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=.:src python3 - "$1" <<-'END'
		import sys, os, importlib
		importlib.import_module(sys.argv[1])
		files = {os.path.relpath(m.__file__)
		         for m in sys.modules.values()
		         if getattr(m, "__file__", None)}
		print("\n".join(sorted(f for f in files
		                       if f[:2] != ".." and os.path.exists(f))))
	END
}

# agree MODULE [DIR...]: both say the same.
agree() {
	stage "$1"
	members >ours
	python "$@" >theirs
	same theirs ours
}

check 'packages, relative imports, and what stands in brackets' '
	project .
	sources <<-"END"
	== cifar/__init__.py
	from .version import VERSION
	== cifar/version.py
	VERSION = 1
	== cifar/train.py
	import os, sys
	import numpy as np
	from . import model
	from .data import (  # the data
	    load,   # a function
	    augment,
	)
	from .sub.deep import \
	    x
	from cifar.lazy import *
	== cifar/model.py
	class M: from .layers import conv
	== cifar/layers.py
	conv = 1
	== cifar/data/__init__.py
	load = 1
	== cifar/data/augment.py
	from ..lib import y
	from ... import nothing
	== cifar/lib.py
	y = 1
	== cifar/sub/__init__.py
	== cifar/sub/deep.py
	x = 1
	== cifar/lazy.py
	a = 1
	== cifar/unused.py
	import cifar.also_unused
	== cifar/also_unused.py
	END
	sed -i "/nothing/d" cifar/data/augment.py
	agree cifar.train
	grep -q cifar/data/augment.py ours
	! grep -q unused ours
'

check 'what looks like an import and is none, and the other way round' '
	project .
	sources <<-"END"
	== m.py
	"""
	import no1
	"""
	text = "import no2"; import yes1
	text = "\
	import no3"
	text = f"{1}import no4" "x" '\''import no5'\''
	# import no6
	if text: import yes2
	try:
	    import yes3 as z, yes4
	except ImportError: pass
	def f(a: int = 3, *,
	    b=[1,
	import_=2]):
	    from yes5 import (a
	        , b as c)
	    yield from no7()
	    raise ValueError from no8
	import yes6 ; import yes7
	x = {
	"import": 1}
	x = lambda: 1
	async def g():
	    import yes8
	importx = 1
	from_ = 2
	from yes9 . inner import q
	END
	sed -i "s/^import_=2/2/; s/^    b=.1,/    b=[1,/" m.py
	for i in 1 2 3 4 5 6 7 8; do echo "a = b = 1" >"yes$i.py"; done
	mkdir yes9; : >yes9/__init__.py; echo q=1 >yes9/inner.py
	for i in 1 2 3 4 5 6 7 8; do : >"no$i.py"; done
	agree m
	[ "$(wc -l <ours)" -eq 11 ]
'

check 'packages without __init__.py, and below src' '
	project .
	sources <<-"END"
	== src/app/main.py
	import space.one
	from space import two
	from app import other
	== src/app/other.py
	== src/app/__init__.py
	== space/one.py
	import space.three.four
	== space/two.py
	== space/three/four.py
	== src/space/two.py
	END
	stage app.main
	members >ours
	loaded app.main >theirs
	same theirs ours
	grep -q "^space/three/four.py" ours
'

check 'a script finds its modules beside it first' '
	project .
	sources <<-"END"
	== scripts/train.py
	import tools
	import deep.er
	== scripts/tools.py
	== tools.py
	== deep/__init__.py
	== deep/er.py
	END
	agree scripts/train.py scripts . src
	grep -q "^scripts/tools.py" ours
	! grep -q "^tools.py" ours
'

check 'modules that import each other, and a package that is run' '
	project .
	sources <<-"END"
	== p/__init__.py
	from . import a
	== p/__main__.py
	from p import c
	== p/a.py
	from . import b
	== p/b.py
	from . import a
	import p
	== p/c.py
	END
	stage p
	members >ours
	printf "p/%s.py\n" __init__ __main__ a b c | sort >want
	same want ours
'

check 'a change of a member, and a file that comes to stand before it' '
	project .
	sources <<-"END"
	== m.py
	import lib
	== src/lib.py
	== other.py
	END
	stage m
	members >ours
	mldv repro -n
	echo "x = 1" >other.py
	mldv repro -n
	echo "x = 1" >src/lib.py
	code=0; mldv repro -n >out || code=$?
	[ "$code" -eq 3 ]
	grep -q "dep src/lib.py changed" out
	mldv repro
	# Python finds the one in the root first.
	: >lib.py
	code=0; mldv repro -n >out || code=$?
	[ "$code" -eq 3 ]
	grep -q "dep lib.py added" out
	members >ours
	grep -q "^lib.py" ours && ! grep -q "^src/lib.py" ours
	echo "import os" >m.py
	members >ours
	[ "$(cat ours)" = m.py ]
'

check 'verify finds what the commit imports, not the work tree' '
	project .
	sources <<-"END"
	== p/m.py
	from . import n
	== p/n.py
	END
	stage p.m
	mldv remote add r "$PWD/../remote"
	mldv repro
	git add -A; git commit -qm 1
	mldv push
	rm p/n.py
	mldv verify
	echo "x = 1" >p/n.py
	git commit -qam 2
	code=0; mldv verify >out || code=$?
	[ "$code" -eq 3 ]
	grep -q "p/n.py" out
'

check 'a module that is not there is an error with its line' '
	project .
	stage cifar.trian
	fails 2 mldv repro
	grep -q "mldv.ini:.*: there is no Python module .cifar.trian." stderr
'

check 'a module by a plain text is followed, one that is computed is told' '
	project .
	sources <<-"END"
	== m.py
	import importlib
	importlib.import_module("lib.one")
	x = __import__("two")
	== lib/one.py
	== two.py
	END
	stage m
	members >ours
	printf "%s\n" lib/one.py m.py two.py >want
	same want ours
	mldv repro -n 2>said
	hasnt computes said
	echo "importlib.import_module(name)" >>m.py
	code=0; mldv repro -n >out 2>said || code=$?
	[ "$code" -eq 3 ]
	grep -q "stage .s. imports modules by names that it computes (m.py:4)" said
'

finish
