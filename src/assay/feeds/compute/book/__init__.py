"""Order books: read exactly, kept in sequence, never silently wrong."""

from assay.feeds.compute.book.keeping import Book, compile_kernels

__all__ = ["Book", "compile_kernels"]
