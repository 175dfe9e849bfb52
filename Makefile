# SPDX-License-Identifier: Apache-2.0
# mldv: build, test, install.  GNU make.
#
#   make                    the program, as build/debug/mldv
#   make BUILD=release      optimised; also asan, tsan, cover, fuzz
#   make CC=clang           beside it, in build/debug-clang/
#   make setup              installs what building and testing need
#   make demo               setup, build, and the examples; with REMOTE=s3
#                           their data goes to a bucket on this machine
#   make example            the same for a team's project with training jobs
#                           (examples/images/); DIRECTORY=... keeps it
#   make check              setup, build, and every test, also with
#                           BUILD=asan or tsan
#                           (SUITES="unit fuzz cli" chooses, and so does
#                           TESTS=test/cli/add.t)
#   make memcheck           the unit tests under valgrind
#   make fuzz               MINUTES=10 on each parser, or only on those in
#                           PARSERS="ini tree"; then says how many lines of
#                           them were reached (needs clang)
#   make analyze            what gcc's and clang's analyzers find in src/
#   make lint               format, clang-tidy, rules.sh, shell, man pages
#   make format             lets clang-format have its way
#   make bench              compares with floors and peers (bench/run.py);
#                           SCALE=small, PEERS="restic", WORKLOADS="S L"
#   make bench-check        holds a small run to bench/results/check.txt;
#                           COUNTS=only leaves the times out
#   make bundle             an archive that runs elsewhere (contrib/bundle.sh);
#                           bundle-check tries it, ROOTS="trixie" or paths
#   make completion         writes contrib/completion/ anew
#   make install            honours PREFIX and DESTDIR; so does uninstall
#
# V=1 shows the commands, WERROR= lets an untested compiler warn.

VERSION = 0.1.0

# What is run by people is built for speed, what is worked on for debugging.
ifneq ($(filter install uninstall demo example completion bench bench-check bundle bundle-check,$(MAKECMDGOALS)),)
BUILD ?= release
else
BUILD ?= debug
endif

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
SHARE   ?= $(PREFIX)/share
MANDIR  ?= $(SHARE)/man
DATADIR ?= $(SHARE)/mldv
BASHDIR ?= $(SHARE)/bash-completion/completions
ZSHDIR  ?= $(SHARE)/zsh/site-functions
FISHDIR ?= $(SHARE)/fish/vendor_completions.d

INSTALL    ?= install
PKG_CONFIG ?= pkg-config
PACKAGES    = libgit2 libcrypto libzstd inih libutf8proc jansson expat yaml-0.1
# Loaded only by a command that needs the network, or archives: they bring
# forty libraries, which cost each start 6 ms.
LOADED      = libcurl libarchive

ifeq ($(BUILD),fuzz)
CC = clang
else ifeq ($(origin CC),default)
CC = gcc
endif

# As many jobs as processors, unless the caller says.
ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# CFLAGS and LDFLAGS belong to the user; the project's own flags come first.
SANITIZE       = -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS.debug   = -Og -g
CFLAGS.release = -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS.asan    = -O1 -g -fsanitize=address,undefined $(SANITIZE)
CFLAGS.tsan    = -O1 -g -fsanitize=thread $(SANITIZE)
CFLAGS.cover   = -O0 -g --coverage
CFLAGS.fuzz    = -O1 -g -fsanitize=fuzzer-no-link,address,undefined $(SANITIZE) \
	-fprofile-instr-generate -fcoverage-mapping
ifeq ($(CFLAGS.$(BUILD)),)
$(error BUILD is '$(BUILD)'; it can be debug, release, asan, tsan, cover or fuzz)
endif

WERROR  ?= -Werror
WARNINGS = -Wall -Wextra -Wpedantic $(WERROR) -Wshadow -Wvla -Wundef \
	-Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
	-Wpointer-arith -Wwrite-strings -Wconversion -Wimplicit-fallthrough

# Asked for once, and only when something is compiled: 'make setup' comes
# before pkg-config is there.
pkg_cflags = $(eval pkg_cflags := $$(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(LOADED)))$(pkg_cflags)
pkg_libs   = $(eval pkg_libs := $$(shell $(PKG_CONFIG) --libs $(PACKAGES)) -ldl)$(pkg_libs)

