"""The binary with its libraries, as an image gets it: runs where nothing else is."""

import pathlib

from harness.suite import not_envoy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@not_envoy("ours is what is bundled")
async def test_bundle_runs_alone(bench):
    root = pathlib.Path(bench.folder, "root")
    await bench.output(ROOT / "tools/bundle", bench.proxy.binary.path, root)
    found = sorted(str(path.relative_to(root)) for path in root.iterdir())
    assert found == ["opt", "usr"], found
    out = await bench.output("chroot", root, "/usr/local/bin/outrigger", "--version")
    assert "outrigger" in out.lower(), out
