"""Every setting, with its meaning and default; read from the environment as `ASSAY_<NAME>`."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
