"""`plausch serve`: a server."""

import dataclasses
from functools import partial
from pathlib import Path

import click

from plausch.server.config import DEFAULT_PORT, REGISTRATION_MODES, ServerConfig, read_config
from plausch.server.logs import log_to_stderr
from plausch.server.main import run as run_server
from plausch.server.workers import run as run_workers


def configured(file: Path | None, data_folder: Path, **given: object) -> ServerConfig:
    """The settings of the file, with what was given on the command line over them.

    Raises ConfigRefused.
    """
    config = read_config(file, data_folder) if file else ServerConfig(data_folder)
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    return dataclasses.replace(config, data_dir=data_folder, **changes)  # type: ignore[arg-type]


blobs_option = click.option(
    "--blobs",
    "blobs_url",
    envvar="PLAUSCH_BLOBS",
    metavar="URL",
    help="s3://BUCKET/PREFIX?endpoint=HOST&region=REGION for people's encrypted files, instead of "
    "a folder; keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
)


@click.command(
    epilog="""\b
Examples:
  plausch serve --data ~/plausch-server --port 7480
  plausch serve --data /var/lib/plausch --domain example.org --behind-proxy
  plausch serve --data DIR --database postgresql://plausch@localhost/plausch
  plausch serve --data DIR --database postgresql://... --nats nats://localhost:4222
  plausch serve --data DIR --blobs 's3://BUCKET?endpoint=s3.example.org'"""
)
@click.option(
    "--data",
    "data_folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder for all that the server keeps; made if absent.",
)
@click.option("--host", metavar="HOST", help="Address to listen on. [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help=f"Port to listen on; 0 takes a free one. [default: {DEFAULT_PORT}]",
)
@click.option("--domain", help="What addresses of this server end in. [default: localhost]")
@click.option(
    "--database",
    "database_url",
    envvar="PLAUSCH_DATABASE",
    metavar="URL",
    help="postgresql://... instead of the embedded database; a password is safer in "
    "PLAUSCH_DATABASE.",
)
@click.option(
    "--nats",
    "nats_url",
    envvar="PLAUSCH_NATS",
    metavar="URL",
    help="nats://..., where server processes of one PostgreSQL meet; a password is safer in "
    "PLAUSCH_NATS.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    metavar="N",
    help="Server processes on this port, one for each core; more than one need --nats. SIGHUP "
    "replaces them one after the other. Metrics are at --metrics-port and the ports after it.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port on this machine where Prometheus reads figures, at /metrics.",
)
@blobs_option
@click.option(
    "--registration",
    type=click.Choice(REGISTRATION_MODES),
    help="Who may make an account. [default: open]",
)
@click.option(
    "--origin", "origins", multiple=True, help="Web origin that may connect (may be repeated)."
)
@click.option("--behind-proxy", is_flag=True, default=None, help="Believe X-Forwarded-For.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="TOML",
    help="All settings and limits in a file; options go before it.",
)
def serve(
    data_folder: Path,
    host: str | None,
    port: int | None,
    domain: str | None,
    database_url: str | None,
    nats_url: str | None,
    workers: int,
    metrics_port: int | None,
    blobs_url: str | None,
    registration: str | None,
    origins: tuple[str, ...],
    behind_proxy: bool | None,
    config: Path | None,
) -> None:
    """Run a server until Ctrl-C or SIGTERM.

    Prints `ready http://HOST:PORT` when it accepts connections, and where the web app is, with
    the hash of its build. TLS belongs in front of it (a proxy). It keeps only what it cannot
    read; spec/threats.md says what it does learn.
    """
    settings = partial(
        configured,
        config,
        data_folder,
        host=host,
        port=port,
        domain=domain,
        database_url=database_url,
        nats_url=nats_url,
        metrics_port=metrics_port,
        blobs_url=blobs_url,
        registration=registration,
        origins=origins,
        behind_proxy=behind_proxy,
    )
    log_to_stderr()
    if workers > 1:
        run_workers(settings, workers)
    else:
        run_server(settings())
