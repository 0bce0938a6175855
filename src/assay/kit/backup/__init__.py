"""Backups of a whole home: database, lake, panel, artefacts and keys in one sealed file.

The file is a tar, compressed by zstd, encrypted under a passphrase (`sealed`). Its members are
`about.json`, the tables as Arrow batches, the files of the home, and last `manifest.json` with the
digest of each. Rows come from one view of the database, so a server may write meanwhile; a backup
of SQLite restores into PostgreSQL and the other way round.
"""

from assay.kit.backup.reading import Contents, restore_backup, verify_backup
from assay.kit.backup.writing import save_backup

__all__ = ["Contents", "restore_backup", "save_backup", "verify_backup"]
