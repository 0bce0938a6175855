"""assay doctor: looks at everything that an installation needs and says what to do."""

from assay.cli.doctor.command import doctor

__all__ = ["doctor"]
