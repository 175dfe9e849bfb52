# SPDX-License-Identifier: Apache-2.0
"""
Writes remotes, packs, trees, pointers and locks that mldv itself would never
write, from the description of the formats alone.

    craft.py CASE REMOTE PROJECT     a remote with one item; the pointer of
                                     the item goes to standard output
    craft.py lock PATH               an mldv.lock whose stage made PATH
    craft.py --list                  the cases that must be refused
"""
import hashlib
import os
import struct
import subprocess
import sys

BIG = 5 << 20


def oid(data):
    return hashlib.sha256(data).hexdigest()


def escape(name):
    return name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def tar(name, size):
    head = bytearray(512)
    head[0:len(name)] = name
    head[100:108] = b"0000444\0"
    head[108:116] = b"0000000\0"
    head[116:124] = b"0000000\0"
    head[124:136] = b"%011o\0" % size
    head[136:148] = b"00000000000\0"
    head[148:156] = b"        "
    head[156:157] = b"0"
    head[257:265] = b"ustar\x0000"
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def frame(data, claim=None):
    """A zstd frame of raw blocks."""
    out = b"\x28\xb5\x2f\xfd\xa0"
    out += struct.pack("<I", len(data) if claim is None else claim)
    pieces = [data[i:i + 131072] for i in range(0, len(data), 131072)] or [b""]
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        out += struct.pack("<I", len(piece) << 3 | last)[:3] + piece
    return out


class Pack:
    """Objects, each in a frame of its own, and their index."""

    def __init__(self):
        self.body = b""
        self.records = []

    def add(self, data, name=None, chunks_of=None, claim=None, raw=None):
        name = name or oid(data)
        entry = chunks_of + ".chunks" if chunks_of else name
        plain = tar(entry.encode(), len(data)) + data
        plain += bytes(-len(data) % 512)
        packed = raw or frame(plain, claim)
        self.record(chunks_of or name, len(self.body), len(packed), len(data),
                    512 | (1 << 30 if chunks_of else 0))
        self.body += packed
        return name

    def record(self, name, offset, length, size, place=512):
        self.records.append(bytes.fromhex(name) + struct.pack(
            "<IIII", offset & 0xffffffff, length & 0xffffffff, place, size))

    def bytes(self, sort=True):
        self.body += frame(bytes(1024))
        records = b"".join(sorted(self.records) if sort else self.records)
        out = self.body + b"\x5d\x2a\x4d\x18"
        out += struct.pack("<I", len(records) + 64) + records
        out += b"mldvpack" + struct.pack(
            "<IIII", 1, len(self.records), len(self.body), 48) + bytes(8)
        return out + hashlib.sha256(records).digest()


