"""Messages from trees with @type: the same JSON form that a bootstrap has, as octets."""

import functools
import importlib
import pathlib

from google.protobuf import any_pb2, json_format

TYPE = "type.googleapis.com/"


@functools.lru_cache(maxsize=None)
def load(message_name):
    """Imports the modules of a message's package, which registers it. What is not there stays unknown."""
    package = message_name.rpartition(".")[0]
    try:
        found = importlib.import_module(package)
    except ImportError:
        return
    for place in getattr(found, "__path__", []):
        for path in pathlib.Path(place).glob("*_pb2.py"):
            importlib.import_module(f"{package}.{path.stem}")


def _load_all(tree):
    if isinstance(tree, dict):
        if "@type" in tree:
            load(tree["@type"].rpartition("/")[2])
        for value in tree.values():
            _load_all(value)
    elif isinstance(tree, list):
        for value in tree:
            _load_all(value)


def any_of(tree):
    """An Any of a tree with @type; `@octets` (text whose characters are octets) in place of fields is what the message then consists of."""
    if "@octets" in tree:
        return any_pb2.Any(type_url=tree["@type"], value=tree["@octets"].encode("latin-1"))
    _load_all(tree)
    return json_format.ParseDict(tree, any_pb2.Any())
