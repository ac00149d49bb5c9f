"""The binary with its libraries, as an image gets it: runs where nothing else is."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


async def test_bundle_runs_alone(bench):
    if bench.proxy.binary.kind == "envoy":
        return
    root = pathlib.Path(bench.folder, "root")
    await bench.output(ROOT / "tools/bundle", bench.proxy.binary.path, root)
    found = sorted(str(path.relative_to(root)) for path in root.iterdir())
    assert found == ["opt", "usr"], found
    out = await bench.output("chroot", root, "/usr/local/bin/outrigger", "--version")
    assert "outrigger" in out.lower(), out
