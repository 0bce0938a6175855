"""Every setting, with its meaning and default; read from the environment as `ASSAY_<NAME>`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

_PUBLIC_URL = (
    r"^(https://[A-Za-z0-9.-]+(:\d{1,5})?"
    r"|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)?$"
)


class Settings(BaseSettings):
    """How this installation runs. `docs/settings.md` lists these; a test keeps it complete."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_", extra="ignore", frozen=True)

    home: Path = Field(
        default=Path.home() / ".assay",
        description="Folder of all state: lake, panel, database, models, kernel cache.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to serve on. Open local mode refuses anything but loopback.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to serve on; 0 picks one.")
    kernel_cache: Path | None = Field(
        default=None,
        description="Folder of compiled kernels, if they are to outlive the home folder.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="debug, info, warning or error."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="How log lines on stderr look: `json` or `text`."
    )
    otlp_endpoint: SecretStr | None = Field(
        default=None, description="OTLP/HTTP receiver of traces: `http://127.0.0.1:4318`."
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65_000,
        description="With `--processes`: loopback port of the first process's own `/metrics`, the"
        " next ones on the ports after it; 0: none.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins, comma separated, whose pages may read answers; `*`: all.",
    )
    drain_s: float = Field(
        default=0.25,
        ge=0.25,
        le=600,
        description="Seconds between failing `/readyz` at SIGTERM and taking no more connections.",
    )
    stop_s: float = Field(
        default=20.0,
        gt=0,
        le=3_600,
        description="Seconds that requests under way get to end after that.",
    )
    body_limit_bytes: int = Field(
        default=1_048_576, ge=1_024, description="Largest body of a request in bytes."
    )
    body_timeout_s: float = Field(
        default=20.0, gt=0, description="Seconds in which a request's body must come."
    )
    answer_timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds in which an answer must begin."
    )
    max_requests: int = Field(
        default=1_000, ge=1, description="Requests that one process answers at a time."
    )
    open_requests_per_minute: int = Field(
        default=1_200,
        ge=1,
        description="Requests for the log a minute that one address may make without a key, in"
        " keyed mode, of one process.",
    )
    facts_max_age_h: float | None = Field(
        default=None,
        gt=0,
        description="Hours after which the newest facts are too old for `/readyz` to answer 200.",
    )
    min_free_mb: int = Field(
        default=256, ge=0, description="Free disk space in MB below which `/readyz` fails."
    )
    keys: bool = Field(
        default=False,
        description="Keyed mode (`assay serve --keys`): every request needs a key or a session.",
    )
    sign_up: Literal["open", "closed"] = Field(
        default="open",
        description="Whether anybody may sign up in keyed mode, or only the owner adds accounts.",
    )
    allowed_hosts: str = Field(
        default="",
        description="Names, comma separated, that a Host header may say in keyed mode; that of"
        " `public_url` may be said anyway.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Networks (CIDR), comma separated, whose `X-Forwarded-*` headers are believed.",
    )
    tokenmetrics_root: bool = Field(
        default=False,
        description="Answer the Token Metrics contract at `/v2` too (`--tokenmetrics-root`).",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL of state and publications: `postgresql://user:password@host/name`.",
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis of bus and shared limits: `redis://:password@host:6379/0`.",
    )
    workers: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Processes that `assay serve` starts for jobs; 0: only `assay worker` does.",
    )
    witnesses: str = Field(
        default="",
        description="Witnesses of the log, one a line or comma separated: `vkey url`.",
    )
    anchor_rpc_url: SecretStr | None = Field(
        default=None, description="JSON-RPC of the EVM chain that anchors the log."
    )
    anchor_chain_id: int = Field(
        default=0, ge=0, lt=2**53, description="The chain that this JSON-RPC must be of."
    )
    anchor_contract: str = Field(
        default="", description="Address of the log's contract (`assay log anchor deploy`)."
    )
    anchor_confirmations: int = Field(
        default=12, ge=1, le=10_000, description="Blocks after which an anchor counts as final."
    )
    anchor_every_h: float = Field(
        default=0.0,
        ge=0,
        le=8_760,
        description="Hours between anchors by workers; 0: only by hand.",
    )
    anchor_fee_gwei: float = Field(
        default=100.0, gt=0, le=1_000_000, description="Highest fee for a unit of gas, in gwei."
    )
    feeds: str = Field(
        default="",
        description="Venues to watch live, semicolon separated, each with its pairs or all that it"
        " has: `binance=BTC/USDT,ETH/USDT; kraken`; empty: none.",
    )
    feed_urls: str = Field(
        default="",
        description="Other addresses of venues, semicolon separated: `binance=http://127.0.0.1:8100`.",
    )
    facts_venue: str = Field(
        default="",
        description="Venue whose newest candles are fetched every hour; empty: none.",
    )
    schedules: bool = Field(
        default=True, description="Whether workers start scheduled jobs (`assay schedules`)."
    )
    alert_schemes: str = Field(
        default="mailto,mailtos,https,tgram,slack,discord,twilio,ntfys",
        description="Schemes of alert channels that may be used, comma separated.",
    )
    alert_networks: str = Field(
        default="",
        description="Networks (CIDR), comma separated, that are private and yet may be sent to.",
    )
    passphrase_file: Path | None = Field(
        default=None,
        description="File whose first line is the passphrase of backups; else it is asked for.",
    )
    keys_passphrase_file: Path | None = Field(
        default=None,
        description="File whose first line is the passphrase of the private keys in the home's"
        " `keys`; they are encrypted under it.",
    )
    public_url: str = Field(
        default="",
        pattern=_PUBLIC_URL,
        description="Where others reach this installation, `https://host[:port]`: it names new"
        " logs and the did:web; `http` only on loopback.",
    )
    secrets_folder: Path | None = Field(
        default=None,
        description="Folder of files that hold settings, named as these in lower case"
        " (`assay_database_url`), for containers; the environment goes first.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files. Raises NotADirectoryError where the folder
        of files is missing: going on without it would open another, empty database.
        """
        folder = env_settings().get("secrets_folder")
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise NotADirectoryError(f"ASSAY_SECRETS_FOLDER is not a folder: {folder}")
        files = SecretsSettingsSource(settings_cls, secrets_dir=folder)
        return init_settings, env_settings, files
