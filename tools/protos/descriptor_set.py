#!/usr/bin/env python3
"""Writes one FileDescriptorSet with the closure of roots.txt, taken from the PyPI package xds-protos.

  descriptor_set.py ROOTS OUT.desc OUT.list

OUT.desc is for `protoc --descriptor_set_in`; all options (validate rules, annotations) are kept as they are.
OUT.list names the files that C++ is generated for, one a line, imports before their importers.
Both are rewritten only if their content changes, so that a build system sees an unchanged time stamp.
"""

import importlib
import pathlib
import sys

from google.protobuf import descriptor_pb2, descriptor_pool

# libprotobuf carries the code of these already.
BUILT_IN = "google/protobuf/"

# C++20 keywords, which protoc 3.21 does not escape. A field with such a name (jwt_authn has several) gets an underscore; its JSON
# name stays.
KEYWORDS = {"char8_t", "co_await", "co_return", "co_yield", "concept", "consteval", "constinit", "requires"}


def module_of(proto):
    return proto.removesuffix(".proto").replace("-", "_").replace("/", ".") + "_pb2"


def expand(root):
    """The file itself, or every .proto of a folder for 'folder/*'."""
    if not root.endswith("/*"):
        return [root]
    folder = root.removesuffix("/*")
    package = importlib.import_module(folder.replace("/", "."))
    names = sorted(
        f"{folder}/{path.name.removesuffix('_pb2.py')}.proto"
        for place in package.__path__
        for path in pathlib.Path(place).glob("*_pb2.py")
    )
    if not names:
        sys.exit(f"{root}: no such folder in xds-protos")
    return names


def read_roots(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [name for line in lines if line for name in expand(line)]


def load(root):
    """Importing a module puts it and its imports into the default pool."""
    try:
        importlib.import_module(module_of(root))
    except ModuleNotFoundError as error:
        sys.exit(f"{root}: not in xds-protos ({error})")
    return descriptor_pool.Default().FindFileByName(root)


def closure(files):
    """Every file reachable, each after its imports."""
    ordered, seen = [], set()

    def visit(file):
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            visit(dependency)
        ordered.append(file)

    for file in files:
        visit(file)
    return ordered


def escape_keywords(message):
    for field in message.field:
        if field.name in KEYWORDS:
            field.json_name = field.json_name or field.name
            field.name += "_"
    for nested in message.nested_type:
        escape_keywords(nested)


def to_proto(file):
    proto = descriptor_pb2.FileDescriptorProto.FromString(file.serialized_pb)
    for message in proto.message_type:
        escape_keywords(message)
    return proto


def write_if_changed(path, content):
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def main():
    roots, descriptors, listing = (pathlib.Path(argument) for argument in sys.argv[1:4])
    files = [to_proto(file) for file in closure(load(root) for root in read_roots(roots))]
    generated = [file.name for file in files if not file.name.startswith(BUILT_IN)]
    content = descriptor_pb2.FileDescriptorSet(file=files).SerializeToString(deterministic=True)
    write_if_changed(descriptors, content)
    write_if_changed(listing, "".join(f"{name}\n" for name in generated).encode())
    print(f"{len(generated)} proto files, {len(content) // 1024} KiB of descriptors")


if __name__ == "__main__":
    main()
