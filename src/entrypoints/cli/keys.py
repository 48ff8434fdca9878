"""`keys`: the pair for tokens between services."""

from pathlib import Path

import click

from adapters.jwt.signing import generate_key_pair


@click.group()
def keys() -> None:
    """Keys for service-to-service tokens."""


@keys.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def generate(directory: Path) -> None:
    """Write private.pem and public.pem into DIRECTORY; nothing is overwritten."""
    try:
        generate_key_pair(directory)
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already") from None
    except OSError as error:
        raise click.ClickException(f"{directory} cannot be written: {error.strerror}") from None
    click.echo(f"wrote {directory / 'private.pem'} and {directory / 'public.pem'}")
