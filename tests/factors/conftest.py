"""Kernels compile inside the first example of a test, so no time limit may decide one."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")