defines  = -Iinclude -Isrc -D_GNU_SOURCE -DMLDV_VERSION='"$(VERSION)"'
cppflags = $(defines) $(pkg_cflags)
cflags   = -std=c11 -pthread $(WARNINGS) $(CFLAGS.$(BUILD))
compile  = $(CC) $(cppflags) $(CPPFLAGS) $(cflags) $(CFLAGS)
link     = $(CC) $(cflags) $(CFLAGS) $(LDFLAGS)

out     := build/$(BUILD)$(if $(findstring clang,$(CC)),-clang)
sources := $(wildcard src/*/*.c)
objects := $(sources:%.c=$(out)/%.o)
library := $(out)/libmldv.a
program := $(if $(wildcard src/main.c),$(out)/mldv)
units   := $(patsubst %.c,$(out)/%,$(wildcard test/unit/test_*.c))
shared  := $(patsubst %.c,$(out)/%.o,$(filter-out test/unit/test_%.c,$(wildcard test/unit/*.c)))
fuzzers := $(patsubst %.c,$(out)/%,$(wildcard test/fuzz/*.c))
tools   := $(patsubst %.c,$(out)/%,$(wildcard test/tool/*.c))
loops   := $(patsubst %.c,$(out)/%,$(wildcard bench/*.c))
scripts := $(wildcard test/cli/*.t examples/*/*.t)

