"""`submit package`: only build the archive."""

from __future__ import annotations

from pathlib import Path

import click

from submit import package as packaging
from submit.cli import narrate, options
from submit.cli.errors import show
from submit.cli.render import emit
from submit.sizes import show_bytes
from submit.world import files, surroundings

EPILOG = """\b
Examples:
  submit package trainer --output dist/
  submit package trainer --output dist/ --format json | jq -r .sha256"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="[FOLDER]", default="trainer", type=options.PATH)
@click.option("--output", "to", type=options.PATH, metavar="FOLDER", help="Folder for the archive.")
@click.option("--allow-secrets", is_flag=True, help="Package files even if they look like secrets.")
@click.option("--max-package-size", callback=options.size, metavar="SIZE", help="Warn above this, e.g. 200MiB.")
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def package(
    path: Path, to: Path | None, allow_secrets: bool, max_package_size: int | None, output: str, state_dir: Path | None
) -> None:
    """Build the archive of a trainer, and nothing else: path, digest and the files in it.

    FOLDER is the trainer's package, `trainer` if it is left out.

    Without `--output` the archive is built and described, but not written.
    """
    around = surroundings.read(state_dir)
    built = packaging.build(
        around.cwd / path,
        cache=around.cache_dir / "archives",
        keep=True,
        allow_secrets=allow_secrets,
        max_bytes=packaging.MAX_BYTES if max_package_size is None else max_package_size,
        notify=narrate.progress,
    )
    show(built.problems)
    archive = built.package
    written = to / archive.filename if to else None
    if written:
        files.write(written, archive.data)
    if output != "table":
        emit(
            {
                "path": str(written) if written else None,
                "filename": archive.filename,
                "sha256": archive.digest,
                "bytes": len(archive.data),
                "files": list(archive.files),
                "modules": list(archive.modules),
                "requirements": list(archive.requirements),
            },
            output,
        )
        return
    click.echo("\n".join(archive.files))
    narrate.say("package", f"{written or archive.filename}, {show_bytes(len(archive.data))}")
    narrate.say("sha256", archive.digest)