class Remote:
    def __init__(self, root, project):
        self.root, self.project = root, project
        self.lines = []
        self.put("format", b"mldv-remote 1\n")

    def put(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def pack(self, pack, word="pack", sort=True):
        data = pack.bytes(sort)
        name = oid(data)
        self.put("packs/%s/%s.tar.zst" % (name[:2], name), data)
        self.lines.append("%s %s %d %d %d\n" % (
            word, name, len(data), len(pack.body), len(pack.records)))

    def manifest(self, item, lines=None):
        kind = "dir" if item[0] == "dir" else "file"
        text = "mldv-manifest 1\nkind %s\noid sha256:%s\n" % (kind, item[1])
        text += "size %d\nfiles %d\n" % item[2:]
        text += "".join(sorted(lines or self.lines,
                               key=lambda line: line.split()[1]))
        self.put("manifests/%s/%s/%s.%s" % (
            self.project, item[1][:2], item[1], kind), text.encode())


def pointer(item):
    return "mldv-pointer 1\nkind %s\noid sha256:%s\nsize %d\nfiles %d\n" % item


def tree(entries):
    """Entries are (letter, size, files, oid, name); the order is theirs."""
    out = b"mldv-tree 1\n"
    for letter, size, files, name_of, name in entries:
        out += letter.encode() + b" %d " % size
        if letter in "dp":
            out += b"%d " % files
        out += name_of.encode() + b" " + escape(name) + b"\n"
    return out


HELLO = b"hello\n"
OF = oid(HELLO)


def file(name, size=6, name_of=OF, letter="f"):
    return (letter, size, 1, name_of, name)


def link(name, target):
    return ("l", len(target), 1, oid(target), name)


def plain(remote, entries, size=None, files=None, objects=(HELLO,),
          trees=()):
    """An item with one tree, or with those below it too."""
    content, above = Pack(), Pack()
    for data in objects:
        content.add(data)
    for data in trees:
        above.add(data)
    top = tree(entries)
    above.add(top)
    remote.pack(content)
    remote.pack(above, "trees")
    item = ("dir", oid(top),
            sum(e[1] for e in entries) if size is None else size,
            sum(e[2] for e in entries) if files is None else files)
    remote.manifest(item)
    return item


CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


# Names that a tree may not have.
NAMES = {
    "dotdot": b"..", "above": b"../x", "absolute": b"/tmp/x", "dot": b".",
    "slash": b"a/b", "git": b".git", "git-upper": b".GIT",
    "git-mixed": b".gIt", "git-config": b".git/config", "nul": b"a\0b",
    "temporary": b".mldv-tmp.0123456789abcdef", "none": b"",
    "long": b"n" * 256,
}
for word, bad in NAMES.items():
    CASES["name-" + word] = lambda r, bad=bad: plain(r, [file(bad)])
    CASES["dir-" + word] = lambda r, bad=bad: plain(
        r, [("d", 6, 1, oid(tree([file(b"x")])), bad)],
        trees=[tree([file(b"x")])])


@case
def twice(remote):
    return plain(remote, [file(b"a"), file(b"a")])


@case
def unsorted(remote):
    return plain(remote, [file(b"b"), file(b"a")])


@case
def link_and_dir(remote):
    """Through the link the directory's file would be outside."""
    below = tree([file(b"x")])
    return plain(remote, [link(b"a", b"../../outside"),
                          ("d", 6, 1, oid(below), b"a")],
                 objects=(HELLO, b"../../outside"), trees=[below])


@case
def below_a_link(remote):
    return plain(remote, [link(b"a", b"../../outside"), file(b"a/x")],
                 objects=(HELLO, b"../../outside"))


@case
def file_size_less(remote):
    return plain(remote, [file(b"a", 5)])


@case
def file_size_more(remote):
    return plain(remote, [file(b"a", 7)])


@case
def file_size_huge(remote):
    return plain(remote, [file(b"a", 1 << 62)])


@case
def sum_wraps(remote):
    return plain(remote, [file(b"%d" % i, (1 << 63) - 1) for i in range(4)],
                 size=0)


@case
def pointer_size(remote):
    return plain(remote, [file(b"a")], size=7)


@case
def pointer_files(remote):
    return plain(remote, [file(b"a")], files=2)


@case
def dir_size(remote):
    below = tree([file(b"x")])
    return plain(remote, [("d", 7, 1, oid(below), b"d")], trees=[below])


@case
def dir_files(remote):
    below = tree([file(b"x")])
    return plain(remote, [("d", 6, 9, oid(below), b"d")], trees=[below])


@case
def dir_is_a_file(remote):
    return plain(remote, [("d", 6, 1, OF, b"d")])


@case
def page_nested(remote):
    page = tree([file(b"x")])
    pages = tree([("p", 6, 1, oid(page), b"x")])
    return plain(remote, [("p", 6, 1, oid(pages), b"x")],
                 trees=[page, pages])


@case
def page_names_lie(remote):
    page = tree([file(b"x")])
    return plain(remote, [("p", 6, 1, oid(page), b"../x")], trees=[page])


@case
def too_deep(remote):
    below, trees = tree([file(b"x")]), []
    for _ in range(1100):
        trees.append(below)
        below = tree([("d", 6, 1, oid(below), b"d")])
    return plain(remote, [("d", 6, 1, oid(below), b"d")],
                 trees=trees + [below])


@case
def ten_times_ten(remote):
    """Eleven small objects, ten thousand million files."""
    below, trees, size, files = tree([file(b"x")]), [], 6, 1
    for _ in range(10):
        trees.append(below)
        entries = [("d", size, files, oid(below), b"%d" % i)
                   for i in range(10)]
        below, size, files = tree(entries), size * 10, files * 10
    return plain(remote, entries, trees=trees)


def single(remote, pack, size=6, name=OF, lines=None, sort=True):
    remote.pack(pack, sort=sort)
    item = ("file", name, size, 1)
    remote.manifest(item, lines)
    return item


@case
def other_bytes(remote):
    pack = Pack()
    pack.add(b"HELLO\n", OF)
    return single(remote, pack)


@case
def bomb_claimed(remote):
    """A frame that says that it holds 1 GiB, and does."""
    raw = subprocess.run("head -c 1073741824 /dev/zero | zstd -q -1",
                         shell=True, stdout=subprocess.PIPE,
                         check=True).stdout
    pack = Pack()
    pack.add(HELLO, raw=raw)
    return single(remote, pack)


@case
def bomb_hidden(remote):
    """1 GiB of RLE blocks in a frame that says 1,024 bytes."""
    raw = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", 1024)
    for i in range(8192):
        raw += struct.pack("<I", 131072 << 3 | 2 | (i == 8191))[:3] + b"\0"
    pack = Pack()
    pack.add(HELLO, raw=raw)
    return single(remote, pack)


@case
def frame_claims_less(remote):
    pack = Pack()
    pack.add(HELLO, claim=600)
    return single(remote, pack)


@case
def frame_claims_more(remote):
    pack = Pack()
    pack.add(HELLO, claim=4096)
    return single(remote, pack)


def outside(offset, length, size=6, place=512):
    def make(remote):
        pack = Pack()
        pack.add(HELLO)
        pack.records = []
        pack.record(OF, offset, length, size, place)
        return single(remote, pack)
    return make


CASES["index-offset-outside"] = outside(1 << 20, 100)
CASES["index-length-outside"] = outside(0, 1 << 20)
CASES["index-wraps"] = outside(0xfffffff0, 0x20)
CASES["index-into-itself"] = outside(1100, 600)
CASES["index-no-length"] = outside(0, 0)
CASES["index-size-huge"] = outside(0, 1033, 0xffffffff)
CASES["index-place-outside"] = outside(0, 1033, 6, 4096)
CASES["index-place-odd"] = outside(0, 1033, 6, 511)
CASES["index-stored-lies"] = outside(0, 9, 6, 1 << 31)


@case
def index_unsorted(remote):
    pack = Pack()
    for data in sorted((HELLO, b"a", b"b"), key=oid, reverse=True):
        pack.add(data)
    return single(remote, pack, sort=False)


@case
def index_twice(remote):
    pack = Pack()
    pack.add(HELLO)
    pack.add(HELLO)
    return single(remote, pack)


def manifest_line(change):
    def make(remote):
        pack = Pack()
        pack.add(HELLO)
        single(remote, pack)
        fields = remote.lines[0].split()
        change(fields)
        item = ("file", OF, 6, 1)
        remote.manifest(item, [" ".join(fields) + "\n"])
        return item
    return make


def change_field(number, value):
    def change(fields):
        fields[number] = value(fields[number])
    return change


CASES["manifest-pack-above"] = manifest_line(
    change_field(1, lambda old: "../../" + old[6:]))
CASES["manifest-pack-other"] = manifest_line(
    change_field(1, lambda old: "0" * 64))
CASES["manifest-bytes"] = manifest_line(
    change_field(2, lambda old: str(int(old) + 48)))
CASES["manifest-bytes-huge"] = manifest_line(
    change_field(2, lambda old: str(1 << 62)))
CASES["manifest-index"] = manifest_line(
    change_field(3, lambda old: str(int(old) - 48)))
CASES["manifest-objects"] = manifest_line(
    change_field(4, lambda old: str(1 << 40)))
CASES["manifest-objects-less"] = manifest_line(
    change_field(4, lambda old: "0"))
CASES["manifest-word"] = manifest_line(
    change_field(0, lambda old: "blob"))


def chunked(listing, size=BIG, objects=()):
    def make(remote):
        whole = bytes(BIG)
        pack = Pack()
        for data in objects:
            pack.add(data)
        pack.add(listing(whole), name=oid(listing(whole)),
                 chunks_of=oid(whole))
        return single(remote, pack, size, oid(whole))
    return make


def chunk_lines(*lines):
    return ("mldv-chunks 1\n" + "".join(
        "%d %s\n" % line for line in lines)).encode()


HALF = bytes(BIG // 2)
CASES["chunks-none"] = chunked(lambda whole: chunk_lines())
CASES["chunks-short"] = chunked(
    lambda whole: chunk_lines((len(HALF), oid(HALF))), objects=(HALF,))
CASES["chunks-itself"] = chunked(
    lambda whole: chunk_lines((BIG, oid(whole))))
CASES["chunks-huge"] = chunked(
    lambda whole: chunk_lines(((1 << 63) - 1, oid(HALF)),
                              ((1 << 63) - 1, oid(HALF))))
CASES["chunks-other-bytes"] = chunked(
    lambda whole: chunk_lines((BIG // 2, oid(b"\1" * (BIG // 2))),
                              (BIG // 2, oid(HALF))),
    objects=(HALF, b"\1" * (BIG // 2)))
CASES["chunks-size-lies"] = chunked(
    lambda whole: chunk_lines((BIG // 2 + 1, oid(HALF)),
                              (BIG // 2 - 1, oid(HALF))),
    objects=(HALF,))


def good(remote):
    """All of the above is refused, and not for what all have in common."""
    below = tree([file(b"x"), link(b"y", b"x")])
    return plain(remote, [("d", 7, 2, oid(below), b"d"), file(b"e")],
                 objects=(HELLO, b"x"), trees=[below])


def lock(path):
    made = tree([])
    del made
    lines = "cmd %s\ncwd .\nout %s\nrunner shell 1\nshell /bin/sh -eu\n" % (
        oid(b"true"), path)
    key = oid(("mldv-key 1\n" + lines).encode())
    return "mldv-lock 1\nstage s\nkey %s\n%smade f 6 %s %s\n" % (
        key, lines, OF, path)


def main(argv):
    if argv[1] == "--list":
        print("\n".join(CASES))
    elif argv[1] == "lock":
        sys.stdout.write(lock(argv[2]))
    else:
        make = good if argv[1] == "good" else CASES[argv[1]]
        sys.stdout.write(pointer(make(Remote(argv[2], argv[3]))))


if __name__ == "__main__":
    main(sys.argv)