all_c   := $(wildcard src/*.c src/*/*.c test/*.c test/*/*.c bench/*.c)
all_h   := $(wildcard include/mldv/*.h src/*/*.h test/*.h test/*/*.h bench/*.h)

ifneq ($(V),1)
.SILENT:
endif

all: $(program) $(library)

$(out)/mldv: $(out)/src/main.o $(library)
	echo "  LD    $@"
	$(link) -o $@ $^ $(pkg_libs)

$(library): $(objects)
	mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(out)/%.o: %.c $(out)/flags
	mkdir -p $(@D)
	echo "  CC    $<"
	$(compile) -MMD -MP -c -o $@ $<

# Changes when the way to compile does, and then everything is compiled anew.
$(out)/flags: force
	mkdir -p $(@D)
	printf '%s\n' '$(subst ','\'',$(compile) $(LDFLAGS) $(pkg_libs))' >$@.new
	cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

$(units): %: %.o $(shared) $(library)
	echo "  LD    $@"
	$(link) -o $@ $^ $(pkg_libs) -lcmocka -larchive

$(tools) $(loops): %: %.o $(library)
	echo "  LD    $@"
	$(link) -o $@ $^ $(pkg_libs)

# Without libFuzzer, a fuzzer replays its corpus: a regression test.
ifeq ($(BUILD),fuzz)
$(fuzzers): %: %.o $(library)
	echo "  LD    $@"
	$(link) -fsanitize=fuzzer -o $@ $^ $(pkg_libs) -larchive
else
$(fuzzers): %: %.o $(out)/test/replay.o $(library)
	echo "  LD    $@"
	$(link) -o $@ $^ $(pkg_libs) -larchive
endif

setup:
	sh test/setup.sh

# A user types just this after cloning, so the compiler may not be there yet;
# what is only for linting is left out then.
demo:
	sh test/setup.sh $(if $(filter s3,$(REMOTE)),check,build)
	+$(MAKE) --no-print-directory BUILD=$(BUILD) all
	set -e; for script in examples/*/demo.sh; do \
	    REMOTE=$(REMOTE) MLDV=$(abspath $(out)/mldv) sh $$script; done

# Needs PyPI as well, for numpy, papermill and the images.
example:
	sh test/setup.sh check
	+$(MAKE) --no-print-directory BUILD=$(BUILD) all
	MLDV=$(abspath $(out)/mldv) sh examples/images/run.sh $(DIRECTORY)

check:
	sh test/setup.sh $(if $(findstring clang,$(CC)),all,check)
	+$(MAKE) --no-print-directory run-tests

SUITES     ?= unit fuzz cli
PROVEFLAGS ?= -j2
tests.unit  = $(units)
tests.fuzz  = $(fuzzers)
tests.cli   = $(scripts)
TESTS      ?= $(foreach suite,$(SUITES),$(tests.$(suite)))

# LeakSanitizer cannot work in a process that is traced. What lies beside the
# program is found before what is installed: test/cli/lib.sh.
tracer.asan = $(out)/strace
$(out)/strace: $(out)/flags
	printf '#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec %s "$$@"\n' \
	    "$$(command -v strace)" >$@
	chmod +x $@

# gcc's thread sanitizer does not cope with much address randomisation.
prefix.tsan = $(shell setarch -R true 2>/dev/null && echo setarch -R)

run-tests: $(filter $(units) $(fuzzers),$(TESTS)) \
		$(if $(filter %.t,$(TESTS)),$(program) $(tools) $(tracer.$(BUILD)))
	CMOCKA_MESSAGE_OUTPUT=TAP MLDV=$(abspath $(out)/mldv) \
	    LSAN_OPTIONS=print_suppressions=0:suppressions=$(abspath test/lsan.supp) \
	    MLDV_TOOLS=$(abspath $(out)/test/tool) \
	    test/tool/rgw.sh run prove --exec '$(prefix.$(BUILD))' $(PROVEFLAGS) $(TESTS)

# MINUTES, ALL, SEED, COMMANDS, SYSTEMS reach the scripts by the environment;
# they say at their beginning what these mean.
check-long: $(program) $(tools)
	MLDV=$(abspath $(out)/mldv) MLDV_TOOLS=$(abspath $(out)/test/tool) \
	    python3 -B test/long/calls.py
	MLDV=$(abspath $(out)/mldv) MLDV_TOOLS=$(abspath $(out)/test/tool) \
	    python3 -B test/long/histories.py
	MLDV=$(abspath $(out)/mldv) MLDV_TOOLS=$(abspath $(out)/test/tool) \
	    MLDV_LONG=1 prove test/cli/limits.t test/cli/gcrules.t

# Reads of what was never written, also in libraries. Leaks are seen with
# BUILD=asan; here each forked child of a test would have some.
memcheck: $(units)
	CMOCKA_MESSAGE_OUTPUT=TAP MLDV=$(abspath $(out)/mldv) \
	    prove $(PROVEFLAGS) --exec 'valgrind -q --error-exitcode=99' \
	    $(units)

# To be read, not to be silenced: neither is a gate.
analyze: $(sources:%.c=$(out)/%.analyzed)
	cat $^
$(out)/%.analyzed: $(out)/%.o
	echo "  READ  $*.c"
	{ gcc $(cppflags) -std=c11 -O1 -fanalyzer -fno-diagnostics-color \
	    -c -o /dev/null $*.c; \
	  clang --analyze --analyzer-output text $(cppflags) -std=c11 $*.c; } \
	    >$@ 2>&1

# What a run finds to be new stays in build/, and the next one begins there;
# what makes a target stop lies beside it.
MINUTES ?= 10
PARSERS ?= $(notdir $(fuzzers))
fuzz:
	+$(MAKE) --no-print-directory BUILD=fuzz run-fuzzers
run-fuzzers: $(PARSERS:%=$(out)/test/fuzz/%)
	OUT=$(out) MINUTES=$(MINUTES) sh test/fuzz/run.sh $(PARSERS)

# What is given on the command line reaches the scripts by the environment:
# SCALE, PEERS, WORKLOADS, RUNS, COUNTS, UPDATE.
bench: $(program) $(loops)
	sh bench/setup.sh
	MLDV=$(abspath $(out)/mldv) LOOPS=$(abspath $(out)/bench) \
	    python3 -B bench/run.py

bench-check: $(program) $(loops)
	MLDV=$(abspath $(out)/mldv) LOOPS=$(abspath $(out)/bench) \
	    python3 -B bench/run.py --check

lint:
	+$(MAKE) --no-print-directory -k lint-format lint-tidy lint-rules \
	    lint-shell lint-man
lint-format:
	clang-format --dry-run -Werror $(all_c) $(all_h)
lint-tidy: $(all_c:%.c=$(out)/%.tidy)
lint-rules:
	sh test/rules.sh
lint-shell:
	shellcheck -x $$(find test examples contrib bench .ci -type f 2>/dev/null | \
	    while read -r f; do case $$f in *.sh|*.t) echo $$f;; \
	    *) head -c 20 $$f | grep -aq '^#!.*sh$$' && echo $$f;; esac; done)
	set -e; for f in bash:mldv.bash zsh:_mldv fish:mldv.fish; do \
	    [ ! -e contrib/completion/$${f#*:} ] || \
	    $${f%:*} -n contrib/completion/$${f#*:}; done

format:
	clang-format -i $(all_c) $(all_h)
lint-man:
	$(if $(wildcard man/*.*),mandoc -Tlint -Wwarning $(wildcard man/*.*))

# The object is newer when a header changed, which is when to look again.
$(out)/%.tidy: $(out)/%.o .clang-tidy
	echo "  TIDY  $*.c"
	clang-tidy --quiet $*.c -- $(cppflags) -std=c11 >$@.out 2>&1 || \
	    { cat $@.out; exit 1; }
	mv $@.out $@

compile_commands.json: force
	{ echo '['; comma=; for f in $(all_c); do \
	    printf '%s{"directory": "%s",\n"file": "%s",\n"command": "%s"}' \
	        "$$comma" '$(CURDIR)' "$$f" \
	        '$(subst ','\'',$(subst ",\",$(subst \,\\,$(compile)))) -c '"$$f"; \
	    comma=$$(printf ',\n.'); comma=$${comma%.}; \
	done; printf '\n]\n'; } >$@

completion: $(program)
	mkdir -p contrib/completion
	$(out)/mldv completion bash >contrib/completion/mldv.bash
	$(out)/mldv completion zsh >contrib/completion/_mldv
	$(out)/mldv completion fish >contrib/completion/mldv.fish

# What is installed, as source:directory:name:mode.
installed = $(out)/mldv:$(BINDIR):mldv:755 \
	$(foreach p,$(wildcard man/*.1),$p:$(MANDIR)/man1:$(notdir $p):644) \
	$(foreach p,$(wildcard man/*.5),$p:$(MANDIR)/man5:$(notdir $p):644) \
	$(foreach p,$(wildcard man/*.7),$p:$(MANDIR)/man7:$(notdir $p):644) \
	$(foreach p,$(wildcard contrib/import-dvc),$p:$(DATADIR):$(notdir $p):755) \
	$(foreach p,$(wildcard contrib/hooks/*),$p:$(DATADIR)/hooks:$(notdir $p):755) \
	$(foreach p,$(wildcard contrib/completion/mldv.bash),$p:$(BASHDIR):mldv:644) \
	$(foreach p,$(wildcard contrib/completion/_mldv),$p:$(ZSHDIR):_mldv:644) \
	$(foreach p,$(wildcard contrib/completion/mldv.fish),$p:$(FISHDIR):mldv.fish:644)

install: $(program)
	set -e; for i in $(installed); do IFS=:; set -- $$i; unset IFS; \
	    $(INSTALL) -d "$(DESTDIR)$$2"; \
	    $(INSTALL) -m $$4 "$$1" "$(DESTDIR)$$2/$$3"; done

uninstall:
	set -e; for i in $(installed); do IFS=:; set -- $$i; unset IFS; \
	    rm -f "$(DESTDIR)$$2/$$3"; done
	rmdir "$(DESTDIR)$(DATADIR)/hooks" "$(DESTDIR)$(DATADIR)" 2>/dev/null || :

bundle: $(program)
	+sh contrib/bundle.sh $(program) $(VERSION) build/bundle
bundle-check: bundle
	sh test/bundle.sh build/bundle/mldv-$(VERSION)-linux-$$(uname -m).tar.zst

clean:
	rm -rf build

-include $(shell find $(out) -name '*.d' 2>/dev/null)
.PHONY: all setup format demo example check check-long run-tests memcheck analyze \
	fuzz run-fuzzers bench \
	bench-check lint \
	lint-format lint-tidy lint-rules lint-shell lint-man completion \
	install uninstall bundle bundle-check clean force
.SECONDARY:
.DELETE_ON_ERROR:
