"""serve, prepare, backfill: what runs for longer than a moment."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from assay import grades, markets
from assay.cli.context import Context, command, err, stopping
from assay.cli.log import look_outside, open_at_start
from assay.cli.rooms import ROOMS, RoomName, list_needs, publish_room
from assay.cli.start import Startup, ensure_sample
from assay.cli.start import prepare as run_preparation
from assay.cli.workers import Keeper
from assay.kit.moments import parse_day

KindOption = Annotated[
    list[RoomName] | None, typer.Option("--kind", help="What to publish; default: everything.")
]


def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave jobs to `assay worker`; as ASSAY_WORKERS=0.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", min=1, max=64, help="Processes that answer requests.")
    ] = 1,
    keys: Annotated[
        bool, typer.Option("--keys", help="Ask everybody for a key; as ASSAY_KEYS=true.")
    ] = False,
    tokenmetrics_root: Annotated[
        bool,
        typer.Option("--tokenmetrics-root", help="Answer the Token Metrics contract at /v2 too."),
    ] = False,
) -> None:
    """Serve the API on ASSAY_HOST:ASSAY_PORT; the first start publishes the bundled market."""
    if keys:
        # Here rather than in the settings, so that the processes it starts know too.
        os.environ["ASSAY_KEYS"] = "true"
    if tokenmetrics_root:
        os.environ["ASSAY_TOKENMETRICS_ROOT"] = "true"
    with command() as context:
        if context.settings.keys:
            _make_owner(context)
        open_at_start(context)

        def announce() -> None:
            if startup.is_complete:
                err.print("All history is published.", highlight=False)
            elif startup.is_ready:
                # Not before: whatever they run, the first start must not wait for it.
                keeper.start()
                err.print(f"[bold green]Assay is ready[/] {startup.url}", highlight=False)
            else:
                err.print("[bold red]Preparation failed[/]; the lines above say why.")
                signal.raise_signal(signal.SIGTERM)

        keeper = Keeper(0 if no_worker else context.settings.workers)
        startup = Startup(context, announce)

        def listening(url: str) -> None:
            startup.url = url
            startup.start(context.progress)

        try:
            if processes > 1:
                _supervise(context, startup, processes, listening)
            else:
                _answer(
                    context,
                    is_ready=lambda: startup.is_ready,
                    progress=lambda: startup.text,
                    history=lambda: startup.history,
                    on_listening=listening,
                )
        finally:
            startup.stop()
            keeper.stop()
        if not startup.is_ready:
            raise typer.Exit(1)


def serve_process(
    shared: Annotated[int, typer.Option("--socket", help="File descriptor of the socket.")],
    number: Annotated[int, typer.Option("--number", help="Which of the processes this is.")],
) -> None:
    """One of the processes of `assay serve --processes`; started by it."""
    from assay.api import Draining, open_socket  # noqa: PLC0415 - see _answer
    from assay.cli.supervising import Follower, leave  # noqa: PLC0415

    with command() as context:
        sockets = [socket.socket(fileno=shared)]
        if context.settings.metrics_port:
            sockets.append(open_socket("127.0.0.1", context.settings.metrics_port + number))
        follower = Follower(Draining(), leave)
        follower.start(sys.stdin)
        _answer(
            context,
            is_ready=lambda: follower.news.is_ready,
            progress=lambda: follower.news.progress,
            history=lambda: follower.news.history,
            sockets=sockets,
            draining=follower.draining,
        )


def live() -> None:
    """Watch venues and rules and deliver messages without serving, until stopped. With
    ASSAY_REDIS_URL the servers hear it; give them no ASSAY_FEEDS of their own then.
    """
    from assay.cli.live import LiveParts  # noqa: PLC0415 - see _answer
    from assay.kit.bus import open_bus  # noqa: PLC0415
    from assay.kit.telemetry import start_logs  # noqa: PLC0415

    with command() as context, stopping() as stop:
        start_logs(context.settings.log_level, context.settings.log_format)
        bus = open_bus(context.settings)
        parts = LiveParts(context.home, context.settings, context.database, context.clock, bus)
        parts.start()
        err.print("Live; stop with Ctrl-C.", highlight=False)
        stop.wait()
        parts.stop()
        bus.close()


def _make_owner(context: Context) -> None:
    """Let the first start make the owner; only the path of their key is said."""
    from assay import accounts  # noqa: PLC0415 - wallets take a second to import

    path = accounts.ensure_owner(context.home, context.database, context.clock)
    if path is not None:
        err.print(f"The owner's key is in {path}", highlight=False, soft_wrap=True)


def _answer(context: Context, **options: Any) -> None:  # noqa: ANN401 - those of api.serve
    """Answer requests in this process until it is told to stop."""
    from assay import api, tokenmetrics  # noqa: PLC0415 - only serving needs the web framework
    from assay.cli.live import open_live  # noqa: PLC0415

    roots = ["/v2"] if context.settings.tokenmetrics_root else []
    faces = tokenmetrics.create_faces(tokenmetrics.PREFIX, *roots)
    api.serve(
        context.home,
        context.settings,
        context.clock,
        grades=grades,
        markets=markets,
        faces=faces,
        companions=[open_live],
        **options,
    )


def _supervise(
    context: Context, startup: Startup, processes: int, listening: Callable[[str], None]
) -> None:
    """Let other processes answer, and look after them until told to stop."""
    from assay.api import check_host, name_url, open_socket  # noqa: PLC0415 - see _answer
    from assay.cli.supervising import News, Supervisor, make_command  # noqa: PLC0415

    settings = context.settings
    listener = open_socket(check_host(settings), settings.port)
    listening(name_url(listener))
    supervisor = Supervisor(
        listener,
        make_command(listener),
        processes,
        drain_s=settings.drain_s,
        stop_s=settings.stop_s,
        read_news=lambda: News(startup.is_ready, startup.text, startup.history),
        on_restart=lambda number, code: err.print(
            f"Process {number} ended with {code}; it is started again.", highlight=False
        ),
    )
    supervisor.run()


def prepare(
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Load the sample and publish what must stand before the server is ready."""
    with command(progress_lines=progress_lines) as context:
        run_preparation(context)


def backfill(
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    kind: KindOption = None,
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Publish past days that are owed, and what they read before them; all marked backfilled."""
    with command(progress_lines=progress_lines) as context:
        ensure_sample(context)
        if not progress_lines:
            look_outside(context)
        first = parse_day(start) if start else None
        last = parse_day(end) if end else None
        chosen = [room for room in ROOMS if not kind or room.name in kind]
        needed = {need.name for room in chosen for need in list_needs(room)}
        for room in ROOMS:
            if room not in chosen and room.name not in needed:
                continue
            # What is read must stand for every day, or the reader says less than it could.
            since = first if room in chosen and room.name not in needed else None
            count = publish_room(context, room, context.progress, start=since, end=last)
            if not progress_lines:
                err.print(f"{room.name}: {count} days published")
